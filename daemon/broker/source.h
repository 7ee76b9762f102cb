// Source: one connection of the configuration, ready to be used.
//
// Immutable, shared by the runs that were opened with it: a reload makes another one. What must
// survive a reload (pace, access token, statistics) is in its SourceState, which both share.
// Threads: Source any; of SourceState the broker's, but for `stats`.
// Errors: config, where a setting cannot be used.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/broker/address_guard.h"
#include "daemon/broker/oauth2.h"
#include "daemon/broker/pace.h"
#include "daemon/broker/stats.h"
#include "daemon/broker/target.h"
#include "daemon/config/configuration.h"

namespace baselined::broker {

struct SourceState {
  Pace pace;
  StatsCell stats;
};

// The access token of one set of credentials; several requests wait for one fetch.
struct TokenState {
  std::optional<AccessToken> token;
  std::uint64_t generation = 0;  // of `token`
  bool is_being_fetched = false;
};

struct Source {
  config::Connection settings;
  Url base;
  std::optional<Url> token_url;
  AddressGuard guard;
  PaceLimits limits;
  std::shared_ptr<SourceState> state;
  std::shared_ptr<TokenState> token;
};

// `previous`: the source of the same name before a reload, or nullptr.
Result<std::shared_ptr<const Source>> make_source(const config::Connection& connection,
                                                  const Source* previous);

}  // namespace baselined::broker
