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
  Sinks() : commits_(whole_contract("commit/1")), refs_(whole_contract("ref/1")) {}

  struct Open {
    std::unique_ptr<records::RecordSink> sink;
    records::RecordSink::Stream commits = 0;
    records::RecordSink::Stream refs = 0;
  };

  Open& open(store::Store& store, const std::string& collector) {
    Open& open = open_[collector];
    if (!open.sink) {
      auto sink = store.record_sink(collector, 1, clock_);
      EXPECT_TRUE(sink);
      open.sink = *std::move(sink);
      open.commits = *open.sink->open_stream(commits_);
      open.refs = *open.sink->open_stream(refs_);
    }
    return open;
  }

 private:
  TickingClock clock_;
  records::StreamMapping commits_;
  records::StreamMapping refs_;
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
  expect_ok(open.sink->put(open.commits, fields.cells()));
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
  expect_ok(open.sink->remove(open.commits, fields.cells()));
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
  expect_ok(open.sink->put(open.refs, fields.cells()));
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
  expect_ok(open.sink->remove(open.refs, fields.cells()));
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

Site& Site::complete(int until) {
  return covered("commit/1", "", until).covered("ref/1", "", until);
}

Site& Site::covered(const std::string& contract, const std::string& reason, int until) {
  auto& open = sinks_->open(*store_, by_.first);
  expect_ok(open.sink->begin());
  expect_ok(open.sink->set_coverage(
      {contract, by_.second, std::numeric_limits<std::int64_t>::min(), until * kSecond, reason}));
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
  mapping.services.push_back({"shop", {"*"}, std::move(tags), std::move(branches)});
  return mapping;
}

}  // namespace baselined::derive
