"""Collects Apache DevLake's GitLab fixtures through the real daemon, broker and worker, every fifth
request refused, and compares with what DevLake makes of them. Known to be wrong there, and not
compared: a job that was cancelled is a failure, a deployment in the undocumented state "completed" a
success."""
import csv
import datetime
import hashlib
import re
import unittest

import gitlab_replay
from harness import BUILD, GitRepository, IntegrationTest
from http_site import HttpSite, connection

TOKEN = "glpat-of-the-fixtures-1"
QUIET = 6  # requests of a project in which nothing happened
RESULTS = {"success": "SUCCESS", "failure": "FAILURE"}
STATES = {"open": "OPEN", "merged": "MERGED", "closed": "CLOSED"}


def snapshot(name):
    file = gitlab_replay.FIXTURES / "backend/plugins/gitlab/e2e/snapshot_tables" / f"{name}.csv"
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def number(identity):
    """The last part of gitlab:GitlabJob:1:100."""
    return identity.rsplit(":", 1)[1]


def time_of(text):
    """A time of the fixtures, some of which have no leading zeros."""
    parts = [int(part) for part in re.findall(r"\d+", text)[:6]]
    return datetime.datetime(*parts, tzinfo=datetime.timezone.utc)


def stamp(text):
    return time_of(text).strftime("%Y-%m-%dT%H:%M:%SZ")


def micros(text):
    if not text:
        return None
    time = datetime.datetime.fromisoformat(text)
    return round(time.timestamp() * 1e6)


