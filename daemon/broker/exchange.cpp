#include "daemon/broker/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/utf8.h"
#include "daemon/broker/authorization.h"
#include "daemon/broker/request_check.h"

namespace baselined::broker {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr Microseconds kLongPause = std::chrono::seconds(5);
// With less time no source can answer: better to say that the run's time is over.
constexpr Microseconds kShortestAttempt = std::chrono::milliseconds(100);

}  // namespace

Exchange::Exchange(std::shared_ptr<const Source> source, std::shared_ptr<Run> run,
                   wire::HttpRequest request, const Services& services)
    : source_(std::move(source)),
      run_(std::move(run)),
      services_(services),
      request_(std::move(request)) {
  const auto usable = check_request(request_, auth_header_of(source_->settings.auth));
  if (!usable) {
    request_.method.clear();  // may be anything
    url_ = source_->base;
    fail(usable.error());
    return;
  }
  auto url = resolve_target(source_->base, request_.target);
  if (!url) {
    url_ = source_->base;
    fail(url.error());
    return;
  }
  url_ = *std::move(url);
  const auto set_default = [this](std::string_view name, const std::string& value) {
    if (find_header(request_.headers, lower(name)) == nullptr) {
      request_.headers.push_back({std::string(name), value});
    }
  };
  set_default("Accept", "application/json");
  set_default("User-Agent", services_.options.user_agent);
  if (!request_.etag.empty()) {
    set_default("If-None-Match", request_.etag);
  }
  if (!request_.last_modified.empty()) {
    set_default("If-Modified-Since", request_.last_modified);
  }
  accept_ = *find_header(request_.headers, "accept");
}

Exchange::~Exchange() { release(); }

void Exchange::release() {
  if (!transfer_) {
    return;
  }
  if (is_token_transfer_) {
    source_->token->is_being_fetched = false;
  } else {
    source_->state->pace.ended();
    source_->state->stats.change([](ConnectionStats& stats) { --stats.in_flight; });
  }
  transfer_.reset();
}

void Exchange::cancel() {
  release();
  fail({Error::Code::cancelled, "cancelled"});
}

SteadyTime Exchange::last_end() const { return run_->deadline - services_.options.deadline_margin; }

SteadyTime Exchange::last_start() const { return last_end() - kShortestAttempt; }

SteadyTime Exchange::step(Now now) {
  if (is_over() || transfer_) {
    return SteadyTime::max();
  }
  return needs_token(now.steady) ? step_token(now) : step_attempt(now);
}

bool Exchange::needs_token(SteadyTime now) const {
  if (!source_->token_url) {
    return false;
  }
  const auto& token = source_->token->token;
  return !token || token->refresh_at <= now;
}

SteadyTime Exchange::step_token(Now now) {
  if (now.steady >= last_start() || not_before_ >= last_start()) {
    give_up(now, not_before_);
    return SteadyTime::max();
  }
  if (source_->token->is_being_fetched) {
    return last_start();
  }
  if (now.steady < not_before_) {
    return not_before_;
  }
  start_token(now);
  return SteadyTime::max();
}

SteadyTime Exchange::step_attempt(Now now) {
  Pace& pace = source_->state->pace;
  const SteadyTime earliest = std::max(not_before_, pace.earliest(source_->limits));
  if (now.steady >= last_start() || earliest >= last_start()) {
    give_up(now, earliest);
    return SteadyTime::max();
  }
  if (now.steady < earliest) {
    return earliest;
  }
  if (!pace.has_room(source_->limits)) {
    return last_start();
  }
  if (is_within_limits()) {
    start_attempt(now);
  }
  return SteadyTime::max();
}

bool Exchange::is_within_limits() {
  if (run_->max_requests > 0 && run_->requests >= run_->max_requests) {
    run_->limit_hit = RunLimit::requests;
    fail({Error::Code::limit,
          fmt::format("the run has made its {} requests: to allow more, set requests in "
                      "[collector.limits] of collector {}",
                      run_->max_requests, run_->collector)});
    return false;
  }
  if (run_->max_bytes > 0 && run_->bytes >= run_->max_bytes) {
    is_size_of_run_ = true;
    fail_size();
    return false;
  }
  return true;
}

Microseconds Exchange::attempt_timeout(Now now) const {
  Microseconds timeout = source_->settings.timeout;
  if (request_.timeout > Microseconds(0)) {
    timeout = std::min(timeout, request_.timeout);
  }
  return std::min(timeout, std::chrono::duration_cast<Microseconds>(last_end() - now.steady));
}

