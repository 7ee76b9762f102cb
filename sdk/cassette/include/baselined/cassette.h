// A cassette: the HTTP exchanges of one run as a folder of text files, to run again without a
// network. The format is in sdk/cassette/README.md; this library is its only reader and writer:
// the daemon records and replays with it, FakeHost plays with it.
//
//   const auto cassette = cassette::read_cassette("testdata/cassette");
//   cassette::Player player(*cassette.value);
//   if (const cassette::Exchange* exchange = player.ask({"GET", "/projects?page=1"})) ...
//
// Threads: values and pure functions; a Player belongs to one thread at a time.
// Errors: Parsed, with what is wrong, in which file, for a person. Nothing throws for bad input.
#pragma once

#include <baselined/plugin.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace baselined::cassette {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method = "GET";
  std::string target;  // as the plugin gave it, an absolute URL without its host
  std::vector<Header> headers;
  std::string body;
  friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  friend bool operator==(const Response&, const Response&) = default;
};

// No response: what the host answered instead.
struct Failure {
  bl_status status = BL_ERR_TRANSIENT;
  std::string message;
  std::int64_t retry_after_ms = 0;  // 0: the source did not say
  friend bool operator==(const Failure&, const Failure&) = default;
};

struct Exchange {
  Request request;
  std::variant<Response, Failure> answer;
  friend bool operator==(const Exchange&, const Exchange&) = default;
};

// The file cassette.json.
struct Index {
  std::int64_t recorded_at_us = 0;  // the run's frozen now
  // How many exchanges; nothing while recording goes on, and for ever if it was interrupted.
  std::optional<std::uint64_t> exchanges;
  friend bool operator==(const Index&, const Index&) = default;
};

struct Cassette {
  std::string name;  // for messages: the folder
  std::int64_t recorded_at_us = 0;
  bool is_complete = true;
  std::vector<Exchange> exchanges;
};

template <class T>
struct Parsed {
  std::optional<T> value;
  std::string problem;  // set where there is no value
};

// ---- the format -----------------------------------------------------------------------------

inline constexpr std::string_view kIndexFile = "cassette.json";
inline constexpr std::string_view kHiddenHost = "origin.invalid";  // instead of an absolute URL's

std::string exchange_file(std::size_t number);  // from 1: "0001.json"

// Headers of a request that only the host sets, in lower case; with those that begin with "proxy-".
bool is_reserved(std::string_view header);

// What a cassette keeps, in the one form in which it is compared: known headers only, names in
// lower case, sorted; a target without host; JSON with sorted keys.
Request kept(Request request);
Exchange kept(Exchange exchange);

std::string index_text(const Index& index);
std::string exchange_text(const Exchange& exchange);  // of what is kept
Parsed<Index> parse_index(std::string_view text);
Parsed<Exchange> parse_exchange(std::string_view text);

// Every exchange, or the first problem. One that is incomplete can be read; it says so.
Parsed<Cassette> read_cassette(const std::filesystem::path& folder);

// ---- playing --------------------------------------------------------------------------------

class Player {
 public:
  explicit Player(Cassette cassette);

  // The answer that was recorded for this request: each exchange once, equal requests in their
  // recorded order. nullptr where there is none: mismatch() says so, and everything that follows
  // is nullptr too.
  const Exchange* ask(const Request& request);

  // Which request came first that was not recorded, and which one was expected; empty: none.
  const std::string& mismatch() const { return mismatch_; }
  // "0003.json: GET /projects?page=3" of each exchange that nobody asked for.
  std::vector<std::string> unused() const;
  const Cassette& cassette() const { return cassette_; }

 private:
  std::string describe_mismatch(const Request& request) const;

  Cassette cassette_;
  std::vector<Request> requests_;  // of the exchanges, as compared
  std::vector<bool> is_used_;
  std::string mismatch_;
};

}  // namespace baselined::cassette
