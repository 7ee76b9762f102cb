// A RecordSink in memory, whose calls can be told to fail.
//
// What it was given lives in a SinkState, which the test keeps. The state is read by the test only
// when the run is over.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/records/record_sink.h"

namespace baselined::host {

struct SinkState {
  // Committed.
  std::uint64_t rows = 0;
  std::vector<std::string> events;  // "put v1.0", "remove v1.0", "scope s", ... in order
  std::map<std::string, std::string> cursors;
  std::map<std::string, std::vector<std::string>> open_sets;  // by scope
  std::map<std::string, records::HttpValidator> validators;   // by what was asked
  int commits = 0;
  int rollbacks = 0;
  bool is_destroyed = false;
  bool is_one_thread = true;
  std::thread::id thread;

  std::map<std::string, Error> failures;  // by call: "put", "commit", ...
  std::function<void()> on_put;           // before each row
  bool keeps_events = true;               // off for floods
};

class FakeSink final : public records::RecordSink {
 public:
  explicit FakeSink(std::shared_ptr<SinkState> state) : state_(std::move(state)) {}
  ~FakeSink() override {
    note_thread();
    state_->is_destroyed = true;
  }

  Result<Stream> open_stream(const records::StreamMapping& mapping) override {
    BL_CHECK(enter("open_stream"));
    contracts_.push_back(mapping.contract().id);
    return contracts_.size() - 1;
  }
  Status begin() override {
    BL_CHECK(enter("begin"));
    pending_ = {};
    return {};
  }
  Status put(Stream stream, std::span<const Cell> fields) override {
    BL_CHECK(enter("put"));
    if (state_->on_put) {
      state_->on_put();
    }
    ++pending_.counts[contracts_.at(stream)].rows;
    return event("put ", fields[kNameField].text());
  }
  Status remove(Stream stream, std::span<const Cell> fields) override {
    BL_CHECK(enter("remove"));
    ++pending_.counts[contracts_.at(stream)].removed;
    return event("remove ", fields[kNameField].text());
  }
  Status begin_scope(Stream /*stream*/, std::string_view scope) override {
    BL_CHECK(enter("begin_scope"));
    return event("scope ", scope);
  }
  Status set_coverage(const records::Coverage& coverage) override {
    BL_CHECK(enter("set_coverage"));
    return event("coverage ", coverage.contract + " " + coverage.scope + " " + coverage.reason);
  }
  Status set_open_set(Stream /*stream*/, std::string_view scope,
                      std::span<const std::string_view> keys) override {
    BL_CHECK(enter("set_open_set"));
    pending_.open_sets[std::string(scope)] = std::vector<std::string>(keys.begin(), keys.end());
    return {};
  }
  Status set_cursor(std::string_view key, std::string_view value) override {
    BL_CHECK(enter("set_cursor"));
    pending_.cursors[std::string(key)] = std::string(value);
    return {};
  }
  Status set_validator(std::string_view target, const records::HttpValidator& validator) override {
    BL_CHECK(enter("set_validator"));
    pending_.validators[std::string(target)] = validator;
    return {};
  }
  Result<records::CountsByContract> commit() override {
    BL_CHECK(enter("commit"));
    ++state_->commits;
    for (const auto& [contract, counts] : pending_.counts) {
      state_->rows += counts.rows;
    }
    state_->events.insert(state_->events.end(), pending_.events.begin(), pending_.events.end());
    for (auto& [key, value] : pending_.cursors) {
      state_->cursors[key] = std::move(value);
    }
    for (auto& [scope, keys] : pending_.open_sets) {
      state_->open_sets[scope] = std::move(keys);
    }
    for (auto& [target, validator] : pending_.validators) {
      state_->validators[target] = std::move(validator);
    }
    return std::exchange(pending_, {}).counts;
  }
  void rollback() override {
    note_thread();
    ++state_->rollbacks;
    pending_ = {};
  }
  Result<std::string> cursor(std::string_view key) override {
    BL_CHECK(enter("cursor"));
    return state_->cursors[std::string(key)];
  }
  Result<records::HttpValidator> validator(std::string_view target) override {
    BL_CHECK(enter("validator"));
    return state_->validators[std::string(target)];
  }
  Result<std::vector<std::string>> open_set(Stream /*stream*/, std::string_view scope) override {
    BL_CHECK(enter("open_set"));
    return state_->open_sets[std::string(scope)];
  }

 private:
  static constexpr std::size_t kNameField = 2;  // of ref/1

  struct Pending {
    std::vector<std::string> events;
    std::map<std::string, std::string> cursors;
    std::map<std::string, std::vector<std::string>> open_sets;
    std::map<std::string, records::HttpValidator> validators;
    records::CountsByContract counts;
  };

  void note_thread() {
    if (state_->thread == std::thread::id()) {
      state_->thread = std::this_thread::get_id();
    }
    state_->is_one_thread = state_->is_one_thread && state_->thread == std::this_thread::get_id();
  }

  Status enter(const std::string& call) {
    note_thread();
    const auto failure = state_->failures.find(call);
    return failure == state_->failures.end() ? Status() : Status(failure->second);
  }

  Status event(std::string_view what, std::string_view which) {
    if (state_->keeps_events) {
      pending_.events.push_back(std::string(what) + std::string(which));
    }
    return {};
  }

  std::shared_ptr<SinkState> state_;
  std::vector<std::string> contracts_;
  Pending pending_;
};

}  // namespace baselined::host
