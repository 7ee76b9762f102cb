#include "tests/unit/derive/history.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <limits>

#include "daemon/records/record_sink.h"

namespace baselined::derive {

namespace {

class TickingClock final : public Clock {
 public:
  UtcTime now() const override { return UtcTime(Microseconds(++ticks_)); }
  SteadyTime steady_now() const override { return {}; }

 private:
  mutable std::int64_t ticks_ = 0;
};

records::StreamMapping whole_contract(const char* id) {
  const records::Contract* contract = records::Contracts::built_in().find(id);
  EXPECT_NE(contract, nullptr);
  records::StreamDescription stream;
  stream.name = id;
  stream.contract = id;
  for (const records::Field& field : contract->fields) {
    stream.columns.push_back(
        {field.name, records::cell_type_of(field.type), field.key, field.required, field.personal});
  }
  auto mapping = records::StreamMapping::create(records::Contracts::built_in(), stream);
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().message());
  return *std::move(mapping);
}

// Fields of a contract by name, in its order.
class Fields {
 public:
  explicit Fields(const char* contract) : contract_(records::Contracts::built_in().find(contract)) {
    cells_.resize(contract_->fields.size());
  }

  Cell& operator[](const char* name) {
    const auto index = contract_->find(name) - contract_->fields.data();
    return cells_[static_cast<std::size_t>(index)];
  }
  std::span<const Cell> cells() const { return cells_; }

 private:
  const records::Contract* contract_;
  std::vector<Cell> cells_;
};

Cell time_cell(const std::optional<int>& seconds) {
  return seconds ? Cell::of_integer(*seconds * kSecond, CellType::time) : Cell();
}

Cell bytes_cell(const std::string& bytes) { return Cell::of_text(bytes, CellType::bytes); }

void expect_ok(const Status& status) {
  EXPECT_TRUE(status) << (status ? "" : status.error().message());
}

}  // namespace

class Site::Sinks {
 public:
  Sinks() {
    for (const char* contract : kContracts) {
      mappings_.emplace(contract, whole_contract(contract));
    }
  }

  struct Open {
    std::unique_ptr<records::RecordSink> sink;
    std::map<std::string, records::RecordSink::Stream> streams;  // by contract
  };

  Open& open(store::Store& store, const std::string& collector) {
    Open& open = open_[collector];
    if (!open.sink) {
      auto sink = store.record_sink(collector, 1, clock_);
      EXPECT_TRUE(sink);
      open.sink = *std::move(sink);
      for (const auto& [contract, mapping] : mappings_) {
        open.streams[contract] = *open.sink->open_stream(mapping);
      }
    }
    return open;
  }

 private:
  static constexpr const char* kContracts[] = {
      "commit/1",         "ref/1",           "deployment/1",   "deployment_status/1",
      "change/1",         "change_commit/1", "change_event/1", "incident/1",
      "incident_event/1", "incident_link/1", "ci_job/1",       "commit_path/1"};

  TickingClock clock_;
  std::map<std::string, records::StreamMapping> mappings_;
  std::map<std::string, Open> open_;
};

Site::Site(const std::string& name) : sinks_(std::make_unique<Sinks>()) {
  dir_ = std::filesystem::path(testing::TempDir()) /
         ("derive_" + name + "_" + std::to_string(::getpid()));
  std::filesystem::remove_all(dir_);
  std::filesystem::create_directories(dir_);
  auto store = store::Store::open(dir_, records::Contracts::built_in());
  EXPECT_TRUE(store) << (store ? "" : store.error().message());
  store_ = *std::move(store);
  expect_ok(db().execute("PRAGMA synchronous = OFF"));
  by("git", "host/shop");
}

Site::~Site() {
  sinks_.reset();
  store_.reset();
  std::filesystem::remove_all(dir_);
}

store::Connection& Site::db() { return store_->connection(); }

Site& Site::by(const std::string& collector, const std::string& repository) {
  by_ = {collector, repository};
  return *this;
}

Site& Site::commit(int id, const std::vector<int>& parents, std::optional<int> at, bool is_bot) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string sha = sha_of(id);
  std::string all;
  for (const int parent : parents) {
    all += sha_of(parent);
  }
  Fields fields("commit/1");
  fields["repository"] = Cell::of_text(by_.second);
  fields["sha"] = bytes_cell(sha);
  fields["parents"] = bytes_cell(all);
  fields["committed_at"] = time_cell(at);
  fields["is_bot"] = Cell::of_integer(is_bot ? 1 : 0, CellType::boolean);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->put(open.streams["commit/1"], fields.cells()));
  EXPECT_TRUE(open.sink->commit());
  const auto known = history_.commits.find({by_, id});
  const auto arrival = known == history_.commits.end()
                           ? static_cast<std::int64_t>(history_.commits.size())
                           : known->second.arrival;
  history_.commits[{by_, id}] = {arrival, parents, at, is_bot, true};
  return *this;
}

