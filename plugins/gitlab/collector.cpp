#include "collector.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "commits.h"
#include "deployments.h"
#include "incidents.h"
#include "merge_requests.h"
#include "pipelines.h"
#include "task.h"

namespace baselined::gitlab {
namespace {

constexpr std::size_t kNamed = 5;
constexpr int kUnanswered = 3;  // of a run: more than that, and GitLab itself is away

struct Part {
  std::string_view name;
  std::string_view list;  // of which a probe asks one item
  bool Project::*is_enabled;
  bool Options::*is_wanted;  // null: always
  void (*collect)(Task&);
};

// What costs the most comes last: the first run may end before it does.
constexpr std::array<Part, 5> kParts{{
    {"deployments", "deployments", &Project::has_ci, nullptr, collect_deployments},
    {"commits", "repository/commits", &Project::has_commits, &Options::commits, collect_commits},
    {"incidents", "issues", &Project::has_issues, nullptr, collect_incidents},
    {"merge requests", "merge_requests", &Project::has_merge_requests, nullptr,
     collect_merge_requests},
    {"pipelines", "pipelines", &Project::has_ci, nullptr, collect_pipelines},
}};

constexpr std::string_view kBeginAfter = "project";  // a cursor: the id of one

// Each project is the first one in its turn: what a run has for all of them, the first one may use
// up.
void begin_after(const std::string& id, std::vector<Project>& projects) {
  const auto found = std::find_if(projects.begin(), projects.end(), [&](const Project& project) {
    return std::to_string(project.id) == id;
  });
  if (found != projects.end()) {
    std::rotate(projects.begin(), std::next(found), projects.end());
  }
}

void put_begin_after(Run& run, const Project& project) {
  if (!run.is_probe()) {
    run.commit(kBeginAfter, std::to_string(project.id));
  }
}

std::string advice(int http_status) {
  switch (http_status) {
    case 403:
      return "HTTP 403: the token may not read them. It needs the scope read_api, and its user the "
             "role Reporter or higher in the project";
    case 404:
      return "HTTP 404: there is no such thing, or the token may not see it. Is the path right, is "
             "its user a member?";
    default:
      return "HTTP " + std::to_string(http_status);
  }
}

std::string summary(const std::vector<std::string>& bad) {
  std::string text = "not everything could be collected: ";
  for (std::size_t at = 0; at < std::min(bad.size(), kNamed); ++at) {
    text += (at == 0 ? "" : "; ") + bad[at];
  }
  return bad.size() <= kNamed ? text
                              : text + "; and " + std::to_string(bad.size() - kNamed) + " more";
}

}  // namespace

Collector::Collector(std::string_view options, Run& /*run*/) : options_(parse_options(options)) {}

void Collector::note(Run& run, const std::string& what, const HttpFailure& failure, Tally& tally) {
  constexpr int kForbidden = 403;
  tally.is_refused = tally.is_refused || failure.http_status() == kForbidden;
  tally.bad.push_back(what + ": " + advice(failure.http_status()));
  run.warn(tally.bad.back());
}

// Inside of a catch. What GitLab takes too long for is no reason not to read the others.
void Collector::note_unanswered(Run& run, const std::string& what, const Failure& failure,
                                Tally& tally) {
  if (failure.status() != BL_ERR_TRANSIENT || ++tally.n_unanswered > kUnanswered) {
    throw;
  }
  tally.bad.push_back(what + ": no answer, or HTTP 5xx");
  run.warn(tally.bad.back());
}

void Collector::collect(Run& run) {
  Api api(run);
  Tally tally;
  std::vector<Project> projects;
  for (const std::string& pattern : options_.projects) {
    find(run, api, pattern, projects, tally);
  }
  begin_after(run.cursor(kBeginAfter), projects);
  // Where a run ends within a project, the next one begins with it, as it may need more than the
  // others left; and within the first one, with the others.
  const Project* before = projects.empty() ? nullptr : &projects.front();
  for (const Project& project : projects) {
    put_begin_after(run, *before);
    before = &project;
    collect_project(run, api, project, projects, tally);
  }
  if (projects.size() > 1) {
    put_begin_after(run, projects.front());
  }
  if (tally.bad.empty()) {
    return;
  }
  if (tally.n_unanswered > 0) {
    throw Failure(BL_ERR_TRANSIENT, summary(tally.bad));
  }
  // A token that may read nothing waits for another one; with one that may read a part, the part is
  // collected again and again.
  throw Failure(tally.n_good == 0 && tally.is_refused ? BL_ERR_AUTH : BL_ERR_DATA,
                summary(tally.bad));
}

void Collector::find(Run& run, Api& api, const std::string& pattern, std::vector<Project>& projects,
                     Tally& tally) {
  std::vector<Project> found;
  try {
    if (has_wildcard(pattern)) {
      found = find_projects(api, pattern);
    } else {
      found.push_back(read_project(api, pattern));
    }
  } catch (const HttpFailure& failure) {
    note(run, pattern, failure, tally);
  } catch (const Failure& failure) {
    note_unanswered(run, pattern, failure, tally);
  } catch (const Malformed& malformed) {
    throw Failure(BL_ERR_DATA, pattern + ": " + malformed.what() + ": does GitLab answer there?");
  }
  if (found.empty() && has_wildcard(pattern)) {
    run.warn("'" + pattern + "' matches no project");
  }
  for (Project& project : found) {
    if (tally.ids.insert(project.id).second) {
      projects.push_back(std::move(project));
    }
  }
}

void Collector::collect_project(Run& run, Api& api, const Project& project,
                                const std::vector<Project>& projects, Tally& tally) {
  Turns turns(run, project, options_.commits && project.has_commits);
  for (const Part& part : kParts) {
    if (part.is_wanted != nullptr && !(options_.*part.is_wanted)) {
      continue;
    }
    if (!(project.*part.is_enabled)) {
      run.debug(project.path + ": " + std::string(part.name) + " are switched off in the project");
      continue;
    }
    try {
      if (run.is_probe()) {
        api.get(project.url(part.list) + "?per_page=1");
      } else {
        Task task({run, api, options_, project, projects, turns});
        part.collect(task);
      }
      ++tally.n_good;
    } catch (const HttpFailure& failure) {
      note(run, project.path + ": " + std::string(part.name), failure, tally);
    } catch (const Failure& failure) {
      note_unanswered(run, project.path + ": " + std::string(part.name), failure, tally);
    }
  }
  if (!run.is_probe()) {
    turns.commit();
  }
}

}  // namespace baselined::gitlab
