// The part of an Exchange that fetches an access token.
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/broker/exchange.h"

namespace baselined::broker {
namespace {

constexpr std::uint64_t kMaxTokenBytes = 65536;

}  // namespace

void Exchange::start_token(Now now) {
  is_token_transfer_ = true;
  auto asked = make_token_request(source_->settings.auth, services_.secrets);
  if (!asked) {
    fail(asked.error());
    return;
  }
  TransferRequest request;
  request.method = "POST";
  request.url = source_->token_url->text;
  request.headers = {{"Accept", "application/json"},
                     {"Content-Type", "application/x-www-form-urlencoded"},
                     {"User-Agent", services_.options.user_agent}};
  request.body = std::move(asked->body);
  request.secret_lines = std::move(asked->lines);
  request.timeout = attempt_timeout(now);
  request.max_body_bytes = kMaxTokenBytes;
  transfer_ = std::make_unique<Transfer>(std::move(request), source_->settings, source_->guard,
                                         services_.options, services_.sockets, services_.turn);
  source_->token->is_being_fetched = true;
  ++attempts_;
}

void Exchange::token_finished(Outcome outcome, Now now) {
  if (outcome.stop == Outcome::Stop::body_size) {
    fail({Error::Code::data, "the answer is too large for an access token: is token_url right?"});
    return;
  }
  if (auto breakdown = breakdown_of(outcome, source_->settings)) {
    retry(breakdown->failure, std::move(breakdown->error), Microseconds(0), now);
    return;
  }
  const RateSigns signs = read_rate_headers(outcome.headers, now.utc);
  if (is_rate_limited(outcome.status, signs)) {
    rate_limited(outcome, signs.retry_after.value_or(kUnsaidWait), now);
    return;
  }
  if (outcome.status >= 500) {
    server_failed(outcome, signs.retry_after, now);
    return;
  }
  auto token = read_token(outcome.status, outcome.body, now.steady);
  cleanse(outcome.body);
  if (!token) {
    fail(token.error());
    return;
  }
  services_.secrets.redactor().add_passing(token->value.reveal());
  source_->token->token = *std::move(token);
  ++source_->token->generation;
  attempts_ = 0;
  is_token_transfer_ = false;
}

}  // namespace baselined::broker