Site& Site::remove_commit(int id) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string sha = sha_of(id);
  Fields fields("commit/1");
  fields["repository"] = Cell::of_text(by_.second);
  fields["sha"] = bytes_cell(sha);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->remove(open.streams["commit/1"], fields.cells()));
  EXPECT_TRUE(open.sink->commit());
  const auto known = history_.commits.find({by_, id});
  if (known != history_.commits.end()) {
    known->second.is_alive = false;
  }
  return *this;
}

void Site::put_ref(const std::string& kind, const std::string& name, int object,
                   const RefRecord& ref) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string target = sha_of(object);
  const std::string sha = sha_of(ref.commit);
  Fields fields("ref/1");
  fields["repository"] = Cell::of_text(by_.second);
  fields["kind"] = Cell::of_text(kind);
  fields["name"] = Cell::of_text(name);
  fields["target"] = bytes_cell(target);
  fields["sha"] = bytes_cell(sha);
  fields["tagged_at"] = time_cell(ref.tagged_at);
  fields["annotated"] = Cell::of_integer(object == ref.commit ? 0 : 1, CellType::boolean);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->put(open.streams["ref/1"], fields.cells()));
  EXPECT_TRUE(open.sink->commit());
  history_.refs[{by_, kind, name, object}] = ref;
}

void Site::remove_ref(const std::string& kind, const std::string& name, int object) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string target = sha_of(object);
  Fields fields("ref/1");
  fields["repository"] = Cell::of_text(by_.second);
  fields["kind"] = Cell::of_text(kind);
  fields["name"] = Cell::of_text(name);
  fields["target"] = bytes_cell(target);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->remove(open.streams["ref/1"], fields.cells()));
  EXPECT_TRUE(open.sink->commit());
  const auto known = history_.refs.find({by_, kind, name, object});
  if (known != history_.refs.end()) {
    known->second.is_alive = false;
  }
}

Site& Site::tag(const std::string& name, int commit) {
  put_ref("tag", name, commit, {commit, std::nullopt, true});
  return *this;
}

Site& Site::annotated(const std::string& name, int commit, int tagged_at, int object) {
  put_ref("tag", name, object, {commit, tagged_at, true});
  return *this;
}

Site& Site::remove_tag(const std::string& name, int object) {
  remove_ref("tag", name, object);
  return *this;
}

Site& Site::branch(const std::string& name, int commit) {
  remove_branch(name);
  put_ref("branch", name, commit, {commit, std::nullopt, true});
  return *this;
}

Site& Site::remove_branch(const std::string& name) {
  for (auto& [key, ref] : history_.refs) {
    const auto& [by, kind, known, object] = key;
    if (by == by_ && kind == "branch" && known == name && ref.is_alive) {
      remove_ref("branch", name, object);
    }
  }
  return *this;
}

Site& Site::deploy(int number, const std::string& environment, int commit, const std::string& state,
                   int at, bool is_guess, const std::string& environment_class) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string sha = sha_of(commit);
  const std::string id = std::to_string(number);
  Fields fields("deployment/1");
  fields["origin"] = Cell::of_text(by_.second);
  fields["deployment"] = Cell::of_text(id);
  fields["environment"] = Cell::of_text(environment);
  fields["repository"] = Cell::of_text(by_.second);
  fields["sha"] = bytes_cell(sha);
  fields["created_at"] = time_cell(0);
  if (!environment_class.empty()) {
    fields["environment_class"] = Cell::of_text(environment_class);
  }
  Fields status("deployment_status/1");
  status["origin"] = Cell::of_text(by_.second);
  status["deployment"] = Cell::of_text(id);
  status["environment"] = Cell::of_text(environment);
  status["status"] = Cell::of_text(state);
  status["state"] = Cell::of_text(state);
  status["at"] = time_cell(at);
  status["is_guess"] = Cell::of_integer(is_guess ? 1 : 0, CellType::boolean);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->put(open.streams["deployment/1"], fields.cells()));
  expect_ok(open.sink->put(open.streams["deployment_status/1"], status.cells()));
  EXPECT_TRUE(open.sink->commit());
  DeploymentRecord& record = history_.deployments[{by_, number, environment}];
  record.commit = commit;
  record.environment_class = environment_class;
  record.states[state] = at;
  record.is_guess = is_guess;
  record.is_alive = true;
  return *this;
}

