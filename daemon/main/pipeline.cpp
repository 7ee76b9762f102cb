#include "daemon/main/pipeline.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "daemon/base/log.h"

namespace baselined {
namespace asio = boost::asio;

namespace {

constexpr std::string_view kKeyCheck = "pseudonym_key_check";

std::string mode_name(wire::RunMode mode) {
  switch (mode) {
    case wire::RunMode::incremental:
      return "incremental";
    case wire::RunMode::full:
      return "full";
    case wire::RunMode::backfill:
      return "backfill";
    case wire::RunMode::probe:
      return "probe";
  }
  return "incremental";
}

host::RunReport failed(Error error) {
  host::RunReport report;
  report.failure = std::move(error);
  return report;
}

// With the key that the records in the store were made with, or not at all.
Result<records::Pseudonymiser> open_pseudonyms(const std::filesystem::path& key,
                                               store::Store& store) {
  BL_TRY(const std::optional<std::string> known, store.setting(kKeyCheck));
  const auto missing = known ? records::MissingKey::refuse : records::MissingKey::create;
  BL_TRY(auto persons, records::Pseudonymiser::open(key, "engineering", missing));
  if (known && *known != persons.key_check()) {
    return Error(Error::Code::config,
                 fmt::format("key file {}: another key than the one that the records in the "
                             "database were made with. Restore that one from a backup: with this "
                             "one every person would get a new pseudonym",
                             key.string()));
  }
  if (!known) {
    BL_CHECK(store.set_setting(kKeyCheck, persons.key_check()));
  }
  return persons;
}

}  // namespace

// One collection under way.
struct Pipeline::Run {
  host::RunRequest request;
  OnProgress on_progress;
  OnCollected on_collected;
  UtcTime started_at;
  std::int64_t id = 0;
};

Result<std::unique_ptr<Pipeline>> Pipeline::open(asio::io_context& context,
                                                 const Settings& settings,
                                                 std::shared_ptr<wire::Egress> egress,
                                                 store::OpenCheck check,
                                                 store::OnDamage on_damage) {
  const auto& state_dir = settings.configuration.daemon.state_dir;
  BL_TRY(auto store,
         store::Store::open(state_dir, records::Contracts::built_in(), check, on_damage));
  BL_TRY(auto persons, open_pseudonyms(state_dir / "pseudonym.key", *store));
  std::unique_ptr<Pipeline> pipeline(new Pipeline(context, std::move(store), settings.mapping));
  host::HostOptions options;
  options.plugins = settings.plugins;
  options.egress = std::move(egress);
  options.staging_dir = state_dir;
  pipeline->host_ = std::make_unique<host::Host>(
      context, pipeline->writer_.get_executor(),
      std::make_shared<records::Pseudonymiser>(std::move(persons)), std::move(options));
  return pipeline;
}

Pipeline::Pipeline(asio::io_context& context, std::unique_ptr<store::Store> store,
                   derive::Mapping mapping)
    : context_(context), store_(std::move(store)), mapping_(std::move(mapping)) {}

Pipeline::~Pipeline() { writer_.join(); }

template <class Work, class Then>
void Pipeline::in_writer(Work work, Then then) {
  auto both = std::make_unique<std::pair<Work, Then>>(std::move(work), std::move(then));
  asio::post(writer_,
             [this, both = std::move(both), guard = asio::make_work_guard(context_)]() mutable {
               auto result = both->first();
               // What they hold, such as the connection of whoever asked, ends on the io_context's
               // thread.
               asio::post(context_, [both = std::move(both), result = std::move(result)]() mutable {
                 both->second(std::move(result));
               });
             });
}

void Pipeline::collect(host::RunRequest request, OnProgress on_progress, OnCollected on_collected) {
  auto run = std::make_shared<Run>();
  run->request = std::move(request);
  run->on_progress = std::move(on_progress);
  run->on_collected = std::move(on_collected);
  run->started_at = clock_.now();
  using Sink = std::unique_ptr<records::RecordSink>;
  in_writer(
      [this, run]() -> Result<Sink> {
        const std::string& collector = run->request.collector.name;
        BL_CHECK(store_->check_ready());
        BL_TRY(run->id,
               store_->begin_run(collector, mode_name(run->request.mode), run->started_at));
        return store_->record_sink(collector, run->id, clock_);
      },
      [this, run](Result<Sink> sink) {
        if (sink) {
          start(run, *std::move(sink));
          return;
        }
        Collected none{failed(std::move(sink).error()), {}};
        none.was_refused = true;
        run->on_collected(std::move(none));
      });
}

void Pipeline::cancel_all() {
  is_cancelled_ = true;
  host_->cancel_all();
}

void Pipeline::start(const std::shared_ptr<Run>& run, std::unique_ptr<records::RecordSink> sink) {
  asio::co_spawn(context_, host_->run(run->request, std::move(sink), run->on_progress),
                 [this, run](const std::exception_ptr& thrown, host::RunReport report) {
                   if (thrown) {
                     report = failed({Error::Code::internal, "the host failed unexpectedly"});
                   }
                   finish(run, std::move(report));
                 });
  if (is_cancelled_) {  // while it waited for the writer; by then the host has it
    asio::post(context_, [this] { host_->cancel_all(); });
  }
}

void Pipeline::finish(const std::shared_ptr<Run>& run, host::RunReport report) {
  in_writer(
      [this, run, mapping = mapping_, report = std::move(report)]() mutable {
        Collected collected{std::move(report), {}};
        Result<derive::Touched> touched = update_facts(mapping);
        if (touched) {
          collected.touched = *std::move(touched);
        } else if (!collected.report.failure) {
          collected.report.failure = std::move(touched).error();
        } else {
          log::error("facts: {}", touched.error().message());
        }
        const Status logged = log_run(*run, collected.report);
        collected.is_logged = logged.has_value();
        if (!logged && !collected.report.failure) {
          collected.report.failure = logged.error();
        } else if (!logged) {
          log::error("run log: {}", logged.error().message());
        }
        const auto& failure = collected.report.failure;
        collected.was_refused =
            failure && failure->code() == Error::Code::transient && !store_->check_in_place();
        store_->release_memory();  // until the next run, which may be an hour away
        return collected;
      },
      [run](Collected collected) { run->on_collected(std::move(collected)); });
}

Result<derive::Touched> Pipeline::update_facts(const derive::Mapping& mapping) {
  BL_CHECK(store_->check_in_place());
  return derive::update(store_->connection(), mapping);
}

Status Pipeline::log_run(const Run& run, const host::RunReport& report) {
  BL_CHECK(store_->check_in_place());
  store::RunRecord record;
  record.collector = run.request.collector.name;
  record.mode = mode_name(run.request.mode);
  record.started_at = run.started_at;
  record.finished_at = clock_.now();
  record.outcome = report.outcome();
  record.message = report.failure ? report.failure->message() : report.warnings;
  record.counts = report.counts;
  return store_->finish_run(run.id, record);
}

void Pipeline::derive(OnDerived on_derived) {
  in_writer([this, mapping = mapping_] { return update_facts(mapping); },
            [on_derived = std::move(on_derived)](Result<derive::Touched> touched) {
              on_derived(std::move(touched));
            });
}

}  // namespace baselined
