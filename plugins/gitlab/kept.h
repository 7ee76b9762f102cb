// What a plugin must remember besides a cursor, in open sets of the host: it is put with a barrier,
// if it changed. Task does that for what is registered there.
//
// Ownership: refers to the run, which must outlive it. Threads: the run's. Errors: those of the
// run.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace baselined::gitlab {

class Kept {
 public:
  virtual ~Kept() = default;
  // With the next commit.
  virtual void put() = 0;
};

class KeptSet : public Kept {
 public:
  KeptSet(Run& run, std::uint32_t stream, std::string scope)
      : run_(run), stream_(stream), scope_(std::move(scope)) {
    const auto stored = run_.open_set_get(stream_, scope_);
    keys_ = {stored.begin(), stored.end()};
  }

  const std::set<std::string>& keys() const { return keys_; }
  // True: it was not there.
  bool add(const std::string& key) { return note(keys_.insert(key).second); }
  void remove(const std::string& key) { note(keys_.erase(key) != 0); }
  void clear() { note(!std::exchange(keys_, {}).empty()); }

  void put() override {
    if (std::exchange(has_changed_, false)) {
      run_.open_set_put(stream_, scope_, keys_);
    }
  }

 private:
  bool note(bool is_change) {
    has_changed_ = has_changed_ || is_change;
    return is_change;
  }

  Run& run_;
  const std::uint32_t stream_;
  const std::string scope_;
  std::set<std::string> keys_;
  bool has_changed_ = false;
};

}  // namespace baselined::gitlab
