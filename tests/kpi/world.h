// The world of a KPI text test: a real store that is filled like a collector fills it, real facts,
// the real engine.
//
// Ownership: owns a directory below the one given, and removes it at its end.
// Threads: one.
// Errors: those of the store; config for a name that the script does not define.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/derive/derive.h"
#include "daemon/kpi/engine.h"
#include "daemon/records/stream.h"
#include "daemon/store/store.h"
#include "tests/kpi/script.h"

namespace baselined::kpi_text {

class World {
 public:
  static Result<std::unique_ptr<World>> create(const std::filesystem::path& directory,
                                               const std::string& zone);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Status apply(const Service& service);
  Status apply(const Repository& repository);
  Status apply(const Commit& commit);
  Status apply(const Paths& paths);
  Status apply(const Ref& ref);
  Status apply(const Deployment& deployment);
  Status apply(const CiEnd& end);
  Status apply(const Change& change);
  Status apply(const ChangeEvent& event);
  Status apply(const Incident& incident);
  Status apply(const IncidentEvent& event);
  Status apply(const IncidentLink& link);
  Status apply(const Coverage& coverage);

  // What was applied is committed and derived first. from_scratch: all facts again.
  Result<std::vector<kpi::KpiResult>> ask(const Question& question, bool from_scratch);

 private:
  World(std::filesystem::path directory, TimeZone zone);
  Status open();
  Result<records::RecordSink::Stream> open_stream(const records::StreamMapping& mapping);
  Status begin();
  Status put_change_commit(const std::string& number, const std::string& commit,
                           std::string_view role, std::optional<UtcTime> authored_at);
  Status put_ref(const Ref& ref, const std::string& commit, bool is_removed);
  Status assume_complete();
  Status flush();

  std::filesystem::path directory_;
  TimeZone zone_;
  SystemClock clock_;
  std::vector<records::StreamMapping> mappings_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<records::RecordSink> sink_;
  std::vector<records::RecordSink::Stream> streams_;  // as kContracts
  derive::Mapping mapping_;
  std::string repository_;
  bool is_begun_ = false;
  std::set<std::pair<std::string, std::string>> commit_names_;  // repository, commit
  std::map<std::pair<std::string, std::string>, std::string> branches_;
  std::set<std::string> repositories_;
  std::set<std::pair<std::string, std::string>> covered_;  // repository, contract
};

}  // namespace baselined::kpi_text
