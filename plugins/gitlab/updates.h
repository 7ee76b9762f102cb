// Updates: the items of a list, in the order of their updates, from a position on.
//
//   while (auto batch = updates.next()) {
//     for (item : *batch) { ... updates.took(item); }
//     run.commit(key, position.text());
//   }
// A batch holds what was not taken before at that update. took() says so of an item: a run may end
// in the middle of a batch, and a position that was kept then has what came before.
// Ownership: refers to the API and the position. Threads: the run's. Errors: those of the API.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api.h"
#include "position.h"

namespace baselined::gitlab {

class Updates {
 public:
  // url: the list, without order, time and page. since: where there is no position yet.
  Updates(Api& api, std::string url, Position& position, std::optional<Time> since);

  // What has no id, or no time as its update, is noted as skipped.
  std::optional<std::vector<boost::json::value>> next();
  void took(const boost::json::value& item);

 private:
  std::string address() const;
  void advance(const Api::Page& page);
  std::optional<std::vector<boost::json::value>> next_without_update();

  Api& api_;
  std::string url_;
  Position& position_;
  std::optional<Time> from_;  // of the question at hand
  int page_ = 1;
  // A question with a time leaves out what has no update: that comes last, of the first run only.
  bool has_left_out_ = false;
  bool is_first_;
  enum class Phase { by_update, without_update, over } phase_ = Phase::by_update;
};

}  // namespace baselined::gitlab
