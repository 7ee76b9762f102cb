#include "tests/kpi/script.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>

namespace baselined::kpi_text {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

bool is_clock(const std::string& word) {
  return word.size() >= 5 && word[2] == ':' && std::isdigit(static_cast<unsigned char>(word[0]));
}

Error wrong(const std::string& problem) { return {Error::Code::config, problem}; }

// Takes words from the front of a line.
class Line {
 public:
  Line(Words words, const std::string& zone) : words_(std::move(words)), zone_(zone) {}

  bool is_empty() const { return next_ == words_.size(); }
  bool has(const std::string& word) {
    const bool found = !is_empty() && words_[next_] == word;
    next_ += found ? 1 : 0;
    return found;
  }
  Result<std::string> word(const char* what) {
    if (is_empty()) {
      return wrong(fmt::format("{} is missing", what));
    }
    return words_[next_++];
  }
  Words rest() {
    Words words(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    next_ = words_.size();
    return words;
  }
  // "2026-03-01", "2026-03-01 10:00", "2026-03-01 10:00:05", local unless it ends in Z.
  Result<UtcTime> time();
  Status end() {
    return is_empty() ? Status() : Status(wrong(fmt::format("'{}' is too much", words_[next_])));
  }

 private:
  Words words_;
  std::size_t next_ = 0;
  const std::string& zone_;
};

Result<UtcTime> Line::time() {
  BL_TRY(const std::string day, word("a date"));
  std::string clock = "00:00";
  if (!is_empty() && is_clock(words_[next_])) {
    clock = words_[next_++];
  }
  const bool is_utc = clock.ends_with("Z");
  clock = is_utc ? clock.substr(0, clock.size() - 1) : clock;
  clock += clock.size() == 5 ? ":00" : "";
  BL_TRY(const UtcTime as_utc, parse_rfc3339(day + "T" + clock + "Z"));
  if (is_utc || zone_ == "UTC") {
    return as_utc;
  }
  try {
    const date::local_time<Microseconds> local(as_utc.time_since_epoch());
    return UtcTime(date::locate_zone(zone_)->to_sys(local).time_since_epoch());
  } catch (const std::exception&) {
    return wrong(
        fmt::format("'{} {}' does not exist or exists twice in {}: write it in UTC, with "
                    "a Z",
                    day, clock, zone_));
  }
}

Result<Service> read_service(Line& line) {
  Service service;
  BL_TRY(service.name, line.word("the name of the service"));
  Words* list = nullptr;
  while (!line.is_empty()) {
    if (line.has("repository")) {
      list = &service.repositories;
    } else if (line.has("paths")) {
      list = &service.paths;
    } else if (line.has("labels")) {
      list = &service.labels;
    } else if (line.has("tags")) {
      list = &service.tags;
    } else if (line.has("branches")) {
      list = &service.branches;
    } else if (line.has("environments")) {
      list = &service.environments;
    } else if (line.has("jobs")) {
      list = &service.jobs;
    } else if (line.has("runs")) {
      list = &service.runs;
    } else if (line.has("pipelines")) {
      list = &service.pipelines;
    } else if (line.has("hotfixes")) {
      list = &service.hotfix_labels;
    } else if (line.has("reverts")) {
      service.reverts_are_fixes = true;
    } else if (line.has("lookback")) {
      BL_TRY(const std::string lookback, line.word("a duration such as 7d"));
      BL_TRY(service.lookback, parse_duration(lookback));
    } else if (list == nullptr) {
      return wrong(
          "expected 'repository', 'paths', 'labels', 'environments', 'jobs', 'runs', "
          "'pipelines', 'tags', 'branches', 'hotfixes', 'reverts' or 'lookback' after the "
          "service's name");
    } else {
      BL_TRY(std::string item, line.word("a name"));
      list->push_back(std::move(item));
    }
  }
  return service;
}

Result<Commit> read_commit(Line& line) {
  Commit commit;
  BL_TRY(commit.name, line.word("the commit"));
  if (!line.has("unknown")) {
    BL_TRY(commit.committed_at, line.time());
  }
  if (line.has("-")) {
    commit.is_bot = line.has("bot");
    BL_CHECK(line.end());
    return commit;
  }
  commit.parents = line.rest();
  if (!commit.parents.empty() && commit.parents.back() == "bot") {
    commit.is_bot = true;
    commit.parents.pop_back();
  }
  return commit.parents.empty() ? Result<Commit>(wrong("a commit needs parents, or '-' for none"))
                                : Result<Commit>(std::move(commit));
}

Result<Paths> read_paths(Line& line) {
  Paths paths;
  BL_TRY(paths.commit, line.word("the commit"));
  paths.paths = line.rest();
  return paths;
}

Result<Ref> read_ref(Line& line, bool is_tag, bool is_removed) {
  Ref ref;
  ref.is_tag = is_tag;
  ref.is_removed = is_removed;
  BL_TRY(ref.name, line.word("the name"));
  BL_TRY(ref.commit, line.word("the commit"));
  if (is_tag && !line.is_empty()) {
    BL_TRY(ref.tagged_at, line.time());
  }
  BL_CHECK(line.end());
  return ref;
}

Result<Deployment> read_deployment(Line& line) {
  Deployment deployment;
  BL_TRY(deployment.number, line.word("the number of the deployment"));
  BL_TRY(deployment.environment, line.word("the environment"));
  BL_TRY(deployment.commit, line.word("the commit"));
  BL_TRY(deployment.state, line.word("the state"));
  BL_TRY(deployment.at, line.time());
  deployment.is_guess = line.has("guess");
  BL_CHECK(line.end());
  return deployment;
}

// "5.1": job 1 of run 5, or attempt 1 of it.
Result<CiEnd> read_ci_end(Line& line, bool is_job) {
  CiEnd end;
  end.is_job = is_job;
  BL_TRY(const std::string numbers, line.word("the run and the job or attempt, as in 5.1"));
  const std::size_t dot = numbers.find('.');
  if (dot == std::string::npos) {
    return wrong(fmt::format("'{}' is no run and job or attempt, as in 5.1", numbers));
  }
  end.run = numbers.substr(0, dot);
  end.number = numbers.substr(dot + 1);
  BL_TRY(end.name, line.word("the name of the job, or the branch"));
  BL_TRY(end.commit, line.word("the commit"));
  BL_TRY(end.result, line.word("the result"));
  BL_TRY(end.at, line.time());
  if (!is_job && line.has("of")) {
    BL_TRY(end.parent, line.word("the run that started it"));
  }
  if (line.has("by")) {
    BL_TRY(end.pipeline, line.word("the pipeline"));
  }
  BL_CHECK(line.end());
  return end;
}

Result<Change> read_change(Line& line) {
  Change change;
  BL_TRY(change.number, line.word("the number of the change"));
  BL_TRY(change.opened_at, line.time());
  if (line.has("merged")) {
    BL_TRY(change.merged_at, line.time());
    if (!line.has("as")) {
      return wrong("expected 'as' and the commit that it became");
    }
    BL_TRY(change.commit, line.word("the commit"));
  }
  if (line.has("reverts")) {
    BL_TRY(change.reverts, line.word("the number of the change that it reverts"));
  }
  change.is_bot = line.has("bot");
  if (line.has("labels")) {
    change.labels = line.rest();
  }
  BL_CHECK(line.end());
  return change;
}

Result<ChangeEvent> read_change_event(Line& line) {
  ChangeEvent event;
  BL_TRY(event.number, line.word("the number of the change"));
  BL_TRY(event.kind, line.word("what happened"));
  BL_TRY(event.at, line.time());
  event.is_author = line.has("author");
  BL_CHECK(line.end());
  return event;
}

Result<Incident> read_incident(Line& line) {
  Incident incident;
  BL_TRY(incident.name, line.word("the incident"));
  BL_TRY(incident.opened_at, line.time());
  if (line.has("began")) {
    BL_TRY(incident.began_at, line.time());
  }
  if (line.has("of")) {
    BL_TRY(incident.service, line.word("the service"));
  }
  incident.is_resolved = line.has("resolved");
  BL_CHECK(line.end());
  return incident;
}

Result<IncidentEvent> read_incident_event(Line& line) {
  IncidentEvent event;
  BL_TRY(event.name, line.word("the incident"));
  BL_TRY(event.kind, line.word("what happened"));
  BL_TRY(event.at, line.time());
  BL_CHECK(line.end());
  return event;
}

Result<IncidentLink> read_incident_link(Line& line, bool is_removed) {
  IncidentLink link;
  link.is_removed = is_removed;
  BL_TRY(link.name, line.word("the incident"));
  BL_TRY(link.role, line.word("caused_by or fixed_by"));
  BL_TRY(link.refers_to, line.word("deployment, sha, tag or change"));
  BL_TRY(link.what, line.word("which one"));
  BL_CHECK(line.end());
  return link;
}

Result<Coverage> read_coverage(Line& line) {
  Coverage coverage;
  coverage.contracts = {"commit/1", "ref/1"};
  for (const char* contract : {"commit/1", "ref/1"}) {
    if (line.has(contract)) {
      coverage.contracts = {contract};
    }
  }
  if (line.has("deployment/1")) {
    coverage.contracts = {"deployment/1", "deployment_status/1"};
  }
  for (const char* contract : {"ci_job/1", "ci_run/1", "commit_path/1"}) {
    if (line.has(contract)) {
      coverage.contracts = {contract};
    }
  }
  if (line.has("incident/1")) {
    coverage.contracts = {"incident/1", "incident_event/1"};
  }
  if (line.has("change/1")) {
    coverage.contracts = {"change/1"};
  }
  if (!line.has("none")) {
    if (line.has("from")) {
      BL_TRY(coverage.from, line.time());
    }
    if (!line.has("until")) {
      return wrong("expected 'none', or 'until' and a time");
    }
    BL_TRY(coverage.until, line.time());
  }
  if (line.has("because")) {
    coverage.reason = fmt::format("{}", fmt::join(line.rest(), " "));
  }
  BL_CHECK(line.end());
  if (!coverage.until && coverage.reason.empty()) {
    return wrong("'coverage none' needs a 'because'");
  }
  return coverage;
}

Result<Question> read_question(Line& line) {
  Question question;
  BL_TRY(question.kpi, line.word("the KPI"));
  if (line.has("service")) {
    BL_TRY(question.service, line.word("the service"));
  }
  if (line.has("last")) {
    BL_TRY(question.last, line.word("a number of days such as 28d"));
    if (!line.has("at")) {
      return wrong("expected 'at' and the time now");
    }
    BL_TRY(question.from, line.time());
    BL_CHECK(line.end());
    return question;
  }
  if (!line.has("from")) {
    return wrong("expected 'from' or 'last'");
  }
  BL_TRY(question.from, line.time());
  if (!line.has("to")) {
    return wrong("expected 'to'");
  }
  BL_TRY(question.to, line.time());
  BL_CHECK(line.end());
  return question;
}

template <class T>
Status add(Script& script, int number, Result<T> what) {
  if (!what) {
    return std::move(what).error();
  }
  script.steps.push_back({number, *std::move(what)});
  return {};
}

class Reader {
 public:
  Status line(const std::string& text, int number);
  Result<Script> finish();