Site& Site::job(int run, int number, const std::string& name, int commit, bool is_success, int at) {
  const std::string run_id = std::to_string(run);
  const std::string id = std::to_string(number);
  const std::string sha = sha_of(commit);
  const std::string result = is_success ? "success" : "failure";
  put("ci_job/1", {{"pipeline", Cell::of_text(by_.second)},
                   {"run", Cell::of_text(run_id)},
                   {"attempt", Cell::of_integer(1)},
                   {"job", Cell::of_text(id)},
                   {"name", Cell::of_text(name)},
                   {"sha", bytes_cell(sha)},
                   {"result", Cell::of_text(result)},
                   {"original_result", Cell::of_text(result)},
                   {"finished_at", time_cell(at)}});
  history_.jobs[{by_, run, number}] = {name, commit, is_success, at, true};
  return *this;
}

Site& Site::remove_job(int run, int number) {
  const std::string run_id = std::to_string(run);
  const std::string id = std::to_string(number);
  put("ci_job/1",
      {{"pipeline", Cell::of_text(by_.second)},
       {"run", Cell::of_text(run_id)},
       {"attempt", Cell::of_integer(1)},
       {"job", Cell::of_text(id)}},
      true);
  const auto known = history_.jobs.find({by_, run, number});
  if (known != history_.jobs.end()) {
    known->second.is_alive = false;
  }
  return *this;
}

Site& Site::remove_deployment(int number, const std::string& environment) {
  auto& open = sinks_->open(*store_, by_.first);
  const std::string id = std::to_string(number);
  Fields fields("deployment/1");
  fields["origin"] = Cell::of_text(by_.second);
  fields["deployment"] = Cell::of_text(id);
  fields["environment"] = Cell::of_text(environment);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->remove(open.streams["deployment/1"], fields.cells()));
  EXPECT_TRUE(open.sink->commit());
  const auto known = history_.deployments.find({by_, number, environment});
  if (known != history_.deployments.end()) {
    known->second.is_alive = false;
  }
  return *this;
}

void Site::put(const char* contract, const std::map<std::string, Cell>& fields, bool is_removal) {
  auto& open = sinks_->open(*store_, by_.first);
  Fields row(contract);
  if (std::string_view(contract) != "incident_event/1") {  // which is its incident's
    row["repository"] = Cell::of_text(by_.second);
  }
  for (const auto& [name, cell] : fields) {
    row[name.c_str()] = cell;
  }
  expect_ok(open.sink->begin());
  const auto stream = open.streams[contract];
  expect_ok(is_removal ? open.sink->remove(stream, row.cells())
                       : open.sink->put(stream, row.cells()));
  EXPECT_TRUE(open.sink->commit());
}

Site& Site::change(int number, int opened_at, std::optional<int> merged_at, int landed,
                   const std::string& label, std::optional<int> reverts) {
  const std::string name = std::to_string(number);
  const std::string labels = label.empty() ? "[]" : "[\"" + label + "\"]";
  const std::string reverted = reverts ? std::to_string(*reverts) : "";
  put("change/1", {{"change", Cell::of_text(name)},
                   {"state", Cell::of_text(merged_at ? "merged" : "open")},
                   {"created_at", time_cell(opened_at)},
                   {"merged_at", time_cell(merged_at)},
                   {"labels", Cell::of_text(labels)},
                   {"reverts", reverts ? Cell::of_text(reverted) : Cell()},
                   {"base", Cell::of_text("main")}});
  if (merged_at) {
    const std::string sha = sha_of(landed);
    put("change_commit/1",
        {{"change", Cell::of_text(name)},
         {"sha", bytes_cell(sha)},
         {"role", Cell::of_text(number % 2 == 0 ? "landed_rebase" : "landed_merge")}});
  }
  return *this;
}

Site& Site::remove_change(int number) {
  const std::string name = std::to_string(number);
  put("change/1", {{"change", Cell::of_text(name)}}, true);
  return *this;
}

Site& Site::change_commit(int number, int commit, int authored_at) {
  const std::string name = std::to_string(number);
  const std::string sha = sha_of(commit);
  put("change_commit/1", {{"change", Cell::of_text(name)},
                          {"sha", bytes_cell(sha)},
                          {"role", Cell::of_text("source")},
                          {"authored_at", time_cell(authored_at)}});
  return *this;
}

