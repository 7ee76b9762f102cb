#include "tests/kpi/world.h"

#include <fmt/format.h>

#include <array>

#include "daemon/base/digest.h"

namespace baselined::kpi_text {
namespace {

constexpr std::size_t kOidBytes = 20;
constexpr std::array<const char*, 13> kContracts{
    "commit/1",        "ref/1",          "deployment/1", "deployment_status/1", "change/1",
    "change_commit/1", "change_event/1", "incident/1",   "incident_event/1",    "incident_link/1",
    "ci_job/1",        "ci_run/1",       "commit_path/1"};
enum : std::size_t {
  commits,
  refs,
  deployments,
  states,
  changes,
  change_commits,
  change_events,
  incidents,
  incident_events,
  incident_links,
  ci_jobs,
  ci_runs,
  commit_paths
};

// Stands in for git's hash: another name, another id.
std::string oid_of(const std::string& name) {
  const Digest digest = sha256(name);
  return {digest.begin(), digest.begin() + kOidBytes};
}

Cell time_cell(const std::optional<UtcTime>& time) {
  return time ? Cell::of_integer(to_us(*time), CellType::time) : Cell();
}

Cell flag_cell(bool value) { return Cell::of_integer(value ? 1 : 0, CellType::boolean); }

// A stream that has every field of its contract.
records::StreamDescription stream_of(const records::Contract& contract) {
  records::StreamDescription stream;
  stream.name = contract.name;
  stream.contract = contract.id;
  for (const records::Field& field : contract.fields) {
    stream.columns.push_back(
        {field.name, records::cell_type_of(field.type), field.key, field.required, field.personal});
  }
  return stream;
}

// Cells in the order of the contract's fields, by name.
class Row {
 public:
  explicit Row(const records::Contract& contract)
      : contract_(contract), cells_(contract.fields.size()) {}

  Row& set(std::string_view field, Cell cell) {
    BL_ASSERT(contract_.find(field) != nullptr);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (contract_.fields[i].name == field) {
        cells_[i] = cell;
      }
    }
    return *this;
  }
  std::span<const Cell> cells() const { return cells_; }

 private:
  const records::Contract& contract_;
  std::vector<Cell> cells_;
};

Error unknown(const std::string& kind, const std::string& name) {
  return {Error::Code::config, fmt::format("there is no {} '{}'", kind, name)};
}

}  // namespace

World::World(std::filesystem::path directory, TimeZone zone)
    : directory_(std::move(directory)), zone_(std::move(zone)) {}

