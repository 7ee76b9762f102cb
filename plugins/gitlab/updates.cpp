#include "updates.h"

#include <baselined/pages.hpp>
#include <utility>

#include "item.h"

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

std::optional<Time> update_of(const json::value& value) {
  try {
    return Item(value).time_if("updated_at");
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

bool has_no_update(const json::value& value) {
  try {
    return !Item(value).has("updated_at");
  } catch (const Malformed&) {
    return false;
  }
}

}  // namespace

Updates::Updates(Api& api, std::string url, Position& position, std::optional<Time> since)
    : api_(api),
      url_(std::move(url)),
      position_(position),
      from_(position.resume()),
      is_first_(!from_ && !since) {
  if (!from_) {
    from_ = since;
  }
}

std::string Updates::address() const {
  const bool is_by_update = phase_ == Phase::by_update;
  std::string url = with_parameter(url_, "order_by", "updated_at");
  url = with_parameter(url, "sort", is_by_update ? "asc" : "desc");  // none is the highest
  url = with_parameter(url, "per_page", "100");
  return from_ && is_by_update ? with_parameter(url, "updated_after", format_time(*from_)) : url;
}

std::optional<std::vector<json::value>> Updates::next() {
  if (phase_ == Phase::over) {
    return std::nullopt;
  }
  if (phase_ == Phase::without_update) {
    return next_without_update();
  }
  Api::Page page = api_.page(address(), page_);
  advance(page);
  std::vector<json::value> fresh;
  for (json::value& value : page.items) {
    try {
      const Item item(value);
      const std::int64_t id = item.integer("id");
      const auto updated = item.time_if("updated_at");
      if (updated && position_.has(id, *updated)) {
        continue;
      }
      fresh.push_back(std::move(value));
    } catch (const Malformed& malformed) {
      position_.skipped.add(value, malformed.what());
    }
  }
  return fresh;
}

void Updates::took(const json::value& value) {
  if (const auto updated = update_of(value)) {
    position_.take(Item(value).integer("id"), *updated);
  }
}

// Where a whole page has one time, and where an item has none, there is no other way than to ask
// for the second page.
void Updates::advance(const Api::Page& page) {
  if (!page.has_next) {
    phase_ = is_first_ && has_left_out_ ? Phase::without_update : Phase::over;
    page_ = 1;
    return;
  }
  const auto last = page.items.empty() ? std::nullopt : update_of(page.items.back());
  if (last && (!from_ || *last > *from_)) {
    from_ = last;
    has_left_out_ = true;
    page_ = 1;
  } else {
    ++page_;
  }
}

std::optional<std::vector<json::value>> Updates::next_without_update() {
  Api::Page page = api_.page(address(), page_++);
  const bool is_last = !page.has_next;
  std::vector<json::value> without;
  for (json::value& value : page.items) {
    if (!has_no_update(value)) {
      phase_ = Phase::over;
      break;
    }
    without.push_back(std::move(value));
  }
  if (is_last) {
    phase_ = Phase::over;
  }
  return without;
}

}  // namespace baselined::gitlab