Site& Site::change_event(int number, int event, const std::string& kind, int at, bool is_author) {
  const std::string name = std::to_string(number);
  const std::string id = std::to_string(event);
  put("change_event/1", {{"change", Cell::of_text(name)},
                         {"event", Cell::of_text(id)},
                         {"kind", Cell::of_text(kind)},
                         {"is_author", Cell::of_integer(is_author ? 1 : 0, CellType::boolean)},
                         {"at", time_cell(at)}});
  return *this;
}

Site& Site::incident(int number, int opened_at, bool is_open, const std::string& service) {
  const std::string name = std::to_string(number);
  put("incident/1", {{"incident", Cell::of_text(name)},
                     {"service_hint", service.empty() ? Cell() : Cell::of_text(service)},
                     {"state", Cell::of_text(is_open ? "open" : "resolved")},
                     {"opened_at", time_cell(opened_at)}});
  return *this;
}

Site& Site::remove_incident(int number) {
  const std::string name = std::to_string(number);
  put("incident/1", {{"incident", Cell::of_text(name)}}, true);
  return *this;
}

Site& Site::incident_event(int number, int event, const std::string& kind, int at) {
  const std::string name = std::to_string(number);
  const std::string id = std::to_string(event);
  put("incident_event/1", {{"incident", Cell::of_text(name)},
                           {"event", Cell::of_text(id)},
                           {"kind", Cell::of_text(kind)},
                           {"at", time_cell(at)}});
  return *this;
}

Site& Site::incident_link(int number, const std::string& role, const std::string& refers_to,
                          const std::string& which) {
  const std::string name = std::to_string(number);
  put("incident_link/1", {{"incident", Cell::of_text(name)},
                          {"deployment", Cell::of_text(which)},
                          {"role", Cell::of_text(role)},
                          {"refers_to", Cell::of_text(refers_to)},
                          {"method", Cell::of_text("test")}});
  return *this;
}

Site& Site::remove_incident_link(int number, const std::string& role, const std::string& which) {
  const std::string name = std::to_string(number);
  put("incident_link/1",
      {{"incident", Cell::of_text(name)},
       {"deployment", Cell::of_text(which)},
       {"role", Cell::of_text(role)}},
      true);
  return *this;
}

Site& Site::complete_forge(int until) {
  return covered("deployment/1", "", until)
      .covered("deployment_status/1", "", until)
      .covered("ci_job/1", "", until);
}

Site& Site::touch(int commit, const std::string& path) {
  const std::string sha = sha_of(commit);
  put("commit_path/1", {{"sha", bytes_cell(sha)}, {"path_prefix", Cell::of_text(path)}});
  history_.paths.insert({by_, commit, path});
  return *this;
}

Site& Site::remove_touch(int commit, const std::string& path) {
  const std::string sha = sha_of(commit);
  put("commit_path/1", {{"sha", bytes_cell(sha)}, {"path_prefix", Cell::of_text(path)}}, true);
  history_.paths.erase({by_, commit, path});
  return *this;
}

Site& Site::complete(int until) {
  return covered("commit/1", "", until).covered("ref/1", "", until);
}

Site& Site::covered(const std::string& contract, const std::string& reason, int until,
                    std::optional<int> from) {
  auto& open = sinks_->open(*store_, by_.first);
  expect_ok(open.sink->begin());
  const std::int64_t from_us = from ? *from * kSecond : std::numeric_limits<std::int64_t>::min();
  expect_ok(open.sink->set_coverage({contract, by_.second, from_us, until * kSecond, reason}));
  EXPECT_TRUE(open.sink->commit());
  history_.coverage[{by_, contract}] = reason;
  history_.was_complete[{by_, contract}] |= reason.empty();
  return *this;
}

Touched Site::update() {
  auto touched = update_within(db(), mapping_, limits_);
  EXPECT_TRUE(touched) << (touched ? "" : touched.error().message());
  return touched ? *touched : Touched{};
}

std::string sha_of(int commit) {
  std::string sha(20, 'x');
  std::memcpy(sha.data(), &commit, sizeof(commit));
  return sha;
}

Mapping shop(std::vector<std::string> tags, std::vector<std::string> branches) {
  Mapping mapping;
  mapping.services.push_back({"shop", {"*"}, std::move(tags), std::move(branches), {}});
  return mapping;
}

}  // namespace baselined::derive
