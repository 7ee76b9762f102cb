// Of the naive model: which services a repository has, and whose a path is.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/unit/derive/history.h"

namespace baselined::derive {

std::string canonical(const Mapping& mapping, const std::string& identity);

// By path, "" for the rest; nobody where it is empty.
using PathOwners = std::map<std::string, const ServiceRule*>;
PathOwners owners_of(const Mapping& mapping, const std::string& identity);

enum class Ours : std::uint8_t { no, unknown, yes };
Ours ours(const std::string& touched, const PathOwners& owners, const ServiceRule* rule);

// And nothing else: commits have none.
bool owns_labels(const ServiceRule* rule);

bool matches_any(const std::vector<std::string>& globs, const std::string& text);

bool is_alive(const History& history, const By& source, int commit);

// Of what no service claims of a repository.
std::string name_of(const Mapping& mapping, const std::string& identity,
                    const std::set<std::string>& unclaimed);

}  // namespace baselined::derive
