// The gate before the parser: are these bytes a request head, and nothing clever?
//
// Beast's parser is lenient where proxies and servers disagree, which is what request smuggling
// lives of. Here every line ends with CR LF, nothing but printable ASCII stands in the request line
// and in names, a name is a token directly followed by ':', and no line continues another.
// Threads: values; pure function.
#pragma once

#include <cstddef>
#include <string_view>

namespace baselined::net {

// Finds the end of a head that arrives in pieces, looking at each byte once.
class HeadScanner {
 public:
  enum class State { incomplete, complete, broken };

  // `bytes`: all that has arrived since the head began.
  State scan(std::string_view bytes);
  // Of a complete head, with the empty line.
  std::size_t size() const { return position_; }

 private:
  bool accepts(char byte);

  std::size_t position_ = 0;
  std::size_t line_length_ = 0;
  std::size_t lines_ = 0;
  bool after_return_ = false;
  bool is_broken_ = false;
};

// The status to refuse a complete head with (400, 505); 0: its lines are well formed.
unsigned check_lines(std::string_view head);

}  // namespace baselined::net
