// Numbers for repeated text: the table `text`, with the texts of late in memory.
//
// The memory is bounded: two generations, of which the older is dropped when the younger is full;
// a text that is used moves to the younger.
// Ownership: the connection must outlive it.
// Threads: the thread of the connection.
// Errors: those of SQLite. After a rollback call clear(): numbers of that transaction are gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/store/sqlite.h"

namespace baselined::store {

class TextDictionary {
 public:
  static Result<TextDictionary> create(Connection& db, std::size_t max_cached = 8192);

  // The number of the text, given to it now where it has none. Within a transaction.
  Result<std::int64_t> encode(std::string_view text);
  // Nothing where the text has no number.
  Result<std::optional<std::int64_t>> find(std::string_view text);
  void clear();
  std::size_t cached() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Cache = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;

  TextDictionary(Connection& db, Statement select, Statement insert, std::size_t max_cached);
  void remember(std::string_view text, std::int64_t id);

  Connection* db_;
  Statement select_;
  Statement insert_;
  std::size_t max_cached_;
  Cache young_;
  Cache old_;
};

}  // namespace baselined::store
