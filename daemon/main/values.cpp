#include "daemon/main/values.h"

#include <fmt/format.h>

#include "daemon/control/control.h"
#include "daemon/derive/derive.h"
#include "daemon/main/requests.h"
#include "daemon/store/store.h"

namespace baselined {
namespace {

// Facts as they should be: derived by whoever may write.
Status bring_up_to_date(const Settings& settings) {
  BL_TRY(const auto answer, ask_daemon(settings, {{"command", "derive"}}, nullptr));
  if (answer) {
    return {};
  }
  const auto& state_dir = settings.configuration.daemon.state_dir;
  auto store =
      store::Store::open(state_dir, records::Contracts::built_in(), store::OpenCheck::none);
  if (!store && store.error().code() == Error::Code::limit) {
    return Error(
        Error::Code::limit,
        fmt::format("{} is writing to {}, and what it stored is not derived yet. It does "
                    "so when it ends: ask again then",
                    store::find_writer(state_dir).value_or("another process"), state_dir.string()));
  }
  if (!store) {
    return std::move(store).error();
  }
  BL_CHECK(derive::update((*store)->connection(), settings.mapping));
  return {};
}

}  // namespace

Result<store::Connection> open_collected(const Settings& settings, store::OpenCheck check) {
  const auto& state_dir = settings.configuration.daemon.state_dir;
  BL_TRY(auto reader, store::open_existing(state_dir, check));
  if (!reader) {
    return Error(Error::Code::data,
                 fmt::format("nothing was collected yet into {}; run: baselined collect "
                             "NAME --config {}",
                             store::database_file(state_dir).string(),
                             settings.configuration.file.string()));
  }
  return *std::move(reader);
}

Values::Values(store::Connection reader, const TimeZone& zone)
    : reader_(std::move(reader)), engine_(reader_, kpi::Catalogue::built_in(), zone) {}

Result<std::unique_ptr<Values>> Values::open(const Settings& settings) {
  // No number from a damaged file. A daemon has looked when it started.
  const bool has_writer = store::find_writer(settings.configuration.daemon.state_dir).has_value();
  BL_TRY(auto values,
         read(settings, has_writer ? store::OpenCheck::none : store::OpenCheck::quick));
  BL_TRY(const bool current, derive::is_current(values->reader_, settings.mapping));
  if (current) {
    return values;
  }
  values.reset();
  BL_CHECK(bring_up_to_date(settings));
  // A collection that commits right now may be a moment ahead of its facts: that is fine.
  return read(settings, store::OpenCheck::none);
}

Result<kpi::Window> Values::whole_history(const TimeZone& zone, UtcTime now) {
  BL_TRY(auto first, reader_.prepare("SELECT min(at) FROM (SELECT min(committed_at) AS at FROM "
                                     "fact_commit UNION ALL SELECT min(finished_at) FROM "
                                     "fact_deployment)"));
  BL_TRY(const bool found, first.step());
  const UtcTime from = found && !first.is_null(0) ? from_us(first.integer(0)) : now;
  const LocalDate today = zone.day_of(now);
  return kpi::Window{"all", zone.start_of(std::min(zone.day_of(from), today)),
                     zone.start_of(today + std::chrono::days(1))};
}

Result<std::unique_ptr<Values>> Values::read(const Settings& settings, store::OpenCheck check) {
  BL_TRY(auto reader, open_collected(settings, check));
  std::unique_ptr<Values> values(new Values(std::move(reader), settings.zone));
  BL_TRY(auto snapshot, store::Transaction::begin_read(values->reader_));
  values->snapshot_.emplace(std::move(snapshot));
  return values;
}

}  // namespace baselined
