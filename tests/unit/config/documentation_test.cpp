// The table "Every key" of daemon/config/README.md against the keys that the loader knows: it names
// them where it meets a key that it does not know.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/config/loading.h"

namespace baselined::config {
namespace {

using Keys = std::set<std::string>;

// By table, as it is written: "[daemon]", "[[collector]]".
std::map<std::string, Keys> documented_keys() {
  std::ifstream readme(BL_CONFIG_README);
  const std::regex row(R"(\| `(\[+[a-z.]+\]+)` \| `([a-z0-9_]+)` \| [^|]+ \| [^|]* \| [^|]+ \|)");
  std::map<std::string, Keys> keys;
  std::smatch parts;
  for (std::string line; std::getline(readme, line);) {
    if (std::regex_match(line, parts, row)) {
      keys[parts[1]].insert(parts[2]);
    }
  }
  return keys;
}

Keys known_keys(const std::string& table) {
  Loading loading;
  // A table of a collector stands below one.
  const std::string above = table == "[collector.limits]" ? "[[collector]]\n" : "";
  const std::string problems = loading.problems(above + table + "\nno_such_key_at_all = 1");
  std::smatch parts;
  std::regex_search(problems, parts, std::regex("'no_such_key_at_all'.*; known: ([^\n]*)"));
  std::istringstream list(parts[1]);
  Keys keys;
  for (std::string key; list >> key;) {
    keys.insert(key.substr(0, key.find(',')));
  }
  return keys;
}

TEST(Documentation, HasEveryTable) {
  Keys tables;
  for (const auto& [table, keys] : documented_keys()) {
    if (table.find('.') == std::string::npos) {
      tables.insert(std::regex_replace(table, std::regex(R"([\[\]])"), ""));
    }
  }
  EXPECT_EQ(tables, known_keys(""));
}

TEST(Documentation, HasEveryKeyAndNoOther) {
  for (const auto& [table, keys] : documented_keys()) {
    SCOPED_TRACE(table);
    EXPECT_EQ(keys, known_keys(table));
  }
}

}  // namespace
}  // namespace baselined::config
