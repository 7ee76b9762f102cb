// Api: asks GitLab, page by page, and parses what it answers.
//
// Ownership: refers to the run, which must outlive it. Threads: the run's.
// Errors: Failure as Run gives it; HttpFailure for an answer that is no success; BL_ERR_DATA where
// an answer is no JSON of the right form.
#pragma once

#include <baselined/plugin.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace baselined::gitlab {

class Api {
 public:
  struct Page {
    boost::json::array items;
    bool has_next = false;
  };

  explicit Api(Run& run) : run_(run) {}

  boost::json::value get(const std::string& url);
  boost::json::value post(const std::string& url, const std::string& body);
  // Page `number`, from 1, of a list of which `url` is the address without "page". It may be empty
  // and not the last one: GitLab leaves out what the token may not see after it cut the pages.
  Page page(const std::string& url, int number);
  // All pages, and every item of them. Lists that are not read in the order of their updates.
  void for_each_page(const std::string& url, const std::function<void(Page)>& take);
  void for_each(const std::string& url, const std::function<void(const boost::json::value&)>& take);

  // False: GitLab says that it is not found.
  bool is_there(const std::string& url);

  // GitLab's own clock, as the last answer said.
  std::optional<Time> server_time() const { return server_time_; }
  std::uint64_t n_requests() const { return n_requests_; }
  // Of what was posted in the run, for all projects: only who asked knows an answer from an error.
  void note_post(bool is_answered) {
    n_unanswered_posts_ += is_answered ? 0 : 1;
    has_answered_post_ = has_answered_post_ || is_answered;
  }
  int n_unanswered_posts() const { return n_unanswered_posts_; }
  bool has_answered_post() const { return has_answered_post_; }

 private:
  // A GET without a body.
  Response ask(const std::string& url, const std::string& body = {});
  static boost::json::value parse(const Response& response, const std::string& url);

  Run& run_;
  std::optional<Time> server_time_;
  std::uint64_t n_requests_ = 0;
  int n_unanswered_posts_ = 0;
  bool has_answered_post_ = false;
};

}  // namespace baselined::gitlab