 private:
  enum class Block : std::uint8_t {
    none,
    commits,
    paths,
    tags,
    branches,
    removed_tags,
    deployments,
    jobs,
    runs,
    changes,
    change_events,
    incidents,
    incident_events,
    incident_links,
    removed_incident_links,
    question,
    answer
  };

  Status directive(const Words& words, int number);
  Status row(const Words& words, int number);

  Script script_;
  Block block_ = Block::none;
};

// A line that begins outside a block: a statement of its own, or the head of a block.
Status Reader::directive(const Words& words, int number) {
  static const std::map<std::string, Block> kHeads{
      {"commits", Block::commits},
      {"paths", Block::paths},
      {"tags", Block::tags},
      {"branches", Block::branches},
      {"deployments", Block::deployments},
      {"changes", Block::changes},
      {"change events", Block::change_events},
      {"jobs", Block::jobs},
      {"runs", Block::runs},
      {"remove tags", Block::removed_tags},
      {"incidents", Block::incidents},
      {"incident events", Block::incident_events},
      {"incident links", Block::incident_links},
      {"remove incident links", Block::removed_incident_links}};
  if (const auto head = kHeads.find(fmt::format("{}", fmt::join(words, " ")));
      head != kHeads.end()) {
    block_ = head->second;
    return {};
  }
  Line rest(Words(words.begin() + 1, words.end()), script_.zone);
  if (words[0] == "zone") {
    BL_TRY(script_.zone, rest.word("the name of the time zone"));
    BL_TRY(const TimeZone zone, TimeZone::find(script_.zone));
    return rest.end();
  }
  if (words[0] == "service") {
    return add(script_, number, read_service(rest));
  }
  if (words[0] == "in") {
    BL_TRY(const std::string identity, rest.word("the repository"));
    script_.steps.push_back({number, Repository{identity}});
    return rest.end();
  }
  if (words[0] == "coverage") {
    return add(script_, number, read_coverage(rest));
  }
  if (words[0] == "kpi") {
    block_ = Block::question;
    return add(script_, number, read_question(rest));
  }
  return wrong(fmt::format("'{}' is not a statement; see README.md", words[0]));
}

Status Reader::row(const Words& words, int number) {
  Line line(words, script_.zone);
  switch (block_) {
    case Block::commits:
      return add(script_, number, read_commit(line));
    case Block::paths:
      return add(script_, number, read_paths(line));
    case Block::tags:
      return add(script_, number, read_ref(line, true, false));
    case Block::removed_tags:
      return add(script_, number, read_ref(line, true, true));
    case Block::branches:
      return add(script_, number, read_ref(line, false, false));
    case Block::deployments:
      return add(script_, number, read_deployment(line));
    case Block::jobs:
      return add(script_, number, read_ci_end(line, true));
    case Block::runs:
      return add(script_, number, read_ci_end(line, false));
    case Block::changes:
      return add(script_, number, read_change(line));
    case Block::change_events:
      return add(script_, number, read_change_event(line));
    case Block::incidents:
      return add(script_, number, read_incident(line));
    case Block::incident_events:
      return add(script_, number, read_incident_event(line));
    case Block::incident_links:
      return add(script_, number, read_incident_link(line, false));
    case Block::removed_incident_links:
      return add(script_, number, read_incident_link(line, true));
    case Block::question:
      block_ = Block::answer;
      return words == Words{"----"} ? Status() : wrong("expected '----' and then the answer");
    case Block::answer:
      std::get<Question>(script_.steps.back().what)
          .expected.push_back(fmt::format("{}", fmt::join(words, " ")));
      return {};
    case Block::none:
      break;
  }
  return directive(words, number);
}

Status Reader::line(const std::string& text, int number) {
  const Words words = words_of(text.substr(0, text.find('#')));
  if (words.empty()) {
    const bool is_blank = text.find('#') == std::string::npos;
    if (is_blank && block_ == Block::question) {
      return wrong("expected '----' and then the answer");
    }
    block_ = is_blank ? Block::none : block_;
    return {};
  }
  return row(words, number);
}

Result<Script> Reader::finish() {
  bool asks = false;
  for (const Step& step : script_.steps) {
    asks = asks || std::holds_alternative<Question>(step.what);
  }
  if (!asks || block_ == Block::question) {
    return wrong("nothing is asked: a test needs a 'kpi' with an answer");
  }
  return std::move(script_);
}

}  // namespace

std::string tidy(const std::string& line) {
  return fmt::format("{}", fmt::join(words_of(line), " "));
}

Result<Script> read_script(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) {
    return wrong(file + ": cannot be read");
  }
  Reader reader;
  std::string text;
  int number = 0;
  while (std::getline(stream, text)) {
    ++number;
    Status read = reader.line(text, number);
    if (!read) {
      return std::move(read).error().with(fmt::format("{}:{}", file, number));
    }
  }
  Result<Script> script = reader.finish();
  return script ? std::move(script) : Result<Script>(std::move(script).error().with(file));
}

}  // namespace baselined::kpi_text
