// A made repository with its forge, of any size, in a store: commits, merged changes with their
// commits and events, deployments, incidents. Everything follows from its number, so that a history
// that was filled can be continued.
//
// Ends the program where the store refuses something. Threads: the one that owns the store.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "daemon/base/cell.h"
#include "daemon/base/time.h"
#include "daemon/records/record_sink.h"
#include "daemon/store/store.h"

namespace baselined {

class ForgeHistory {
 public:
  // Of one change: its branch and the merge that landed it.
  static constexpr std::int64_t kCommits = 10;
  static constexpr std::int64_t kChangesPerDeployment = 10;
  static constexpr std::int64_t kDeploymentsPerIncident = 5;

  // The store must outlive it.
  explicit ForgeHistory(store::Store& store);

  void fill(std::int64_t changes);
  void add_change(std::int64_t change);
  // To production, of what the change landed.
  void add_deployment(std::int64_t deployment, std::int64_t change);
  // It names the deployment, or is held against the last one before it.
  void add_incident(std::int64_t incident, std::int64_t deployment, UtcTime at);

  static UtcTime merged_at(std::int64_t change);

 private:
  struct Collector {
    std::unique_ptr<records::RecordSink> sink;
    std::map<std::string, records::StreamMapping, std::less<>> mappings;
    std::map<std::string, records::RecordSink::Stream, std::less<>> streams;
  };
  using Fields = std::initializer_list<std::pair<std::string_view, Cell>>;

  void open(store::Store& store, Collector& collector, const char* name,
            std::initializer_list<const char*> contracts);
  // One transaction of a collector.
  template <class Put>
  void within(Collector& collector, Put put);
  void put(Collector& collector, std::string_view contract, Fields fields);
  void put_commits(std::int64_t change);
  void put_change(std::int64_t change);
  void put_deployment(std::int64_t deployment, std::int64_t change, UtcTime at);
  void put_incident(std::int64_t incident, std::int64_t deployment, UtcTime at);
  void put_link(const std::string& incident, std::string_view role, std::string_view refers_to,
                const std::string& which);

  SystemClock clock_;
  Collector git_;
  Collector forge_;
};

}  // namespace baselined