@unittest.skipUnless(gitlab_replay.is_there(), "the fixtures are not here: ../shared/data/devlake")
class GitlabFixtures(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.fixtures = gitlab_replay.Fixtures()

    def collector_site(self, url, projects='["gitlab-data/snowflake_spend", "merico/pip_test"]',
                       more=""):
        site = HttpSite(self.folder / "site", BUILD / "plugins")
        auth = f'{{ kind = "header", header = "PRIVATE-TOKEN", value = {site.secret("token", TOKEN)} }}'
        site.write_text(connection("forge", url, auth) + f"""
[[collector]]
name = "forge"
plugin = "gitlab"
allow = ["http"]
connection = "forge"
timeout = "10m"
options = {{ projects = {projects}, incident_labels = ["Enhancement"] }}
{more}
""")
        return site

    def collect(self, site):
        report, done = site.outcome("forge")
        self.assertEqual(report["outcome"], "ok", done)
        return report

    def test_all_of_it_comes_though_every_fifth_request_is_refused_and_pages_are_short(self):
        with gitlab_replay.serving(self.fixtures, limit_every=5, most=7) as (url, asked):
            site = self.collector_site(url)
            self.collect(site)
            again = self.collect(site)
            self.assertEqual([again[key] for key in ("inserted", "updated", "removed")], [0, 0, 0])
            self.assertTrue(asked)
        self.compare_changes(site)
        self.compare_jobs(site)
        self.compare_pipelines(site)
        self.compare_deployments(site)

    def rows(self, site, sql):
        with site._database() as database:
            return database.execute(sql).fetchall()

    def compare_changes(self, site):
        expected = {row["pull_request_key"]: row for row in snapshot("pull_requests")
                    if number(row["base_repo_id"]) == "12345678"}
        found = self.rows(site, "SELECT change, state, created_at, merged_at, base FROM view_change_1")
        self.assertEqual(len(found), 18)
        for change, state, created_at, merged_at, base in found:
            row = expected[change]
            self.assertEqual((STATES[state], created_at, merged_at, base),
                             (row["status"], micros(row["created_date"]),
                              micros(row["merged_date"]), row["base_ref"]), change)
        landed = dict(self.rows(site, "SELECT change, sha FROM view_change_commit_1"
                                      " WHERE role = 'landed_merge'"))
        self.assertEqual(landed, {key: row["merge_commit_sha"] for key, row in expected.items()
                                  if key in dict(landed)})
        self.assertEqual(len(landed), 10)
        sources = self.rows(site, "SELECT sha, authored_at FROM view_change_commit_1"
                                  " WHERE role = 'source'")
        times = {row["commit_sha"]: micros(row["commit_authored_date"])
                 for row in snapshot("pull_request_commits")}
        raw = [commit for path, commits in self.fixtures.lists.items()
               if path.endswith("/commits") for commit in commits]
        of_stored = {change for change, *_ in found}
        stored_raw = [commit["id"] for path, commits in self.fixtures.lists.items()
                      if path.endswith("/commits") and path.split("/")[-2] in of_stored
                      for commit in commits]
        self.assertEqual(sorted(sha for sha, _ in sources), sorted(stored_raw))
        self.assertTrue(raw)
        for sha, authored_at in sources:
            if sha in times:
                self.assertEqual(authored_at, times[sha], sha)

    def compare_jobs(self, site):
        expected = {number(row["id"]): row for row in snapshot("cicd_tasks")}
        found = self.rows(site, "SELECT job, run, name, result, original_result, created_at,"
                                " started_at, finished_at FROM view_ci_job_1")
        self.assertEqual(len(found), len(expected))
        for job, run, name, result, original, *times in found:
            row = expected[job]
            self.assertEqual((run, name, original, times[:2]), (
                number(row["pipeline_id"]), row["name"], row["original_status"],
                [micros(row["created_date"]), micros(row["started_date"])]), job)
            if result in RESULTS:
                self.assertEqual((RESULTS[result], times[2]),
                                 (row["result"], micros(row["finished_date"])), job)
            else:
                self.assertEqual(result, {"canceled": "cancelled", "skipped": "skipped"}.get(original))

    def compare_pipelines(self, site):
        found = {run: rest for run, *rest in self.rows(
            site, "SELECT run, result, created_at, started_at, finished_at FROM view_ci_run_1")}
        for row in snapshot("cicd_pipelines"):
            result, *times = found[number(row["id"])]
            self.assertEqual((RESULTS[result], *times), (
                row["result"], micros(row["created_date"]), micros(row["started_date"]),
                micros(row["finished_date"])), row["id"])
        listed = {str(item["id"]) for item in self.fixtures.of("/projects/12345678/pipelines")}
        self.assertTrue(listed <= found.keys())

    def compare_deployments(self, site):
        expected = snapshot("cicd_deployments")
        found = self.rows(
            site, "SELECT d.sha, d.environment, s.state, s.at FROM view_deployment_1 d JOIN"
                  " view_deployment_status_1 s USING (origin, deployment, environment)"
                  " WHERE state IN ('success', 'failure') AND NOT is_guess")
        shas = {row["cicd_deployment_id"]: row["commit_sha"]
                for row in snapshot("cicd_deployment_commits")}
        ended = [(shas[row["id"]], row["environment"], row["result"].lower(),
                  micros(row["finished_date"])) for row in expected
                 if row["original_status"] in ("success", "failed") and row["finished_date"]]
        self.assertEqual(sorted(found), sorted(ended))
        self.assertEqual(len(expected), self.rows(site, "SELECT count(*) FROM view_deployment_1")[0][0])

    def test_cycle_times_of_the_dora_fixtures(self):
        """DevLake's own pull requests, in a history in which its deployments contain what its table of
        differences says. PR 1 and 2 have the cycles that DevLake gives them, to the minute."""
        folder = gitlab_replay.FIXTURES / "backend/plugins/dora/e2e/change_lead_time"

        def table(name):
            with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as rows:
                return list(csv.DictReader(rows))

        repository = GitRepository(self.folder / "repo1")
        repository.git("remote", "add", "origin", "https://gitlab.com/gitlab-data/snowflake_spend.git")
        shas = {name: repository.commit(1_640_000_000 + number) for number, name in enumerate((
            "pr_merge_commit0", "commit1", "pr_merge_commit1", "pr_merge_commit2", "commit5",
            "pr_merge_commit4"))}
        gitlab = gitlab_replay.Gitlab({12345678: "gitlab-data/snowflake_spend"})
        gitlab.projects[12345678]["http_url_to_repo"] = (
            "https://gitlab.com/gitlab-data/snowflake_spend.git")
        pulls = [row for row in table("pull_requests") if row["id"] in ("pr0", "pr1", "pr2", "pr4")]
        root = "/projects/12345678"
        for number, row in enumerate(pulls):
            merged = stamp(row["merged_date"])
            gitlab.of(f"{root}/merge_requests").append({
                "id": number + 1, "iid": number, "state": "merged", "target_branch": "main",
                "created_at": stamp(row["created_date"]), "updated_at": merged, "merged_at": merged,
                "merge_commit_sha": shas[row["merge_commit_sha"]]})
            gitlab.lists[f"{root}/merge_requests/{number}/commits"] = [
                {"id": hashlib.sha1(each["commit_sha"].encode()).hexdigest(),
                 "authored_date": stamp(each["commit_authored_date"])}
                for each in table("pull_request_commits") if each["pull_request_id"] == row["id"]]
        for row in table("cicd_deployment_commits"):
            if row["commit_sha"] in ("commit1", "commit5"):
                gitlab.of(f"{root}/deployments").append({
                    "id": int(row["id"]), "iid": int(row["id"]), "sha": shas[row["commit_sha"]],
                    "status": "success", "created_at": row["started_date"],
                    "updated_at": row["finished_date"],
                    "environment": {"id": 1, "name": "live", "tier": row["environment"].lower()},
                    "deployable": {"id": 1, "finished_at": row["finished_date"]}})
        with gitlab_replay.serving(gitlab) as (url, _):
            site = self.collector_site(url, '["gitlab-data/snowflake_spend"]', f"""
[[collector]]
name = "code"
plugin = "git"
allow = ["fs_read"]
options = {{ repositories = ["{repository.path}"] }}

[[service]]
name = "spend"
repositories = ["gitlab.com/gitlab-data/snowflake_spend"]
deployment_environments = "production"
""")
            self.collect(site)
            site.run("collect", "code")
            shown = site.json("kpi", "show", "dora_change_lead_time", "--service", "spend",
                              "--from", "2023-01-01", "--to", "2023-12-31")
        leads = dict(self.rows(site, "SELECT number, lead_us / 60e6 FROM fact_shipped_change"
                                     " WHERE is_seed = 0"))
        expected = {row["id"]: row for row in table("project_pr_metrics")}
        self.assertEqual(sorted(leads), ["1", "2"])
        for number, lead in leads.items():
            cycle = int(expected[f"pr{number}"]["pr_cycle_time"])
            self.assertTrue(cycle - 1 <= lead <= cycle, (number, lead, cycle))
        self.assertEqual(shown["n"], 2)
        # PR 4 was not deployed: no cycle time, but an exclusion. DevLake gives it one.
        self.assertEqual(shown["excluded"], {"first_deployment": 1, "not_deployed": 1})

    def test_a_quiet_project_costs_six_requests(self):
        for items in self.fixtures.lists.values():  # nothing runs any more
            for item in items:
                if item.get("status") in ("created", "running", "pending", "preparing",
                                          "waiting_for_resource"):
                    item["status"] = "failed"
        with gitlab_replay.serving(self.fixtures) as (url, asked):
            site = self.collector_site(url, '["gitlab-data/snowflake_spend"]')
            site.config.write_text(site.config.read_text().replace(
                ', incident_labels = ["Enhancement"]', ""))
            self.collect(site)
            before = len(asked)
            self.collect(site)
            self.assertLessEqual(len(asked) - before, QUIET, asked[before:])


if __name__ == "__main__":
    unittest.main()
