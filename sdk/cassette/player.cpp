#include <baselined/cassette.h>

#include <algorithm>
#include <utility>

namespace baselined::cassette {
namespace {

constexpr std::size_t kShownBytes = 500;

// For messages: a target of any size, cut between two characters.
std::string name_of(const Request& request) {
  std::string name = request.method + " " + request.target;
  if (name.size() > kShownBytes) {
    std::size_t end = kShownBytes;
    while ((static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80) {
      --end;
    }
    name = name.substr(0, end) + "...";
  }
  return name;
}

std::string_view path_of(const Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

// The more, the nearer.
int nearness(const Request& recorded, const Request& asked) {
  if (recorded.method != asked.method || path_of(recorded) != path_of(asked)) {
    return 0;
  }
  return recorded.target == asked.target ? 2 : 1;
}

// Of two requests with the same name.
std::string difference(const Request& recorded, const Request& asked) {
  std::string what;
  what += recorded.body == asked.body ? "" : ", with another body";
  what += recorded.headers == asked.headers ? "" : ", with other headers";
  return what;
}

}  // namespace

Player::Player(Cassette cassette)
    : cassette_(std::move(cassette)), is_used_(cassette_.exchanges.size()) {
  for (const Exchange& exchange : cassette_.exchanges) {
    requests_.push_back(kept(exchange.request));
  }
}

const Exchange* Player::ask(const Request& request) {
  if (!mismatch_.empty()) {
    return nullptr;
  }
  const Request asked = kept(request);
  for (std::size_t index = 0; index < requests_.size(); ++index) {
    if (!is_used_[index] && requests_[index] == asked) {
      is_used_[index] = true;
      return &cassette_.exchanges[index];
    }
  }
  mismatch_ = describe_mismatch(asked);
  return nullptr;
}

std::vector<std::string> Player::unused() const {
  std::vector<std::string> names;
  for (std::size_t index = 0; index < requests_.size(); ++index) {
    if (!is_used_[index]) {
      names.push_back(exchange_file(index + 1) + ": " + name_of(requests_[index]));
    }
  }
  return names;
}

std::string Player::describe_mismatch(const Request& request) const {
  const bool was_recorded =
      std::find(requests_.begin(), requests_.end(), request) != requests_.end();
  std::string what = "the cassette " + cassette_.name + " has no answer to " + name_of(request);
  what += was_recorded ? ", asked for more often than it was recorded" : "";
  std::size_t nearest = requests_.size();
  for (std::size_t index = 0; index < requests_.size(); ++index) {
    if (!is_used_[index] &&
        (nearest == requests_.size() ||
         nearness(requests_[index], request) > nearness(requests_[nearest], request))) {
      nearest = index;
    }
  }
  if (nearest == requests_.size()) {
    what += "; everything in it was asked for already";
  } else {
    what += "; expected next: " + name_of(requests_[nearest]);
    what +=
        nearness(requests_[nearest], request) == 2 ? difference(requests_[nearest], request) : "";
    what += " (" + exchange_file(nearest + 1) + ")";
  }
  return cassette_.is_complete ? what : what + "; its recording was interrupted";
}

}  // namespace baselined::cassette
