// Exchange: the course of one request of a plugin, from the first attempt to its answer.
//
//   wait (pace, back-off) -> token, where one is needed -> attempt -> answer
//                 ^------------- retry, redirect, new token ----'
// It decides; the engine drives the transfer in between. It never waits past the run's deadline:
// where the next attempt could not begin in time it is over at once.
// Ownership: the engine's. Threads: the broker's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/broker/options.h"
#include "daemon/broker/run.h"
#include "daemon/broker/secrets.h"
#include "daemon/broker/source.h"
#include "daemon/broker/transfer.h"
#include "daemon/broker/verdict.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

struct Now {
  SteadyTime steady;
  UtcTime utc;
};

// What all exchanges use.
struct Services {
  Secrets& secrets;
  const BrokerOptions& options;
  OpenSockets& sockets;
  Turn& turn;
  std::function<double()> random;
};

class Exchange {
 public:
  Exchange(std::shared_ptr<const Source> source, std::shared_ptr<Run> run,
           wire::HttpRequest request, const Services& services);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Where nothing is under way: begins what can begin. Answers when to look again at the latest;
  // whenever another exchange ended is worth a look too.
  SteadyTime step(Now now);
  // Under way; nullptr: nothing.
  Transfer* transfer() const { return transfer_.get(); }
  // The transfer ended and is the multi handle's no longer.
  void finished(CURLcode code, Now now);
  // Gives up what is under way, which is the multi handle's no longer.
  void cancel();

  bool is_over() const { return answer_.has_value(); }
  wire::HttpAnswer take_answer() { return *std::move(answer_); }

 private:
  SteadyTime last_start() const;
  SteadyTime last_end() const;
  bool needs_token(SteadyTime now) const;
  SteadyTime step_token(Now now);
  SteadyTime step_attempt(Now now);
  bool is_within_limits();
  void start_attempt(Now now);
  void start_token(Now now);
  void release();

  void token_finished(Outcome outcome, Now now);
  void attempt_finished(Outcome outcome, Now now);
  void take_answered(Outcome outcome, Now now);
  void rate_limited(const Outcome& outcome, Microseconds wait, Now now);
  void server_failed(const Outcome& outcome, std::optional<Microseconds> wait, Now now);
  void unauthorized(Now now);
  void redirect(const Outcome& outcome, const std::string& location);
  void note(const Outcome& outcome, const RateSigns& signs, Now now);

  // Again after `wait`, or over with `error`.
  void retry(std::optional<Failure> failure, Error error, Microseconds wait, Now now);
  void give_up(Now now, SteadyTime earliest);
  void fail(const Error& error, Microseconds retry_after = Microseconds(0));
  void fail_size();
  void succeed(Outcome outcome);
  std::string context() const;
  Microseconds attempt_timeout(Now now) const;

  const std::shared_ptr<const Source> source_;
  const std::shared_ptr<Run> run_;
  const Services& services_;
  wire::HttpRequest request_;
  std::string accept_;
  Url url_;
  std::unique_ptr<Transfer> transfer_;
  bool is_token_transfer_ = false;
  bool is_size_of_run_ = false;  // the smallest bound of the body is what the run has left
  bool has_new_token_ = false;
  bool needs_new_connection_ = false;   // what was kept cannot be trusted
  std::uint64_t token_generation_ = 0;  // of the token that was sent
  unsigned attempts_ = 0;               // at this URL
  unsigned redirects_ = 0;
  SteadyTime not_before_{};
  std::optional<Error> last_error_;
  SteadyTime told_until_{};  // when the source said to come back
  std::optional<wire::HttpAnswer> answer_;
};

}  // namespace baselined::broker
