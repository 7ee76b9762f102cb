// The part of an Exchange that decides what an answer leads to.
#include <fmt/format.h>

#include <utility>

#include "daemon/broker/exchange.h"
#include "daemon/broker/request_check.h"

namespace baselined::broker {

namespace {

// Refusals are told by their head, whatever is wrong with the body.
bool is_refusal(const Outcome& outcome, const RateSigns& signs) {
  return outcome.is_head_whole &&
         (outcome.status == 401 || outcome.status >= 500 || is_rate_limited(outcome.status, signs));
}

}  // namespace

void Exchange::attempt_finished(Outcome outcome, Now now) {
  const auto breakdown = breakdown_of(outcome, source_->settings);
  const bool is_whole = !breakdown && outcome.stop == Outcome::Stop::none;
  const RateSigns signs = read_rate_headers(outcome.headers, now.utc);
  run_->bytes += outcome.body_bytes;
  needs_new_connection_ = outcome.code == CURLE_OPERATION_TIMEDOUT;
  if (!is_whole && !is_refusal(outcome, signs)) {
    outcome.status = 0;
    note(outcome, {}, now);
    // An attempt that the run's end cut short tells less than the one before it.
    const bool is_cut = outcome.code == CURLE_OPERATION_TIMEDOUT &&
                        now.steady + std::chrono::milliseconds(50) >= last_end();
    if (breakdown && is_cut && last_error_) {
      fail(*last_error_);
    } else if (breakdown) {
      retry(breakdown->failure, breakdown->error, Microseconds(0), now);
    } else {
      fail_size();
    }
    return;
  }
  const auto wait = source_->state->pace.answered(outcome.status, signs, now.steady);
  note(outcome, signs, now);
  if (is_rate_limited(outcome.status, signs)) {
    rate_limited(outcome, wait.value_or(kUnsaidWait), now);
  } else if (outcome.status >= 500) {
    server_failed(outcome, signs.retry_after ? wait : std::nullopt, now);
  } else if (outcome.status == 401) {
    unauthorized(now);
  } else {
    take_answered(std::move(outcome), now);
  }
}

void Exchange::note(const Outcome& outcome, const RateSigns& signs, Now now) {
  const SteadyTime blocked_until = source_->state->pace.blocked_until();
  source_->state->stats.change([&](ConnectionStats& stats) {
    const int kind = outcome.status / 100;
    ++stats.requests[kind >= 1 && kind <= 5 ? static_cast<std::size_t>(kind) : 0];
    stats.received_bytes += outcome.body_bytes;
    stats.wire_bytes += outcome.wire_bytes;
    stats.seconds += std::chrono::duration<double>(outcome.elapsed).count();
    ++stats.ended;
    if (signs.remaining) {
      stats.rate_remaining = signs.remaining;
    }
    if (signs.reset_in) {
      stats.rate_reset = now.utc + *signs.reset_in;
    }
    if (blocked_until > now.steady) {
      stats.blocked_until =
          now.utc + std::chrono::duration_cast<Microseconds>(blocked_until - now.steady);
    }
  });
}

void Exchange::rate_limited(const Outcome& outcome, Microseconds wait, Now now) {
  told_until_ = now.steady + wait;
  retry(Failure::rate_limited,
        {Error::Code::rate_limited,
         fmt::format("HTTP {}: the source wants no more requests for now", outcome.status)},
        wait, now);
}

void Exchange::server_failed(const Outcome& outcome, std::optional<Microseconds> wait, Now now) {
  if (wait) {
    told_until_ = now.steady + *wait;
  }
  const Failure failure = outcome.status == 503 ? Failure::unavailable : Failure::server_error;
  retry(failure, {Error::Code::transient, fmt::format("HTTP {}", outcome.status)},
        wait.value_or(Microseconds(0)), now);
}

void Exchange::unauthorized(Now now) {
  TokenState& token = *source_->token;
  if (source_->token_url && !has_new_token_) {
    has_new_token_ = true;
    if (token.generation == token_generation_) {
      token.token.reset();
    }
    not_before_ = now.steady;
    return;
  }
  const bool has_auth = source_->settings.auth.kind != config::Auth::Kind::none;
  fail({Error::Code::auth, has_auth ? "HTTP 401: is the credential right, and valid still?"
                                    : "HTTP 401: the connection has no auth"});
}

void Exchange::redirect(const Outcome& outcome, const std::string& location) {
  if (++redirects_ > services_.options.max_redirects) {
    fail({Error::Code::data, fmt::format("redirects more than {} times: is base_url right?",
                                         services_.options.max_redirects)});
    return;
  }
  auto url = resolve_redirect(url_, location);
  if (!url) {
    fail(url.error());
    return;
  }
  // As every client does it: only 307 and 308 keep what is not GET or HEAD.
  const bool keeps_method = outcome.status == 307 || outcome.status == 308 ||
                            request_.method == "GET" || request_.method == "HEAD";
  if (!keeps_method) {
    request_.method = "GET";
    request_.body.clear();
    std::erase_if(request_.headers, [](const wire::HttpHeader& header) {
      return lower(header.name).starts_with("content-");
    });
  }
  // They say what was stored of the URL that was asked.
  std::erase_if(request_.headers, [](const wire::HttpHeader& header) {
    const std::string name = lower(header.name);
    return name == "if-none-match" || name == "if-modified-since";
  });
  url_ = *std::move(url);
  attempts_ = 0;
}

void Exchange::take_answered(Outcome outcome, Now /*now*/) {
  const int status = outcome.status;
  const std::string* location = outcome.header("location");
  const bool is_redirect =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (is_redirect && location != nullptr) {
    redirect(outcome, std::string(*location));
    return;
  }
  if (status == 304 && redirects_ > 0) {
    fail({Error::Code::data,
          "HTTP 304, which says that nothing changed, to a request that did not ask"});
    return;
  }
  if (const auto usable = check_content(outcome, request_.method, accept_); !usable) {
    fail(usable.error());
    return;
  }
  succeed(std::move(outcome));
}

void Exchange::succeed(Outcome outcome) {
  wire::HttpResponse response;
  response.status = outcome.status;
  response.body = std::move(outcome.body);
  response.headers = std::move(outcome.headers);
  // A source may repeat what it was sent: in an error page, in a header. No worker sees it.
  const Redactor& redactor = services_.secrets.redactor();
  const bool is_of_other_url = redirects_ > 0;
  std::erase_if(response.headers, [&](const wire::HttpHeader& header) {
    const bool is_validator = header.name == "etag" || header.name == "last-modified";
    return header.name.starts_with("set-cookie") || (is_of_other_url && is_validator) ||
           redactor.redact(header.name) != header.name;
  });
  response.body = redactor.redact(response.body);
  for (wire::HttpHeader& header : response.headers) {
    header.value = redactor.redact(header.value);
  }
  answer_ = wire::HttpAnswer{std::move(response)};
}

}  // namespace baselined::broker
