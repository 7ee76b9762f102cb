// Text that may stand in the exposition, whatever the source said.
//
// One byte that is not UTF-8 makes Prometheus refuse the whole scrape, so it is replaced here.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined::expose {

// Clean UTF-8 on one line, with backslashes doubled: the serialiser does not escape HELP.
std::string clean_help(std::string_view text);

// The text with every byte that is not of [a-zA-Z0-9_] replaced by '_'.
std::string clean_name(std::string_view text);

}  // namespace baselined::expose
