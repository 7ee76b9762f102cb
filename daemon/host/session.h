// Session: the daemon's side of the protocol of one run (see daemon/wire/messages.h).
//
// It stages what the worker emits, has the recorder store it at every barrier, answers questions
// and keeps the caps on rows and bytes. It starts and kills nothing: that is the Run's part.
// Ownership: refers to everything in Parts, which must outlive it.
// Threads: the control thread; work on recorder and staging's disk is posted to `writer`.
// Errors: the first one that ends the run is kept in failure().
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/host/channel.h"
#include "daemon/host/host.h"
#include "daemon/host/log_relay.h"
#include "daemon/host/recorder.h"
#include "daemon/host/staging.h"
#include "daemon/wire/egress.h"

namespace baselined::host {

class Session {
 public:
  struct Parts {
    const RunRequest& request;
    const HostOptions& options;
    Channel& channel;
    Recorder& recorder;
    Staging& staging;
    LogRelay& log;
    boost::asio::any_io_executor writer;
    const Host::OnProgress& on_progress;
    const std::atomic<bool>& is_abandoned;  // set when the worker has been killed
  };

  // How the worker itself said that its run went.
  struct Farewell {
    std::optional<Error> failure;
    Microseconds retry_after = Microseconds(0);
    std::uint64_t peak_memory_kib = 0;
    bool was_short_of_memory = false;
  };

  explicit Session(Parts parts);

  // Until the worker is done or gone, or failure() is set.
  boost::asio::awaitable<void> talk();
  // Whoever waits for an answer over HTTP gets none.
  void abandon_request();
  // After a refusal: reads on, so that the worker can end, and ignores everything but its end.
  boost::asio::awaitable<void> listen_to_the_end();

  const std::optional<Error>& failure() const { return failure_; }
  // The worker broke the protocol: it gets no time to end.
  bool is_violated() const { return is_violated_; }
  bool is_done() const { return farewell_.has_value(); }
  const std::optional<Farewell>& farewell() const { return farewell_; }
  // What the worker reported as an error, if it did, done or not.
  const std::optional<Error>& reported() const { return reported_; }

  // The plugin's first warning, and how many more there were; empty when there is none.
  std::string warnings() const;

  // "rows" or "data", where that is why it was refused; and those of HTTP.
  std::set<std::string> limits_hit() const;
  // What the worker said of its sandbox.
  const std::optional<wire::Confinement>& confinement() const { return confinement_; }
  const records::CountsByContract& counts() const { return counts_; }
  std::uint64_t uncommitted_rows() const { return uncommitted_rows_; }

 private:
  using Task = boost::asio::awaitable<void>;

  Task handle(Frame frame);
  Task on_hello(std::string_view payload);
  Task on_staged(Frame frame);
  Task on_cursor_get(std::string_view payload);
  Task on_open_set_get(std::string_view payload);
  Task on_http(std::string_view payload);
  boost::asio::awaitable<wire::HttpAnswer> exchange(wire::HttpRequest request);
  Task send_answer(wire::HttpResponse response);
  std::string validator_key(const std::string& target) const;
  boost::asio::awaitable<Result<records::HttpValidator>> known_validator(std::string target);
  Status open_outlet();
  Task on_commit(std::string_view payload);
  void on_log(std::string_view payload);
  void on_progress(std::string_view payload);
  void on_error(std::string_view payload);
  void on_done(std::string_view payload);

  Status check_hello(const wire::Hello& hello) const;
  std::string start_payload() const;
  Status check_rows(Frame frame);
  Status check_caps();

  Task refuse(Error error);
  void violate(std::string_view what);

  Parts parts_;
  const SteadyTime deadline_;
  std::unique_ptr<wire::Outlet> outlet_;  // from the first request on
  Recorder::Validators validators_;       // of answers since the last barrier
  bool is_abandoned_ = false;             // no request is sent any more
  bool has_hello_ = false;
  bool is_violated_ = false;
  std::optional<wire::Confinement> confinement_;
  std::string limit_hit_;
  std::optional<Error> failure_;
  std::optional<Error> reported_;
  Microseconds retry_after_ = Microseconds(0);
  std::optional<Farewell> farewell_;
  std::string first_warning_;
  std::uint64_t n_warnings_ = 0;

  records::CountsByContract counts_;
  std::uint64_t uncommitted_rows_ = 0;
  std::uint64_t rows_ = 0;  // of the whole run
  std::uint64_t bytes_ = 0;
};

}  // namespace baselined::host