World::~World() {
  sink_.reset();
  store_.reset();
  std::error_code ignored;  // what stays behind lies in a temporary directory
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<World>> World::create(const std::filesystem::path& directory,
                                             const std::string& zone) {
  BL_TRY(TimeZone found, TimeZone::find(zone));
  std::unique_ptr<World> world(new World(directory, std::move(found)));
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  BL_CHECK(world->open());
  return world;
}

Status World::open() {
  const records::Contracts& contracts = records::Contracts::built_in();
  BL_TRY(store_, store::Store::open(directory_, contracts));
  BL_TRY(const std::int64_t run, store_->begin_run("git", "full", clock_.now()));
  BL_TRY(sink_, store_->record_sink("git", run, clock_));
  for (const char* id : kContracts) {
    BL_TRY(records::StreamMapping mapping,
           records::StreamMapping::create(contracts, stream_of(*contracts.find(id))));
    mappings_.push_back(std::move(mapping));
  }
  for (const records::StreamMapping& mapping : mappings_) {
    BL_TRY(const records::RecordSink::Stream stream, sink_->open_stream(mapping));
    streams_.push_back(stream);
  }
  return {};
}

Status World::begin() {
  if (!is_begun_) {
    BL_CHECK(sink_->begin());
    is_begun_ = true;
  }
  return {};
}

Status World::apply(const Service& service) {
  mapping_.services.push_back({service.name, service.repositories, service.tags, service.branches,
                               service.environments, service.jobs, service.runs, service.pipelines,
                               service.hotfix_labels, service.reverts_are_fixes, service.lookback,
                               service.paths, service.labels});
  if (repository_.empty() && !service.repositories.empty()) {
    repository_ = service.repositories.front();
  }
  return {};
}

Status World::apply(const Repository& repository) {
  repository_ = repository.identity;
  return {};
}

Status World::apply(const Commit& commit) {
  BL_CHECK(begin());
  repositories_.insert(repository_);
  commit_names_.emplace(repository_, commit.name);
  std::string parents;
  for (const std::string& parent : commit.parents) {
    if (commit_names_.count({repository_, parent}) == 0) {
      return unknown("commit", parent);
    }
    parents += oid_of(parent);
  }
  const std::string oid = oid_of(commit.name);
  Row row(mappings_[commits].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("sha", Cell::of_text(oid, CellType::bytes))
      .set("parents", Cell::of_text(parents, CellType::bytes))
      .set("authored_at", time_cell(commit.committed_at))
      .set("committed_at", time_cell(commit.committed_at))
      .set("is_bot", flag_cell(commit.is_bot));
  return sink_->put(streams_[commits], row.cells());
}

Status World::apply(const Paths& paths) {
  if (commit_names_.count({repository_, paths.commit}) == 0) {
    return unknown("commit", paths.commit);
  }
  BL_CHECK(begin());
  const std::string oid = oid_of(paths.commit);
  for (const std::string& path : paths.paths) {
    Row row(mappings_[commit_paths].contract());
    row.set("repository", Cell::of_text(repository_))
        .set("sha", Cell::of_text(oid, CellType::bytes))
        .set("path_prefix", Cell::of_text(path));
    BL_CHECK(sink_->put(streams_[commit_paths], row.cells()));
  }
  return {};
}

Status World::put_ref(const Ref& ref, const std::string& commit, bool is_removed) {
  const bool is_annotated = ref.tagged_at.has_value();
  const std::string sha = oid_of(commit);
  const std::string target =
      is_annotated ? oid_of(fmt::format("tag {} {} {}", ref.name, commit, to_us(*ref.tagged_at)))
                   : sha;
  Row row(mappings_[refs].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("kind", Cell::of_text(ref.is_tag ? "tag" : "branch"))
      .set("name", Cell::of_text(ref.name))
      .set("target", Cell::of_text(target, CellType::bytes));
  if (is_removed) {
    return sink_->remove(streams_[refs], row.cells());
  }
  row.set("sha", Cell::of_text(sha, CellType::bytes))
      .set("tagged_at", time_cell(ref.tagged_at))
      .set("annotated", flag_cell(is_annotated));
  return sink_->put(streams_[refs], row.cells());
}

Status World::apply(const Ref& ref) {
  if (commit_names_.count({repository_, ref.commit}) == 0) {
    return unknown("commit", ref.commit);
  }
  BL_CHECK(begin());
  if (!ref.is_tag) {
    std::string& tip = branches_[{repository_, ref.name}];
    if (!tip.empty() && tip != ref.commit) {
      BL_CHECK(put_ref(ref, tip, true));
    }
    tip = ref.commit;
  }
  return put_ref(ref, ref.commit, ref.is_removed);
}

// Of commits that nobody told of too: a forge may know them.
Status World::apply(const Deployment& deployment) {
  BL_CHECK(begin());
  const std::string oid = oid_of(deployment.commit);
  const auto key = [&](const records::Contract& contract) {
    Row row(contract);
    row.set("origin", Cell::of_text(repository_))
        .set("deployment", Cell::of_text(deployment.number))
        .set("environment", Cell::of_text(deployment.environment));
    return row;
  };
  Row row = key(mappings_[deployments].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("sha", Cell::of_text(oid, CellType::bytes))
      .set("created_at", time_cell(deployment.at));
  BL_CHECK(sink_->put(streams_[deployments], row.cells()));
  Row state = key(mappings_[states].contract());
  state.set("status", Cell::of_text(deployment.state))
      .set("state", Cell::of_text(deployment.state))
      .set("at", time_cell(deployment.at))
      .set("is_guess", flag_cell(deployment.is_guess));
  return sink_->put(streams_[states], state.cells());
}

Status World::apply(const CiEnd& end) {
  BL_CHECK(begin());
  const std::string oid = oid_of(end.commit);
  const std::size_t contract = end.is_job ? ci_jobs : ci_runs;
  Row row(mappings_[contract].contract());
  row.set("pipeline", Cell::of_text(end.pipeline.empty() ? repository_ : end.pipeline))
      .set("run", Cell::of_text(end.run))
      .set("attempt", Cell::of_integer(end.is_job ? 1 : std::stoll(end.number)))
      .set("repository", Cell::of_text(repository_))
      .set("sha", end.commit == "-" ? Cell() : Cell::of_text(oid, CellType::bytes))
      .set("result", Cell::of_text(end.result))
      .set("original_result", Cell::of_text(end.result))
      .set("finished_at", time_cell(end.at))
      .set(end.is_job ? "name" : "branch", end.name == "-" ? Cell() : Cell::of_text(end.name));
  if (end.is_job) {
    row.set("job", Cell::of_text(end.number));
  }
  if (!end.parent.empty()) {
    row.set("parent_run", Cell::of_text(end.parent));
  }
  return sink_->put(streams_[contract], row.cells());
}

Status World::put_change_commit(const std::string& number, const std::string& commit,
                                std::string_view role, std::optional<UtcTime> authored_at) {
  const std::string oid = oid_of(commit);
  Row row(mappings_[change_commits].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("change", Cell::of_text(number))
      .set("sha", Cell::of_text(oid, CellType::bytes))
      .set("role", Cell::of_text(role))
      .set("authored_at", time_cell(authored_at));
  return sink_->put(streams_[change_commits], row.cells());
}

Status World::apply(const Change& change) {
  BL_CHECK(begin());
  Row row(mappings_[changes].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("change", Cell::of_text(change.number))
      .set("state", Cell::of_text(change.merged_at ? "merged" : "open"))
      .set("created_at", time_cell(change.opened_at))
      .set("merged_at", time_cell(change.merged_at))
      .set("base", Cell::of_text("main"))
      .set("is_bot", flag_cell(change.is_bot));
  std::string labels;
  for (const std::string& label : change.labels) {
    labels += fmt::format("{}\"{}\"", labels.empty() ? "[" : ",", label);
  }
  if (!labels.empty()) {
    labels += "]";
    row.set("labels", Cell::of_text(labels));
  }
  if (!change.reverts.empty()) {
    row.set("reverts", Cell::of_text(change.reverts));
  }
  BL_CHECK(sink_->put(streams_[changes], row.cells()));
  return change.merged_at
             ? put_change_commit(change.number, change.commit, "landed_merge", std::nullopt)
             : Status();
}

// A commit of its branch is one of its own: what lands is another.
Status World::apply(const ChangeEvent& event) {
  BL_CHECK(begin());
  const std::string id = fmt::format("{} {}", event.kind, to_us(event.at));
  if (event.kind == "authored") {
    return put_change_commit(event.number, event.number + id, "source", event.at);
  }
  Row row(mappings_[change_events].contract());
  row.set("repository", Cell::of_text(repository_))
      .set("change", Cell::of_text(event.number))
      .set("event", Cell::of_text(id))
      .set("kind", Cell::of_text(event.kind))
      .set("is_author", flag_cell(event.is_author))
      .set("at", time_cell(event.at));
  return sink_->put(streams_[change_events], row.cells());
}

Status World::apply(const Incident& incident) {
  BL_CHECK(begin());
  Row row(mappings_[incidents].contract());
  row.set("incident", Cell::of_text(incident.name))
      .set("repository", Cell::of_text(repository_))
      .set("state", Cell::of_text(incident.is_resolved ? "resolved" : "open"))
      .set("opened_at", time_cell(incident.opened_at))
      .set("impact_started_at", time_cell(incident.began_at));
  if (!incident.service.empty()) {
    row.set("service_hint", Cell::of_text(incident.service));
  }
  return sink_->put(streams_[incidents], row.cells());
}

Status World::apply(const IncidentEvent& event) {
  BL_CHECK(begin());
  const std::string id = fmt::format("{} {}", event.kind, to_us(event.at));
  Row row(mappings_[incident_events].contract());
  row.set("incident", Cell::of_text(event.name))
      .set("event", Cell::of_text(id))
      .set("kind", Cell::of_text(event.kind))
      .set("at", time_cell(event.at));
  return sink_->put(streams_[incident_events], row.cells());
}

Status World::apply(const IncidentLink& link) {
  BL_CHECK(begin());
  const std::string what = link.refers_to == "sha" ? to_hex(oid_of(link.what)) : link.what;
  Row row(mappings_[incident_links].contract());
  row.set("incident", Cell::of_text(link.name))
      .set("deployment", Cell::of_text(what))
      .set("role", Cell::of_text(link.role));
  if (link.is_removed) {
    return sink_->remove(streams_[incident_links], row.cells());
  }
  row.set("refers_to", Cell::of_text(link.refers_to))
      .set("repository", Cell::of_text(repository_))
      .set("method", Cell::of_text("test"));
  return sink_->put(streams_[incident_links], row.cells());
}

Status World::apply(const Coverage& coverage) {
  if (coverage.contracts.empty()) {
    return {};
  }
  BL_CHECK(begin());
  repositories_.insert(repository_);
  for (const std::string& contract : coverage.contracts) {
    records::Coverage span;
    span.contract = contract;
    span.scope = repository_;
    span.reason = coverage.reason;
    span.from_us = coverage.from ? to_us(*coverage.from) : INT64_MIN;
    span.to_us = coverage.until ? to_us(*coverage.until) : INT64_MIN;
    BL_CHECK(sink_->set_coverage(span));
    covered_.emplace(repository_, contract);
  }
  return {};
}

// What a test does not say about coverage is complete.
Status World::assume_complete() {
  const std::string current = repository_;
  const std::set<std::string> repositories = repositories_;
  for (const std::string& repository : repositories) {
    Coverage rest;
    rest.until = UtcTime(std::chrono::sys_days(std::chrono::year(2100) / 1 / 1));
    for (const char* contract : kContracts) {
      if (covered_.count({repository, contract}) == 0) {
        rest.contracts.emplace_back(contract);
      }
    }
    repository_ = repository;
    BL_CHECK(apply(rest));
  }
  repository_ = current;
  return {};
}

Status World::flush() {
  BL_CHECK(assume_complete());
  if (is_begun_) {
    is_begun_ = false;
    BL_TRY(const records::CountsByContract counts, sink_->commit());
  }
  return {};
}

Result<std::vector<kpi::KpiResult>> World::ask(const Question& question, bool from_scratch) {
  const kpi::Definition* const definition = kpi::Catalogue::built_in().find(question.kpi);
  if (definition == nullptr) {
    return unknown("KPI", question.kpi);
  }
  BL_CHECK(flush());
  store::Connection& db = store_->connection();
  if (from_scratch) {
    BL_CHECK(db.execute("DROP TABLE IF EXISTS derive_state"));
  }
  BL_TRY(const derive::Touched touched, derive::update(db, mapping_));
  kpi::Window window{"", question.from, question.to};
  if (!question.last.empty()) {
    BL_TRY(window, kpi::last_days(question.last, question.from, zone_));
  }
  kpi::Engine engine(db, kpi::Catalogue::built_in(), zone_);
  return engine.compute(*definition, window, question.service);
}

}  // namespace baselined::kpi_text
