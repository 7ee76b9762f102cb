// One collector's run against a store, in few words: rows of the contract thing/1.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "daemon/records/normaliser.h"
#include "daemon/store/store.h"
#include "tests/unit/records/thing_contract.h"

namespace baselined::store {

class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::int64_t us) : now_us(us) {}
  UtcTime now() const override { return from_us(now_us); }
  SteadyTime steady_now() const override { return SteadyTime(); }

  std::int64_t now_us;
};

// place and number make the key; amount and kind are what changes.
struct Thing {
  std::string place = "attic";
  int number = 1;
  std::int64_t amount = 1;
  std::string kind = "round";

  std::string sha() const {
    std::string digits = std::to_string(number);
    return std::string(40 - digits.size(), '0') + digits;
  }
};

class Collection {
 public:
  explicit Collection(Store& store, std::int64_t run_id = 1, std::int64_t now_us = 1000,
                      const std::string& collector = "house",
                      const std::vector<std::string>& columns = {"place", "sha", "amount", "kind"})
      : clock_(now_us),
        mapping_(*records::StreamMapping::create(records::thing::contracts(),
                                                 records::thing::stream_of(columns))),
        persons_("key", "test"),
        normaliser_(mapping_, persons_),
        sink_(*store.record_sink(collector, run_id, clock_)),
        stream_(*sink_->open_stream(mapping_)) {}

  records::RecordSink& sink() { return *sink_; }
  records::RecordSink::Stream stream() const { return stream_; }

  Collection& begin() {
    const Status status = sink_->begin();
    EXPECT_TRUE(status) << status.error().message();
    return *this;
  }
  Collection& put(const Thing& thing) {
    const std::string sha = thing.sha();
    std::vector<Cell> row;
    for (const records::StreamColumn& column : mapping_.stream().columns) {
      row.push_back(column.name == "place"    ? Cell::of_text(thing.place)
                    : column.name == "sha"    ? Cell::of_text(sha)
                    : column.name == "amount" ? Cell::of_integer(thing.amount)
                                              : Cell::of_text(thing.kind));
    }
    const auto fields = normaliser_.row(row);
    EXPECT_TRUE(fields) << fields.error().message();
    const Status status = sink_->put(stream_, *fields);
    EXPECT_TRUE(status) << status.error().message();
    return *this;
  }
  Collection& remove(const Thing& thing) {
    const std::string sha = thing.sha();
    const std::vector<Cell> key{Cell::of_text(thing.place), Cell::of_text(sha)};
    const auto fields = normaliser_.key(key);
    EXPECT_TRUE(fields) << fields.error().message();
    const Status status = sink_->remove(stream_, *fields);
    EXPECT_TRUE(status) << status.error().message();
    return *this;
  }
  Collection& scope(std::string_view name) {
    const Status status = sink_->begin_scope(stream_, name);
    EXPECT_TRUE(status) << status.error().message();
    return *this;
  }
  // "inserted updated removed unchanged" of this barrier.
  std::string commit() {
    Result<records::CountsByContract> counts = sink_->commit();
    if (!counts) {
      return counts.error().message();
    }
    const records::Counts& of_things = (*counts)["thing/1"];
    return std::to_string(of_things.inserted) + " " + std::to_string(of_things.updated) + " " +
           std::to_string(of_things.removed) + " " + std::to_string(of_things.unchanged);
  }

 private:
  FixedClock clock_;
  records::StreamMapping mapping_;
  records::Pseudonymiser persons_;
  records::Normaliser normaliser_;
  std::unique_ptr<records::RecordSink> sink_;
  records::RecordSink::Stream stream_;
};

inline std::unique_ptr<Store> open_store(const std::filesystem::path& state_dir) {
  Result<std::unique_ptr<Store>> store = Store::open(state_dir, records::thing::contracts());
  EXPECT_TRUE(store) << store.error().message();
  return store ? *std::move(store) : nullptr;
}

// The rows of a query, "a|b;c|d", with "-" for null.
inline std::string rows_of(Connection& db, const std::string& sql,
                           const std::string& separator = ";") {
  Result<Statement> select = db.prepare(sql);
  if (!select) {
    return select.error().message();
  }
  std::string rows;
  while (true) {
    const Result<bool> found = select->step();
    if (!found) {
      return found.error().message();
    }
    if (!*found) {
      return rows;
    }
    rows += rows.empty() ? "" : separator;
    for (int column = 0; column < select->columns(); ++column) {
      rows += column == 0 ? "" : "|";
      rows += select->is_null(column) ? "-" : std::string(select->text(column));
    }
  }
}

}  // namespace baselined::store
