#include "daemon/broker/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/broker/authorization.h"
#include "daemon/broker/request_check.h"

namespace baselined::broker {
namespace {

bool is_same_auth(const config::Auth& a, const config::Auth& b) {
  const auto is_same = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.kind == y.second.kind && x.second.name == y.second.name;
  };
  return a.kind == b.kind && a.texts == b.texts &&
         std::equal(a.secrets.begin(), a.secrets.end(), b.secrets.begin(), b.secrets.end(),
                    is_same);
}

}  // namespace

Result<std::shared_ptr<const Source>> make_source(const config::Connection& connection,
                                                  const Source* previous) {
  const auto source = std::make_shared<Source>();
  source->settings = connection;
  auto base = parse_base_url(connection.base_url, connection.allow_http);
  if (!base) {
    return std::move(base).error().with("base_url");
  }
  source->base = *std::move(base);
  if (connection.auth.kind == config::Auth::Kind::oauth2_client_credentials) {
    auto url = parse_base_url(auth_text(connection.auth, "token_url"), connection.allow_http);
    if (!url) {
      return std::move(url).error().with("token_url");
    }
    source->token_url = *std::move(url);
  }
  const bool has_own_header = connection.auth.kind == config::Auth::Kind::header;
  if (has_own_header && !is_header_name(auth_header_of(connection.auth))) {
    return Error(Error::Code::config, "auth: header is no name of a header");
  }
  BL_TRY(source->guard, AddressGuard::parse(connection.allow_networks));
  source->limits = {std::max<std::uint64_t>(connection.max_concurrent, 1), connection.min_gap};
  const bool is_same_place = previous != nullptr && previous->base.has_origin_of(source->base);
  const bool is_same_client =
      is_same_place && is_same_auth(previous->settings.auth, connection.auth);
  source->state = is_same_place ? previous->state : std::make_shared<SourceState>();
  source->token = is_same_client ? previous->token : std::make_shared<TokenState>();
  source->state->stats.change(
      [&connection](ConnectionStats& stats) { stats.name = connection.name; });
  return std::shared_ptr<const Source>(source);
}

}  // namespace baselined::broker
