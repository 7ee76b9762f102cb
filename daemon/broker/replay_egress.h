// ReplayEgress: an Egress that answers from a cassette, without any network, for `collect NAME
// --replay DIR`.
//
// A request is answered by the exchange that was recorded for it (method, target, body, the headers
// that a cassette keeps), each once, equal ones in recorded order. The first one that was not
// recorded is answered "data", with what came and what was expected; so is all that follows. Its
// message has the queries, which other messages have not: there two requests differ.
// Ownership: must outlive its outlets. Owns the thread that answers.
// Threads: as wire::Egress; mismatch() and unused() after the run.
//
//   BL_TRY(auto replay, ReplayEgress::create(dir));
//   ... run the collector with it, its clock frozen at replay->recorded_at() ...
//   for (const std::string& exchange : replay->unused()) ...
#pragma once

#include <baselined/cassette.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/broker/cassette_redaction.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

class ReplayEgress final : public wire::Egress {
 public:
  // Reads all of the cassette. base_url: of the connection, where there is one; its host is hidden
  // in requests as the recording has hidden it. Errors: config, with the file and what is wrong.
  static Result<std::shared_ptr<ReplayEgress>> create(const std::filesystem::path& folder,
                                                      std::string_view base_url = {});

  explicit ReplayEgress(cassette::Cassette cassette, std::string_view base_url = {});
  ReplayEgress(const ReplayEgress&) = delete;
  ReplayEgress& operator=(const ReplayEgress&) = delete;
  ~ReplayEgress() override;

  // Any connection: a cassette has no name of one.
  Result<std::unique_ptr<wire::Outlet>> open(wire::OutletRequest request) override;

  UtcTime recorded_at() const { return from_us(player_.cassette().recorded_at_us); }
  bool is_complete() const { return player_.cassette().is_complete; }
  std::string mismatch() const;             // empty: none
  std::vector<std::string> unused() const;  // "0003.json: GET /projects?page=3"

 private:
  class ReplayOutlet;

  wire::HttpAnswer answer_to(const wire::HttpRequest& request);
  void post(std::function<void()> task);
  void answer_until_stopped();

  const Redaction redaction_;
  mutable std::mutex mutex_;  // of all that follows
  cassette::Player player_;
  std::deque<std::function<void()>> tasks_;
  std::condition_variable has_task_;
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace baselined::broker
