// Statements by their text, each prepared when first used: most updates need few of them, and
// before the first one there may be no tables. Ownership: refers to the connection. Threads: as the
// connection.
#pragma once

#include <map>
#include <string_view>

#include "daemon/store/sqlite.h"

namespace baselined::derive {

class Statements {
 public:
  explicit Statements(store::Connection& db) : db_(&db) {}

  // The text is a literal, or lives as long as this.
  Result<store::Statement*> get(std::string_view sql) {
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) {
      return &found->second;
    }
    BL_TRY(store::Statement statement, db_->prepare(sql));
    return &prepared_.emplace(sql, std::move(statement)).first->second;
  }
  store::Connection& db() { return *db_; }

 private:
  store::Connection* db_;
  std::map<std::string_view, store::Statement> prepared_;
};

}  // namespace baselined::derive