void Exchange::start_attempt(Now now) {
  const config::Connection& settings = source_->settings;
  const AccessToken* token = source_->token_url ? &*source_->token->token : nullptr;
  const std::string url = url_to_send(settings.auth, url_.text);
  auto lines = authorization_lines(
      settings.auth, services_.secrets, token == nullptr ? nullptr : &token->value,
      {request_.method, url, request_.headers, request_.body, now.utc});
  if (!lines) {
    fail(lines.error());
    return;
  }
  TransferRequest request;
  if (settings.client_key) {
    auto key = services_.secrets.read(*settings.client_key, SecretShape::key_file);
    if (!key) {
      fail(key.error());
      return;
    }
    request.client_key = *std::move(key);
  }
  request.method = request_.method;
  request.url = url;
  request.headers = request_.headers;
  request.body = request_.body;
  request.secret_lines = *std::move(lines);
  request.timeout = attempt_timeout(now);
  request.max_body_bytes = settings.max_response_mib * kMebibyte;
  request.needs_new_connection = needs_new_connection_;
  if (run_->max_requests > 0) {
    request.most_sent = static_cast<unsigned>(
        std::min<std::uint64_t>(request.most_sent, run_->max_requests - run_->requests));
  }
  is_size_of_run_ = run_->max_bytes > 0 && run_->max_bytes - run_->bytes < request.max_body_bytes;
  if (is_size_of_run_) {
    request.max_body_bytes = run_->max_bytes - run_->bytes;
  }
  transfer_ = std::make_unique<Transfer>(std::move(request), settings, source_->guard,
                                         services_.options, services_.sockets, services_.turn);
  is_token_transfer_ = false;
  token_generation_ = source_->token->generation;
  ++run_->requests;
  ++attempts_;
  source_->state->pace.started(now.steady);
  source_->state->stats.change([this](ConnectionStats& stats) {
    ++stats.in_flight;
    stats.retries += attempts_ > 1 ? 1 : 0;
  });
}

void Exchange::finished(CURLcode code, Now now) {
  Outcome outcome = transfer_->finish(code);
  const bool was_token = is_token_transfer_;
  release();
  if (outcome.sent > 1 && !was_token) {
    run_->requests += outcome.sent - 1;
    source_->state->stats.change([&outcome](ConnectionStats& stats) {
      stats.requests[0] += outcome.sent - 1;
      stats.retries += outcome.sent - 1;
    });
  }
  if (outcome.stop == Outcome::Stop::leftover) {
    needs_new_connection_ = true;
    if (outcome.sent == 0) {  // no attempt
      --attempts_;
      --run_->requests;
    }
  } else if (was_token) {
    token_finished(std::move(outcome), now);
  } else {
    attempt_finished(std::move(outcome), now);
  }
}

void Exchange::retry(std::optional<Failure> failure, Error error, Microseconds wait, Now now) {
  const std::string_view method = is_token_transfer_ ? "GET" : std::string_view(request_.method);
  const Microseconds told =
      std::max(Microseconds(0), std::chrono::duration_cast<Microseconds>(told_until_ - now.steady));
  if (!failure || !may_retry(*failure, method, attempts_)) {
    fail(error, told);
    return;
  }
  const Microseconds pause =
      std::max(wait, backoff(attempts_, services_.options.backoff_base, services_.random()));
  last_error_ = std::move(error);
  not_before_ = now.steady + pause;
  if (not_before_ < last_start()) {
    // A run that takes long shall say why.
    log::write(pause < kLongPause ? log::Level::debug : log::Level::info,
               fmt::format("{}: {}; asked again in {}", context(), last_error_->message(),
                           format_duration(pause)));
  }
}

void Exchange::give_up(Now now, SteadyTime earliest) {
  const auto until = std::max(told_until_, source_->state->pace.blocked_until());
  const auto wait =
      std::chrono::duration_cast<Microseconds>(std::max(until, earliest) - now.steady);
  if (last_error_) {
    const bool is_said = told_until_ > now.steady;
    fail(*last_error_, is_said ? wait : Microseconds(0));
  } else if (until > now.steady) {
    fail({Error::Code::rate_limited,
          fmt::format("the source wants no more requests for {}", format_duration(wait))},
         wait);
  } else {
    const bool are_others_waiting =
        earliest > now.steady || !source_->state->pace.has_room(source_->limits);
    fail({Error::Code::transient,
          fmt::format("the run's time is over before the request could begin{}",
                      are_others_waiting
                          ? ": others use this connection too (max_concurrent, min_gap)"
                          : "")});
  }
}

void Exchange::fail_size() {
  if (is_size_of_run_) {
    run_->limit_hit = RunLimit::response_data;
    fail(
        {Error::Code::limit,
         fmt::format("the run's answers are larger than {} MiB: to allow more, set response_mib in "
                     "[collector.limits] of collector {}",
                     run_->max_bytes / kMebibyte, run_->collector)});
    return;
  }
  fail({Error::Code::limit,
        fmt::format("the answer is larger than {} MiB: to allow more, set max_response_mib of this "
                    "connection",
                    source_->settings.max_response_mib)});
}

void Exchange::fail(const Error& error, Microseconds retry_after) {
  std::string message = context() + ": " + error.message();
  if (attempts_ > 1) {
    message += fmt::format(" after {} attempts", attempts_);
  }
  wire::HttpAnswer answer{
      Error(error.code(), clean_utf8(services_.secrets.redactor().redact(message))), retry_after};
  answer_ = std::move(answer);
}

std::string Exchange::context() const {
  if (request_.method.empty()) {
    return fmt::format("connection {}", source_->settings.name);
  }
  const bool is_token = is_token_transfer_ && source_->token_url;
  return fmt::format("connection {}: {} {}", source_->settings.name,
                     is_token ? "POST" : std::string_view(request_.method),
                     is_token ? source_->token_url->shown() : url_.shown());
}

}  // namespace baselined::broker
