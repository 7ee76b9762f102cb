"""The GitLab collector against a GitLab in memory, through the real broker and worker: what changes
while it is read, what is refused, what makes no sense, and what a second run costs."""
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import sqlite3
import time
import unittest

from gitlab_server import Gitlab, serving
from harness import BUILD, GitRepository, IntegrationTest, wait_for
from http_site import HttpSite, connection

TOKEN = "glpat-of-the-test-7f3a"
SHOP, OTHER = 7, 8
IDENTITY = "gitlab.test/group/shop"
USER = {"id": 3, "username": "ada-of-the-test"}
REVIEWER = {"id": 4, "username": "bob-of-the-test"}


def at(minute, day=1):
    return f"2026-03-{day:02}T{minute // 60:02}:{minute % 60:02}:00.000Z"


def sha(number):
    return f"{number:040x}"


def merge_request(number, minute, **more):
    return {"id": 1000 + number, "iid": number, "state": "opened", "draft": False,
            "created_at": at(minute), "updated_at": at(minute), "target_branch": "main",
            "author": USER, "labels": [], "sha": sha(number), "description": None, **more}


def pipeline(number, minute, status="success", **more):
    return {"id": number, "status": status, "sha": sha(number), "ref": "main", "source": "push",
            "created_at": at(minute), "updated_at": at(minute), "started_at": at(minute),
            "finished_at": at(minute + 1), "queued_duration": 30, **more}


def deployment(number, minute, status="success", **more):
    return {"id": 500 + number, "iid": number, "status": status, "sha": sha(number), "ref": "main",
            "created_at": at(minute), "updated_at": at(minute + 5),
            "environment": {"id": 1, "name": "live", "tier": "production"},
            "deployable": {"id": 900 + number, "started_at": at(minute + 1),
                           "finished_at": at(minute + 2)}, **more}


def incident(number, minute, **more):
    return {"id": 700 + number, "iid": number, "issue_type": "incident", "state": "opened",
            "created_at": at(minute), "updated_at": at(minute), "labels": [], "severity": "HIGH",
            "description": "", **more}


def micros(minute):
    return round(datetime.datetime.fromisoformat(at(minute)[:-1] + "+00:00").timestamp() * 1e6)


def event(number, minute, *tags, action="comment", note="A note of-the-test"):
    """Of the timeline of an incident."""
    return {"id": f"gid://gitlab/IncidentManagement::TimelineEvent/{number}", "action": action,
            "occurredAt": at(minute), "note": note,
            "timelineEventTags": {"nodes": [{"name": tag} for tag in tags]}}


def commit(number, minute, *parents, **more):
    return {"id": sha(number), "parent_ids": [sha(parent) for parent in parents],
            "title": "A title of the test", "author_name": "Ada of-the-test",
            "author_email": "Ada-of-the-test@example.org", "authored_date": at(minute),
            "committed_date": at(minute), **more}


def exchanges(folder):
    """Questions and answers of a cassette."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("[0-9]*.json"))]


class GitlabCollector(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.gitlab = Gitlab({SHOP: "group/shop", OTHER: "group/other"})

    def place(self, what, project=SHOP):
        return self.gitlab.of(f"/projects/{project}/{what}")

    def site_of(self, url, projects=("group/shop",), options="", more=""):
        site = HttpSite(self.folder / "site", BUILD / "plugins")
        self.sites.append(site)
        auth = f'{{ kind = "header", header = "PRIVATE-TOKEN", value = {site.secret("token", TOKEN)} }}'
        site.write_text(connection("forge", url, auth) + f"""
[[collector]]
name = "forge"
plugin = "gitlab"
allow = ["http"]
connection = "forge"
options = {{ projects = {json.dumps(projects)}{options} }}
{more}
""")
        return site

    def collect(self, site, outcome="ok", *arguments):
        report, done = site.outcome("forge", *arguments)
        self.assertEqual(report["outcome"], outcome, done)
        return report

    def rows(self, site, sql):
        with site._database() as database:
            return database.execute(sql).fetchall()

    def covered(self, site, contract):
        return self.rows(site, f"SELECT scope FROM coverage WHERE contract = '{contract}'")

    def coverage(self, site, contract, project="group/shop"):
        (reason, until), = self.rows(
            site, f"SELECT reason, to_us FROM coverage WHERE contract = '{contract}'"
                  f" AND scope = 'gitlab.test/{project}'")
        return reason, until

    def test_what_is_updated_while_pages_are_read_keeps_nothing_else_from_being_seen(self):
        for number in range(1, 21):
            self.place("merge_requests").append(merge_request(number, number))

        def touch(path, asked):
            """The first one moves to the end, and with it every other one up."""
            if path.endswith("/merge_requests") and len(touched) < 5 and asked.get("updated_after"):
                item = self.place("merge_requests")[len(touched)]
                item["updated_at"] = at(600 + len(touched))
                touched.append(item)

        touched = []
        self.gitlab.before = touch
        with serving(self.gitlab, most=4) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(len(touched), 5)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(20,)])
            self.assertEqual(self.coverage(site, "change/1")[0], "")

    def test_many_of_one_moment_are_read_page_by_page(self):
        for number in range(1, 31):
            self.place("merge_requests").append(merge_request(number, 60))
        with serving(self.gitlab, most=4) as (url, _):
            site = self.site_of(url)
            self.assertEqual(self.collect(site)["inserted"], 60)  # with their openings
            self.assertEqual(self.collect(site)["rows"]["change/1"], 0)

    def test_a_project_that_needs_more_than_the_others_leave_gets_on(self):
        self.gitlab = Gitlab({number: f"group/shop{number:02}" for number in range(1, 12)})
        self.place("merge_requests", 11).extend(merge_request(number, number)
                                                for number in range(1, 31))
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, ("group/*",), more="limits = { requests = 60 }")
            outcomes = [site.outcome("forge")[0]["outcome"] for _ in range(7)]
            self.assertEqual(outcomes[-1], "ok", outcomes)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(30,)])

    def test_a_project_that_is_not_answered_keeps_no_other_from_being_collected(self):
        self.place("merge_requests").append(merge_request(1, 1))
        self.gitlab.refused["/projects/group%2Fother$"] = (500, {"message": "500 Internal"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/other", "group/shop"))
            report = self.collect(site, "transient")
            self.assertIn("group/other: no answer, or HTTP 5xx", report["message"])
            self.assertEqual(self.coverage(site, "change/1")[0], "")
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(1,)])

    def test_a_run_that_was_cut_off_goes_on_where_it_was(self):
        for number in range(1, 31):
            self.place("merge_requests").append(merge_request(number, number))
        with serving(self.gitlab, most=5) as (url, _):
            site = self.site_of(url, more="limits = { requests = 40 }")
            self.collect(site, "limit")
            before, = self.rows(site, "SELECT count(*) FROM view_change_1")[0]
            self.assertGreater(before, 0)
            self.assertEqual(self.covered(site, "change/1"), [])
            for _ in range(5):
                report, _ = site.outcome("forge")
                if report["outcome"] == "ok":
                    break
            self.assertEqual(report["outcome"], "ok")
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(30,)])

    def test_a_project_that_needs_more_than_a_run_has_does_not_hold_up_the_others(self):
        for number in range(1, 81):
            self.place("merge_requests").append(merge_request(number, number))
        self.place("deployments").append(deployment(1, 10))
        self.place("merge_requests", OTHER).append(merge_request(1, 1))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/shop", "group/other"),
                                more="limits = { requests = 100 }")
            self.collect(site, "limit")
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_deployment_1"), [(1,)])
            self.collect(site, "limit")
            self.assertEqual(self.coverage(site, "change/1", "group/other")[0], "")
            for _ in range(4):
                report, _ = site.outcome("forge")
                if report["outcome"] == "ok":
                    break
            self.assertEqual(report["outcome"], "ok")
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(81,)])

    def test_a_run_that_may_not_ask_enough_for_a_page_gets_past_it_nevertheless(self):
        for number in range(1, 81):
            self.place("merge_requests").append(merge_request(number, number))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, more="limits = { requests = 25 }")
            count = 0
            for _ in range(25):
                report, done = site.outcome("forge")
                before, count = count, self.rows(site, "SELECT count(*) FROM view_change_1")[0][0]
                if report["outcome"] == "ok":
                    break
                self.assertEqual(report["outcome"], "limit", done)
                self.assertGreater(count, before)
                self.assertEqual(self.covered(site, "change/1"), [])
            self.assertEqual(report["outcome"], "ok")
            self.assertEqual(count, 80)

    def test_a_change_and_all_that_happened_to_it(self):
        self.place("merge_requests").append(merge_request(
            1, 10, state="merged", merged_at=at(60), merge_commit_sha=sha(90),
            squash_commit_sha=sha(91), labels=["bug"],
            description="This reverts merge request !77\n\nbecause"))
        below = f"/projects/{SHOP}/merge_requests/1/"
        self.gitlab.lists[below + "commits"] = [
            {"id": sha(1), "authored_date": "2026-03-01T01:00:00.000+02:00"}]
        notes = (("added 1 commit", True, USER), ("requested review from @bob", True, USER),
                 ("Looks good", False, REVIEWER), ("approved this merge request", True, REVIEWER),
                 ("changed the description", True, USER),
                 ("Done", False, {"id": 9, "username": "renovate-bot"}))
        self.gitlab.lists[below + "notes"] = [
            {"id": number, "body": body, "system": is_system, "author": author,
             "created_at": at(20 + number)}
            for number, (body, is_system, author) in enumerate(notes)]
        self.gitlab.lists[below + "resource_state_events"] = [
            {"id": 1, "state": "closed", "user": USER, "created_at": at(40)},
            {"id": 2, "state": "reopened", "user": USER, "created_at": at(41)},
            {"id": 3, "state": "merged", "user": REVIEWER, "created_at": at(60)}]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
        self.assertEqual(
            self.rows(site, "SELECT repository, change, state, base, labels, reverts, closed_at"
                            " FROM view_change_1"),
            [(IDENTITY, "1", "merged", "main", '["bug"]', "77", None)])
        self.assertEqual(
            self.rows(site, "SELECT sha, role, authored_at IS NULL FROM view_change_commit_1"
                            " ORDER BY role"),
            [(sha(90), "landed_merge", 1), (sha(91), "landed_squash", 1), (sha(1), "source", 0)])
        self.assertEqual(
            self.rows(site, "SELECT kind, is_author, is_bot FROM view_change_event_1 ORDER BY at"),
            [("opened", 1, 0), ("pushed", 1, 0), ("review_requested", 1, 0), ("commented", 0, 0),
             ("approved", 0, 0), ("commented", 0, 1), ("closed", 1, 0), ("reopened", 1, 0),
             ("merged", 0, 0)])
        stored = (site.state / "baselined.db").read_bytes()
        for name in (b"of-the-test", b"gitlab.test:3", b"Looks good", b"because"):
            self.assertNotIn(name, stored)

    def test_the_cassette_of_the_golden_test_is_what_a_run_records(self):
        """BL_RECORD_GITLAB=1 writes it again, for plugins/gitlab/tests/golden_test.cpp."""
        self.place("merge_requests").extend([
            merge_request(1, 10, state="merged", merged_at=at(60), merge_commit_sha=sha(90),
                          description="This reverts merge request !3"),
            merge_request(2, 20, state="closed", closed_at=at(25), author=None),
            merge_request(4, 30, draft=True)])
        below = f"/projects/{SHOP}/merge_requests/1/"
        self.gitlab.lists[below + "commits"] = [{"id": sha(1), "authored_date": at(5)}]
        self.gitlab.lists[below + "notes"] = [
            {"id": 1, "body": "approved this merge request", "system": True, "author": REVIEWER,
             "created_at": at(50)}]
        self.place("pipelines").append(pipeline(1, 12, "failed"))
        self.gitlab.lists[f"/projects/{SHOP}/pipelines/1/jobs"] = [
            {"id": 11, "name": "test", "stage": "test", "status": "failed", "ref": "main",
             "created_at": at(12), "started_at": at(13), "finished_at": at(14)}]
        self.place("deployments").extend([deployment(1, 70), deployment(2, 80, "failed")])
        self.place("issues").append(incident(1, 90, state="closed", closed_at=at(95),
                                             description="Caused-by: deployment 1"))
        self.gitlab.timelines[701] = [event(1, 85, "Start time"), event(2, 93, "Impact mitigated")]
        self.with_history()
        self.gitlab.of(f"/projects/{SHOP}/repository/tags").append(
            {"name": "v1", "target": sha(900), "commit": {"id": sha(2)}, "created_at": at(60)})
        self.gitlab.headers["Date"] = "Sun, 01 Mar 2026 12:00:00 GMT"
        folder = pathlib.Path(__file__).resolve().parents[2] / "plugins/gitlab/testdata/first_run"
        fresh = self.folder / "cassette"
        with serving(self.gitlab, most=2) as (url, _):
            site = self.site_of(url, options=', incident_labels = ["outage"], bot_pattern = "bot",'
                                             ' commits = true')
            done = site.run("collect", "forge", "--dry-run", "--record", str(fresh), check=False)
            self.assertEqual(done.returncode, 0, done)
        for file in fresh.iterdir():  # the port is another one each time
            file.write_text(re.sub(r"origin\.invalid:\d+", "origin.invalid", file.read_text()))
        if os.environ.get("BL_RECORD_GITLAB") and not os.environ.get("CI"):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(fresh, folder)
        self.assertEqual(exchanges(fresh), exchanges(folder))
        self.assertNotIn(TOKEN, "".join(file.read_text() for file in fresh.iterdir()))

    def test_a_merge_request_that_was_deleted_while_it_was_read_is_none(self):
        self.place("merge_requests").extend(merge_request(number, number) for number in (1, 2))

        def delete(path, _):
            if path.endswith("/merge_requests/1/notes"):
                self.place("merge_requests")[:] = self.place("merge_requests")[1:]

        self.gitlab.before = lambda path, asked: len(self.place("merge_requests")) == 2 and delete(
            path, asked)
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT change FROM view_change_1"), [("2",)])

    def test_a_page_of_which_the_token_may_see_nothing_is_not_the_last_one(self):
        self.place("merge_requests").append(merge_request(1, 10))
        self.gitlab.lists[f"/projects/{SHOP}/merge_requests/1/notes"] = [
            {"id": number, "body": "x", "system": False, "author": USER, "created_at": at(number),
             "secret": number < 7} for number in range(1, 9)]
        self.gitlab.hidden = lambda item: item.get("secret")
        with serving(self.gitlab, most=3) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT event FROM view_change_event_1"
                                             " WHERE kind = 'commented' ORDER BY event"),
                             [("note-7",), ("note-8",)])

    def test_pipelines_with_jobs_children_and_those_that_outside_tools_report(self):
        self.place("pipelines").extend([
            pipeline(1, 10, "failed"), pipeline(2, 20, "running", finished_at=None),
            pipeline(3, 30, updated_at=None, source="external")])
        self.gitlab.lists[f"/projects/{SHOP}/pipelines/1/jobs"] = [
            {"id": 11, "name": "test", "stage": "test", "status": "failed", "ref": "main",
             "failure_reason": "script_failure", "allow_failure": True, "created_at": at(10),
             "started_at": at(11), "finished_at": at(12), "queued_duration": 1.5},
            {"id": 12, "name": "test", "stage": "test", "status": "failed", "ref": "main",
             "failure_reason": "runner_system_failure", "created_at": at(10)}]
        self.gitlab.lists[f"/projects/{SHOP}/pipelines/1/bridges"] = [
            {"id": 13, "downstream_pipeline": {"id": 4, "project_id": SHOP}},
            {"id": 14, "downstream_pipeline": {"id": 5, "project_id": OTHER}},
            {"id": 15, "downstream_pipeline": None}]
        self.place("pipelines").append(pipeline(4, 15, source="parent_pipeline"))
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            runs = "SELECT run, result, original_result, parent_run FROM view_ci_run_1 ORDER BY run"
            self.assertEqual(self.rows(site, runs), [
                ("1", "failure", "failed", None), ("2", None, "running", None),
                ("3", "success", "success", None), ("4", "success", "success", "1")])
            self.assertEqual(
                self.rows(site, "SELECT job, result, allow_failure FROM view_ci_job_1 ORDER BY job"),
                [("11", "failure", 1), ("12", "infra_error", None)])
            waited = self.rows(site, "SELECT started_at - queued_at FROM view_ci_job_1"
                                     " WHERE job = '11'")
            self.assertEqual(waited, [(1_500_000,)])
            # It ends, and its update is not moved.
            self.place("pipelines")[1].update(status="success", finished_at=at(25))
            self.collect(site)
            self.assertEqual(self.rows(site, runs)[1], ("2", "success", "success", None))
            before = len(asked)
            self.collect(site)
            self.assertFalse([path for path in asked[before:] if "/pipelines/" in path])

    def test_the_first_run_does_not_turn_every_page_a_second_time(self):
        self.place("pipelines").extend(pipeline(number, number) for number in range(1, 41))
        self.place("pipelines").append(pipeline(20_000, 5, updated_at=None, source="external"))
        with serving(self.gitlab, most=4) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_ci_run_1"), [(41,)])
            self.assertLess(len([path for path in asked if "order_by=id" in path]), 2)
            self.place("pipelines").append(pipeline(20_001, 6, updated_at=None, source="external"))
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_ci_run_1"), [(42,)])

    def with_child(self, status):
        """Pipeline 1 and its child 4, in this state."""
        self.place("pipelines").append(pipeline(1, 10))
        self.gitlab.lists[f"/projects/{SHOP}/pipelines/1/bridges"] = [
            {"id": 13, "downstream_pipeline": {"id": 4, "project_id": SHOP}}]
        child = pipeline(4, 15, status, source="parent_pipeline", finished_at=None)
        self.place("pipelines").append(child)
        return child

    def test_a_child_that_ends_after_its_parent_keeps_the_parent(self):
        child = self.with_child("running")
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            child.update(status="failed", finished_at=at(50))
            self.collect(site)
            self.assertEqual(
                self.rows(site, "SELECT result, parent_run FROM view_ci_run_1 WHERE run = '4'"),
                [("failure", "1")])
            before = len(asked)
            self.collect(site)
            self.assertFalse([path for path in asked[before:] if "/pipelines/" in path])

    def test_a_child_that_is_tried_again_after_it_and_its_parent_ended_is_read_again(self):
        child = self.with_child("failed")
        self.gitlab.headers["Date"] = "Sun, 01 Mar 2026 00:17:00 GMT"
        result = "SELECT result, parent_run FROM view_ci_run_1 WHERE run = '4'"
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, options=", commits = true")
            self.collect(site)
            self.assertEqual(self.rows(site, result), [("failure", "1")])
            before = len(asked)
            for _ in range(4):
                self.collect(site)
            self.assertFalse([path for path in asked[before:] if "/pipelines/4" in path])
            child.update(status="success", updated_at=at(60))
            # Of a parent that was not collected.
            self.place("pipelines").append(pipeline(9, 61, source="parent_pipeline"))
            for _ in range(4):  # it takes turns with branches, tags and pipelines by number
                self.collect(site)
            self.assertEqual(self.rows(site, result), [("success", "1")])
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_ci_run_1"), [(2,)])
            # And again, by a run that asks for nothing else; then nothing is new.
            child.update(status="failed", updated_at=at(62))
            for _ in range(4):
                self.collect(site)
            self.assertEqual(self.rows(site, result), [("failure", "1")])
            begin = len(asked)
            for _ in range(4):
                before = len(asked)
                self.assertEqual(sum(self.collect(site)["rows"].values()), 0)
                self.assertLessEqual(len(asked), before + 6)
            for turn in ("/branches", "/tags", "/pipelines?order_by=id", "source=parent_pipeline"):
                self.assertEqual(len([path for path in asked[begin:] if turn in path]), 1, turn)

    def test_a_running_pipeline_that_makes_no_sense_does_not_end_the_run(self):
        child = self.with_child("running")
        self.place("merge_requests", OTHER).append(merge_request(1, 1))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/shop", "group/other"))
            self.collect(site)
            child["status"] = 7
            self.place("issues", OTHER).append(incident(1, 5))
            self.collect(site)
            self.assertIn("no text as status", self.coverage(site, "ci_run/1")[0])
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(1,)])

    def test_a_pipeline_that_is_updated_again_in_the_same_run_is_read_again(self):
        self.place("pipelines").extend(pipeline(number, number, "failed") for number in range(1, 9))

        def retry(path, _):
            if path.endswith("/pipelines/6"):
                self.place("pipelines")[0].update(status="success", updated_at=at(90))

        self.gitlab.before = retry
        with serving(self.gitlab, most=3) as (url, _):
            site = self.site_of(url)
            for _ in range(2):
                self.collect(site)
                self.assertEqual(self.rows(site, "SELECT result FROM view_ci_run_1"
                                                 " WHERE run = '1'"), [("success",)])

    def test_deployments_end_where_their_job_does(self):
        self.place("deployments").extend([
            deployment(1, 10), deployment(2, 20, "failed"), deployment(3, 30, "canceled"),
            deployment(4, 40, "running"), deployment(5, 50, deployable=None),
            deployment(6, 60, environment={"id": 2, "name": "try"})])
        self.gitlab.lists[f"/projects/{SHOP}/environments"] = [{"id": 2, "tier": "testing"}]
        self.gitlab.lists[f"/projects/{SHOP}/deployments/501/merge_requests"] = [
            merge_request(1, 5, project_id=SHOP), merge_request(9, 5, project_id=OTHER)]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(
                self.rows(site, "SELECT deployment, environment, environment_class"
                                " FROM view_deployment_1 ORDER BY deployment"),
                [(str(number), "live", "production") for number in range(1, 6)]
                + [("6", "try", "test")])
            ended = self.rows(
                site, "SELECT deployment, state, (at - created_at) / 60000000, is_guess"
                      " FROM view_deployment_status_1 JOIN view_deployment_1"
                      " USING (origin, deployment, environment)"
                      " WHERE state NOT IN ('queued', 'in_progress') ORDER BY deployment")
            self.assertEqual(ended, [("1", "success", 2, 0), ("2", "failure", 2, 0),
                                     ("3", "cancelled", 2, 0), ("5", "success", 5, 1),
                                     ("6", "success", 2, 0)])
            self.assertEqual(self.rows(site, "SELECT deployment, change FROM"
                                             " view_deployment_change_1"), [("1", "1")])

    def test_merge_requests_that_are_linked_after_a_deployment_ended_are_found(self):
        self.gitlab.headers["Date"] = "Sun, 01 Mar 2026 00:20:00 GMT"
        self.place("deployments").extend(
            [deployment(1, 8), deployment(2, 15), deployment(3, 16),
             deployment(4, 17, environment={"id": 2, "name": "review/one", "tier": "other"})])
        changes = "SELECT deployment, change FROM view_deployment_change_1"
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            for number in (1, 2, 4):
                self.gitlab.lists[f"/projects/{SHOP}/deployments/{500 + number}/merge_requests"] = [
                    merge_request(number, 5, project_id=SHOP)]
            del self.place("deployments")[2]
            self.gitlab.headers["Date"] = "Sun, 01 Mar 2026 00:40:00 GMT"
            self.collect(site)
            # The first one had ended ten minutes before it was read.
            self.assertEqual(self.rows(site, changes + " ORDER BY 1"), [("2", "2"), ("4", "4")])
            self.assertEqual(self.rows(site, "SELECT deployment FROM view_deployment_1 ORDER BY 1"),
                             [("1",), ("2",), ("4",)])
            before = len(asked)
            self.collect(site)
            self.assertLessEqual(len(asked), before + 6)

    def test_its_deployments_are_those_of_the_service_whose_commits_git_knows(self):
        """KPIs from both collectors, which meet in the repository and the commit."""
        repository = GitRepository(self.folder / "shop")
        repository.git("remote", "add", "origin", "git@gitlab.test:group/shop.git")
        noon = 1_772_366_400  # 1 March 2026
        commits = [repository.commit(noon + day * 86400) for day in range(4)]
        repository.tag("v1", noon + 86400)  # the rule names no tags
        self.place("deployments").extend([
            deployment(number, 12 * 60 + 60, sha=commits[day],
                       deployable={"id": number, "finished_at": at(13 * 60, day=day + 1)})
            for number, day in ((1, 0), (2, 1), (3, 3))])
        self.place("deployments").append(deployment(
            4, 60, sha=commits[2], environment={"id": 2, "name": "try", "tier": "testing"}))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, more=f"""
[[collector]]
name = "code"
plugin = "git"
allow = ["fs_read"]
options = {{ repositories = ["{repository.path}"] }}

[[service]]
name = "shop"
repositories = ["gitlab.test/group/shop"]
deployment_environments = "production"
""")
            asked = ("--service", "shop", "--from", "2026-03-01", "--to", "2026-03-11")
            site.run("collect", "code")
            before = site.json("kpi", "show", "dora_deployment_frequency", *asked)
            self.assertIsNone(before["stats"]["value"], before)  # the forge was not read yet
            self.collect(site)
            frequency = site.json("kpi", "show", "dora_deployment_frequency", *asked)
            self.assertEqual((frequency["n"], frequency["stats"]["value"]), (3, 0.3))
            lead = site.json("kpi", "show", "dora_commit_lead_time", *asked)
            # The second one shipped after an hour; the third and the fourth after a day and one hour.
            self.assertEqual((lead["n"], lead["stats"]["median"]), (3, 3600))
            # One more, found by the next run.
            self.place("deployments").append(deployment(
                5, 60, sha=commits[2], updated_at=at(1, day=9),
                deployable={"id": 5, "finished_at": at(0, day=9)}))
            self.collect(site)
            frequency = site.json("kpi", "show", "dora_deployment_frequency", *asked)
            self.assertEqual(frequency["n"], 4)
            # The last one went back to an older commit: the one before it failed.
            failed = site.json("kpi", "show", "dora_change_fail_rate", *asked)
            self.assertEqual((failed["n"], failed["stats"]["value"]), (4, 0.25))
            # And so did the second, says an incident.
            opened, closed = at(14 * 60, day=2), at(16 * 60, day=2)
            self.place("issues").append(incident(
                1, 0, state="closed", created_at=opened, updated_at=at(2, day=9), closed_at=closed,
                description="Caused-by: deployment 2"))
            self.collect(site)
            failed = site.json("kpi", "show", "dora_change_fail_rate", *asked)
            self.assertEqual((failed["n"], failed["stats"]["value"]), (4, 0.5))
            recovered = site.json("kpi", "show", "dora_failed_deployment_recovery_time", *asked)
            self.assertEqual((recovered["n"], recovered["stats"]["median"]), (2, (3 + 107) / 2 * 3600))

    def a_week_passes(self, site):
        """Since what was deleted was looked for."""
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            database.execute("UPDATE cursor SET value = json_set(value, '$.began', 0)"
                             " WHERE key LIKE '%/gone'")
            database.commit()

    def test_what_was_deleted_is_found_within_a_week_and_removed(self):
        self.place("merge_requests").extend(
            merge_request(number, number) for number in range(1, 111))
        self.place("issues").extend(incident(number, number) for number in range(1, 4))
        left = ("SELECT (SELECT count(*) FROM view_change_1),"
                " (SELECT count(*) FROM view_incident_1), (SELECT count(*) FROM open_item)")
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            del self.place("issues")[1]
            del self.place("merge_requests")[100], self.place("merge_requests")[10:30]
            self.collect(site)
            self.assertEqual(self.rows(site, left), [(110, 3, 113)])
            self.a_week_passes(site)
            self.place("merge_requests")[0]["iid"] = "1"  # which makes no sense
            # What the list does not answer, and is found by itself, stays.
            self.gitlab.hidden = lambda item: item["iid"] == 50
            for _ in range(4):
                before = len(asked)
                self.collect(site)
                self.assertLessEqual(len(asked), before + 6 + 20)
            self.assertEqual(self.rows(site, left), [(89, 2, 91)])
            before = len(asked)
            self.collect(site)
            self.assertLessEqual(len(asked), before + 6)

    def test_the_newest_that_were_deleted_are_found_too(self):
        self.place("merge_requests").extend(merge_request(number, number) for number in (1, 2, 3))
        self.place("issues").extend(incident(number, number) for number in (1, 2, 3))
        left = ("SELECT (SELECT max(change) FROM view_change_1),"
                " (SELECT max(incident) FROM view_incident_1)")
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            del self.place("merge_requests")[2], self.place("issues")[2]
            self.collect(site, "ok", "--full")  # which does not forget them
            self.assertEqual(self.rows(site, left), [("3", IDENTITY + "#3")])
            self.a_week_passes(site)
            self.collect(site)
            self.assertEqual(self.rows(site, left), [("2", IDENTITY + "#2")])
            # And where nothing is left.
            self.place("merge_requests").clear()
            self.place("issues").clear()
            self.a_week_passes(site)
            self.collect(site)
            self.assertEqual(self.rows(site, left), [(None, None)])

    REFS = "SELECT kind, name, target, tagged_at IS NULL FROM view_ref_1 ORDER BY 1, 2, 3"

    def with_history(self):
        """1 - 2 - 3 - 6 on main; 4, from 1 and written first, came in with 3; 5 is on a branch."""
        for item in (commit(1, 10), commit(2, 20, 1), commit(4, 5, 1), commit(3, 30, 2, 4),
                     commit(5, 35, 2), commit(6, 40, 3)):
            self.gitlab.commits[item["id"]] = item
        self.branch("main", 3, default=True)

    def branch(self, name, number, **more):
        branches = self.gitlab.of(f"/projects/{SHOP}/repository/branches")
        branches[:] = [item for item in branches if item["name"] != name]
        branches.append({"name": name, "commit": {"id": sha(number)}, **more})

    def collected(self, site):
        return sorted(int(number, 16) for number, in self.rows(
            site, "SELECT sha FROM view_commit_1"))

    def test_without_git_lead_times_follow_from_the_commits_that_the_forge_has(self):
        """By the commits that each deployment shipped first, whatever their dates and branches."""
        self.with_history()
        self.branch("main", 6, default=True)
        self.place("deployments").extend([
            deployment(number, 0, sha=sha(head), updated_at=at(minute), deployable={
                "id": number, "finished_at": at(minute)})
            for number, head, minute in ((1, 1, 60), (2, 2, 80), (3, 3, 90), (4, 6, 100))])
        with serving(self.gitlab, most=2) as (url, asked):
            site = self.site_of(url, options=', commits = true', more="""
[[service]]
name = "shop"
repositories = ["gitlab.test/group/shop"]
deployment_environments = "production"
""")
            of = ("--service", "shop", "--from", "2026-03-01", "--to", "2026-03-02")
            self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4, 6])
            frequency = site.json("kpi", "show", "dora_deployment_frequency", *of)
            self.assertEqual((frequency["n"], frequency["provisional"]), (4, False), frequency)
            lead = site.json("kpi", "show", "dora_commit_lead_time", *of)
            # 2 after 60 minutes; 3 after 60 and 4, which is older than them, after 85; 6 after 60.
            self.assertEqual((lead["n"], lead["stats"]["median"], lead["stats"]["p90"]),
                             (4, 3600, 4650), lead)
            self.assertEqual((lead["excluded"], lead["provisional"]),
                             ({"first_deployment": 1}, False))
            # Further runs over unchanged data: one asks for branches, one for tags.
            for _ in range(4):
                before = len(asked)
                self.assertEqual(sum(self.collect(site)["rows"].values()), 0)
                self.assertLessEqual(len(asked), before + 6)
            self.assertEqual(len([path for path in asked if "/repository/tags" in path]), 2)
            # What is rolled back to needs no commit, and one that went does not count.
            self.place("deployments").extend([
                deployment(5, 0, sha=sha(2), updated_at=at(110),
                           deployable={"id": 5, "finished_at": at(110)}),
                deployment(6, 0, sha=sha(77), updated_at=at(120),
                           deployable={"id": 6, "finished_at": at(120)})])
            self.collect(site)
            frequency = site.json("kpi", "show", "dora_deployment_frequency", *of)
            self.assertEqual((frequency["n"], sum(frequency["excluded"].values())), (5, 1), frequency)
            failed = site.json("kpi", "show", "dora_change_fail_rate", *of)
            self.assertEqual((failed["n"], failed["stats"]["value"]), (5, 0.2))
            before = len(asked)
            self.collect(site)
            self.assertFalse([path for path in asked[before:] if "/repository/commits" in path])
            stored = (site.state / "baselined.db").read_bytes()
            for name in (b"of-the-test", b"A title"):
                self.assertNotIn(name, stored)

    def test_commits_of_a_head_are_asked_for_once_and_only_what_is_new(self):
        self.with_history()
        with serving(self.gitlab, most=2) as (url, asked):
            site = self.site_of(url, options=', commits = true')
            self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4])
            # Main moves, a branch begins, and a branch that is no ref any more is deployed.
            self.branch("main", 6, default=True)
            self.branch("topic", 5)
            self.gitlab.commits[sha(7)] = commit(7, 50, 3)
            self.place("deployments").append(deployment(7, 60))
            before = len(asked)
            self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4, 5, 6, 7])
            self.assertEqual([path.split("ref_name=")[1].split("&")[0] for path in asked[before:]
                              if "ref_name=" in path],
                             [f"{sha(3)}..{sha(6)}", f"{sha(6)}..{sha(5)}", f"{sha(6)}..{sha(7)}"])

    def test_a_history_that_needs_more_than_a_run_has_goes_on_and_is_not_complete_before(self):
        for number in range(1, 41):
            self.gitlab.commits[sha(number)] = commit(number, number, *range(max(1, number - 1),
                                                                            number))
        self.branch("main", 40, default=True)
        self.branch("old", 20)
        with serving(self.gitlab, most=2) as (url, asked):
            site = self.site_of(url, options=', commits = true', more="limits = { requests = 12 }")
            for _ in range(2):
                self.collect(site, "limit")
                self.assertEqual(self.covered(site, "commit/1"), [])
            self.assertGreater(len(self.collected(site)), 10)
            report, _ = site.outcome("forge")
            self.assertEqual(report["outcome"], "ok")
            self.assertEqual(self.collected(site), list(range(1, 41)))
            self.assertEqual(self.coverage(site, "commit/1")[0], "")
            # Each page once: "old" came with main.
            pages = [path for path in asked if "ref_name=" in path]
            self.assertEqual(len(pages), len(set(pages)))
            self.assertFalse([path for path in pages if f"ref_name={sha(40)}&" not in path])

    def test_a_history_whose_base_went_is_read_from_the_beginning(self):
        self.with_history()
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', commits = true')
            self.collect(site)
            del self.gitlab.commits[sha(3)]  # main was moved back, and on
            self.gitlab.commits[sha(8)] = commit(8, 60, 9)
            self.gitlab.commits[sha(9)] = commit(9, 50, 2)
            self.branch("main", 8, default=True)
            self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4, 8, 9])
            self.assertEqual(self.coverage(site, "commit/1")[0], "")

    def test_a_commit_whose_date_is_out_of_range_has_none(self):
        self.with_history()
        self.gitlab.commits[sha(4)]["committed_date"] = "36812-02-20T00:36:16.000+00:00"
        self.gitlab.commits[sha(2)]["authored_date"] = "292278-01-01T00:00:00.000+00:00"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', commits = true')
            self.collect(site)
            self.assertEqual(self.coverage(site, "commit/1")[0], "")
            self.assertEqual(
                self.rows(site, "SELECT authored_at IS NULL, committed_at IS NULL"
                                " FROM view_commit_1 ORDER BY sha"),
                [(0, 0), (1, 0), (0, 0), (0, 1)])

    def test_a_tag_of_what_is_no_commit_is_left_out_and_counted(self):
        self.with_history()
        self.gitlab.of(f"/projects/{SHOP}/repository/tags").extend([
            {"name": "key", "target": sha(700), "commit": None, "created_at": None},
            {"name": "v1", "target": sha(1), "commit": {"id": sha(1)}, "created_at": None}])
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', commits = true')
            site.start()
            wait_for("its log line", lambda: "group/shop: 1 of the tags lead to no commit"
                     in site.log.read_text())
            wait_for("coverage", lambda: self.covered(site, "change/1"))
            self.assertEqual(self.rows(site, "SELECT kind, name FROM view_ref_1 ORDER BY 1"),
                             [("branch", "main"), ("tag", "v1")])
            self.assertEqual(self.coverage(site, "ref/1")[0], "")

    @contextlib.contextmanager
    def serving_a_commit_that_makes_no_sense(self):
        """Of the history the commit 4, which the coverage tells."""
        self.with_history()
        self.gitlab.commits[sha(4)]["parent_ids"] = ["x"]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', commits = true')
            self.collect(site)
            self.assertIn("no commit among parent_ids", self.coverage(site, "commit/1")[0])
            yield site

    def test_a_full_run_that_is_refused_forgets_nothing_of_what_is_missing(self):
        with self.serving_a_commit_that_makes_no_sense() as site:
            for pattern in ("/repository/", "/repository/tags", "/repository/commits"):
                self.gitlab.refused[pattern] = (403, {})
                self.collect(site, "data", "--full")
                self.gitlab.refused.clear()
                for _ in range(5):
                    self.collect(site)
                self.assertEqual(self.collected(site), [1, 2, 3])
                self.assertIn("no commit among parent_ids", self.coverage(site, "commit/1")[0],
                              pattern)
            # One that is cut off after all heads were found is gone on with.
            self.gitlab.commits[sha(4)]["parent_ids"] = [sha(1)]
            self.gitlab.refused["/repository/commits"] = (403, {})
            self.collect(site, "data", "--full")
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4])
            self.assertEqual(self.coverage(site, "commit/1")[0], "")

    def test_a_repository_that_is_not_found_keeps_the_heads_that_wait(self):
        """GitLab answers 404 for a moment, for the repository or for the project."""
        self.with_history()
        for number in (11, 12, 13, 14):
            self.gitlab.commits[sha(number)] = commit(number, 40 + number, 3)
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', commits = true')
            for _ in range(2):
                self.collect(site)
            self.assertEqual(self.collected(site), [1, 2, 3, 4])
            # Before the first head is read, between two, and when one was not in its list.
            for pattern, number, path in (("/repository/", 11, "/deployments"),
                                          ("", 12, f"{sha(3)}..{sha(12)}"),
                                          ("/repository/", 13, f"/commits/{sha(13)}")):
                self.place("deployments").append(deployment(number, 60 + number))

                def before(asked, query):
                    if asked.endswith(path) or query.get("ref_name") == path:
                        self.gitlab.refused[pattern] = (404, {"message": "404 Not Found"})

                self.gitlab.before = before
                if number == 13:  # its list is empty
                    kept = self.gitlab.commits.pop(sha(13))
                self.assertIn("commits: HTTP 404", self.collect(site, "data")["message"])
                self.assertIn("404", self.coverage(site, "commit/1")[0])
                self.gitlab.commits.setdefault(sha(13), kept if number == 13 else
                                               commit(13, 53, 3))
                self.gitlab.before = None
                self.gitlab.refused.clear()
                self.collect(site)
                self.assertIn(number, self.collected(site))
                self.assertEqual(self.coverage(site, "commit/1")[0], "")

    def test_commits_that_make_no_sense_or_are_refused_are_told_by_the_coverage(self):
        with self.serving_a_commit_that_makes_no_sense() as site:
            self.assertEqual(self.collected(site), [1, 2, 3])
            self.gitlab.commits[sha(4)]["parent_ids"] = [sha(1)]
            self.collect(site, "ok", "--full")
            self.assertEqual(self.collected(site), [1, 2, 3, 4])
            self.assertEqual(self.coverage(site, "commit/1")[0], "")
            self.gitlab.refused["/repository/"] = (403, {"error": "insufficient_scope"})
            report = self.collect(site, "data")
            self.assertIn("group/shop: commits: HTTP 403", report["message"])
            self.assertIn("403", self.coverage(site, "commit/1")[0])
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.coverage(site, "ref/1")[0], "")

    def test_tags_and_branches_are_those_of_the_repository(self):
        self.with_history()
        tags = self.gitlab.of(f"/projects/{SHOP}/repository/tags")
        tags.extend([
            {"name": "v1", "target": sha(900), "commit": {"id": sha(1)}, "created_at": at(60)},
            {"name": "v2", "target": sha(2), "commit": {"id": sha(2)}, "created_at": None},
            {"name": "gone", "target": sha(2), "commit": {"id": sha(2)}}])
        self.branch("topic", 5)
        self.branch("gone", 5)
        with serving(self.gitlab, most=2) as (url, _):
            site = self.site_of(url, options=', commits = true')
            self.collect(site)
            refs = [(kind, name, int(target, 16), is_bare)
                    for kind, name, target, is_bare in self.rows(site, self.REFS)]
            self.assertEqual(refs, [
                ("branch", "gone", 5, 1), ("branch", "main", 3, 1), ("branch", "topic", 5, 1),
                ("tag", "gone", 2, 1), ("tag", "v1", 900, 0), ("tag", "v2", 2, 1)])
            del tags[2]
            # What a list does not have, and is found by itself, stays.
            self.branch("fix/one", 5)
            self.collect(site)
            self.gitlab.hidden = lambda item: item.get("name") == "fix/one"
            tags[1].update(target=sha(3), commit={"id": sha(3)})
            branches = self.gitlab.of(f"/projects/{SHOP}/repository/branches")
            branches[:] = [item for item in branches if item["name"] != "gone"]
            self.branch("topic", 6)
            for _ in range(3):
                self.collect(site)
            refs = [(kind, name, int(target, 16), is_bare)
                    for kind, name, target, is_bare in self.rows(site, self.REFS)]
            self.assertEqual(refs, [
                ("branch", "fix/one", 5, 1), ("branch", "main", 3, 1), ("branch", "topic", 6, 1),
                ("tag", "v1", 900, 0), ("tag", "v2", 2, 1), ("tag", "v2", 3, 1)])

    def test_branches_that_were_deleted_in_great_number_hold_up_nothing(self):
        self.with_history()
        for number in range(120):
            self.branch(f"b{number}", 3)
        count = "SELECT count(*) FROM view_ref_1"
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, options=', commits = true')
            for _ in range(2):
                self.collect(site)
            self.assertEqual(self.rows(site, count), [(121,)])
            deleted_at = time.time() * 1_000_000
            branches = self.gitlab.of(f"/projects/{SHOP}/repository/branches")
            branches[1:] = [{"name": "new", "commit": {"id": sha(5)}}]
            # A repository that is not found keeps them, with the new one.
            self.gitlab.refused = {r"/branches/": (404, {}), "/repository/commits": (404, {})}
            for _ in range(3):
                report, _ = site.outcome("forge")
                if report["outcome"] != "ok":
                    break
            self.assertEqual(report["outcome"], "data")
            self.assertEqual(self.rows(site, count), [(122,)])
            self.gitlab.refused.clear()
            # A run that may ask for less than are missing gets on nevertheless.
            site = self.site_of(url, options=', commits = true', more="limits = { requests = 40 }")
            self.collect(site, "limit")
            self.assertEqual(self.rows(site, count), [(92,)])
            site = self.site_of(url, options=', commits = true')
            left = []
            for _ in range(8):
                before = len(asked)
                self.collect(site)
                self.assertLessEqual(len(asked), before + 6 + 56)
                left.append(self.rows(site, count)[0][0])
                if left[-1] > 2:
                    self.assertLessEqual(self.coverage(site, "ref/1")[1], deleted_at)
            self.assertEqual(sorted(set(left), reverse=True), [42, 2])
            self.assertIn(5, self.collected(site))

            def is_covered():
                self.collect(site)
                return self.coverage(site, "ref/1")[1] > deleted_at
            wait_for("the coverage to go on", is_covered)

    RUNS = "SELECT run FROM view_ci_run_1 ORDER BY cast(run AS int)"
    JOBS = "SELECT run FROM view_ci_job_1 ORDER BY cast(run AS int)"
    DEPLOYMENTS = "SELECT deployment FROM view_deployment_1 ORDER BY cast(deployment AS int)"

    def with_much_to_delete(self):
        """Deployments and pipelines 1 to 20 over three months, and 105 and 106, children of 5 and
        6. Each pipeline has a job. None is deleted for its age."""
        self.gitlab.projects[SHOP]["ci_delete_pipelines_in_seconds"] = None
        for number in range(1, 21):
            created = f"2026-{1 + number // 8:02}-03T12:{number:02}:00.000Z"
            self.place("deployments").append(deployment(number, 10 * number, created_at=created))
            self.place("pipelines").append(pipeline(number, 10 * number, created_at=created))
        for number in (5, 6):
            self.place("pipelines").append(
                pipeline(100 + number, 30, source="parent_pipeline", finished_at=None))
            self.gitlab.lists[f"/projects/{SHOP}/pipelines/{number}/bridges"] = [
                {"id": 1, "downstream_pipeline": {"id": 100 + number, "project_id": SHOP}}]
        for number in (*range(1, 21), 105, 106):
            self.gitlab.lists[f"/projects/{SHOP}/pipelines/{number}/jobs"] = [
                {"id": 1000 + number, "name": "test", "status": "success", "ref": "main"}]

    def delete(self, what, *numbers):
        self.place(what)[:] = [item for item in self.place(what)
                               if item.get("iid", item["id"]) not in numbers]

    def numbers(self, site, sql):
        return [int(number) for number, in self.rows(site, sql)]

    def test_deployments_and_pipelines_that_were_deleted_are_found_within_a_week(self):
        self.with_much_to_delete()
        with serving(self.gitlab, most=4) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            self.delete("deployments", 1, 9, 10, 20)
            self.delete("pipelines", 1, 2, 5, 105, 12, 20)
            self.assertEqual(sum(self.collect(site)["rows"].values()), 0)
            self.assertEqual(self.numbers(site, self.JOBS), [*range(1, 21), 105, 106])
            self.a_week_passes(site)
            # What a list does not have, and is found by itself, stays.
            self.gitlab.hidden = lambda item: item["id"] in (507, 8)
            for _ in range(4):
                before = len(asked)
                self.collect(site)
                self.assertLessEqual(len(asked), before + 6 + 30)
            self.assertEqual(self.numbers(site, self.DEPLOYMENTS),
                             [*range(2, 9), *range(11, 20)])
            # 1 and 2 are older than all that are left: that is their age.
            left = [1, 2, 3, 4, *range(6, 12), *range(13, 20), 106]
            self.assertEqual(self.numbers(site, self.RUNS), left)
            self.assertEqual(self.numbers(site, self.JOBS), left)
            before = len(asked)
            self.collect(site)
            self.assertLessEqual(len(asked), before + 6)
            # What is known of them is kept: the next week asks for none of those again.
            self.gitlab.hidden = None
            self.a_week_passes(site)
            before = len(asked)
            self.collect(site)
            self.assertEqual([path for path in asked[before:]
                              if path.split("?")[0].split("/")[-1].isdigit()
                              and "/projects/7/" in path], [])

    def test_what_gitlab_deletes_for_its_age_stays(self):
        self.with_much_to_delete()
        self.gitlab.projects[SHOP]["ci_delete_pipelines_in_seconds"] = 3600
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.delete("pipelines", 9, 10, 11)
            self.a_week_passes(site)
            self.collect(site)
            self.assertEqual(len(self.rows(site, self.RUNS)), 22)
            self.gitlab.projects[SHOP]["ci_delete_pipelines_in_seconds"] = None
            self.a_week_passes(site)
            self.collect(site)
            self.assertEqual(len(self.rows(site, self.RUNS)), 19)

    def test_where_it_is_not_told_how_long_pipelines_are_kept_all_stay(self):
        """GitLab deletes them in no order, and tells only some roles when."""
        self.with_much_to_delete()
        del self.gitlab.projects[SHOP]["ci_delete_pipelines_in_seconds"]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.delete("pipelines", *range(2, 19), 105, 106)
            self.a_week_passes(site)
            for _ in range(4):
                self.collect(site)
            self.assertEqual(len(self.rows(site, self.RUNS)), 22)
            self.assertEqual(len(self.rows(site, self.JOBS)), 22)

    def test_a_child_that_went_with_an_aged_parent_stays(self):
        """Child 900 of 1, which is older than all that are left, and 800 and 500 of 10."""
        self.gitlab.projects[SHOP]["ci_delete_pipelines_in_seconds"] = None
        self.place("pipelines").extend(pipeline(number, number) for number in (1, 10, 20))
        for parent, children in ((1, (900,)), (10, (500, 800))):
            self.place("pipelines").extend(
                pipeline(child, 30, source="parent_pipeline") for child in children)
            self.gitlab.lists[f"/projects/{SHOP}/pipelines/{parent}/bridges"] = [
                {"id": 1, "downstream_pipeline": {"id": child, "project_id": SHOP}}
                for child in children]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.delete("pipelines", 1, 900, 800)
            self.a_week_passes(site)
            for _ in range(2):
                self.collect(site)
            self.assertEqual(self.numbers(site, self.RUNS), [1, 10, 20, 500, 900])

    def test_a_list_that_is_refused_deletes_nothing(self):
        self.with_much_to_delete()
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.a_week_passes(site)
            for refusal in (404, 403, 500):
                self.gitlab.refused["/(deployments|pipelines)"] = (refusal, {})
                report, _ = site.outcome("forge")
                self.assertNotEqual(report["outcome"], "ok")
            self.assertEqual(len(self.rows(site, self.RUNS)), 22)
            self.assertEqual(len(self.rows(site, self.DEPLOYMENTS)), 20)
            # A project that went in this moment has no items.
            self.gitlab.refused = {r"/(deployments|pipelines)/\d+$": (404, {}),
                                   f"^/projects/{SHOP}$": (404, {})}
            self.gitlab.hidden = lambda item: item["id"] in (8, 508)
            self.collect(site)
            self.assertEqual(len(self.rows(site, self.RUNS)), 22)
            self.assertEqual(len(self.rows(site, self.DEPLOYMENTS)), 20)
            self.gitlab.hidden = None
            self.a_week_passes(site)
            # An item that may not be read is there.
            self.gitlab.refused = {r"/(deployments|pipelines)/\d+$": (403, {})}
            self.delete("deployments", 9)
            self.delete("pipelines", 9)
            self.collect(site)
            self.assertEqual(len(self.rows(site, self.RUNS)), 22)
            self.assertEqual(len(self.rows(site, self.DEPLOYMENTS)), 20)

    def test_what_is_not_found_because_the_project_is_not_stays(self):
        """Access is lost while an item is read, or while what was deleted is looked for."""
        items = {"merge_requests": merge_request, "issues": incident, "deployments": deployment,
                 "pipelines": pipeline}
        parts = {"merge_requests": "merge_requests/1/notes", "issues": "issues/1/closed_by",
                 "deployments": "deployments/501/merge_requests", "pipelines": "pipelines/1/jobs"}
        stored = ("SELECT (SELECT count(*) FROM view_change_1), (SELECT count(*) FROM"
                  " view_incident_1), (SELECT count(*) FROM view_deployment_1),"
                  " (SELECT count(*) FROM view_ci_run_1)")
        for what, item in items.items():
            self.place(what).extend(item(number, number) for number in range(1, 11))
        gone = (404, {"message": "404 Project Not Found"})

        def lose_access(path):
            def before(asked, _):
                if asked.endswith(path):
                    self.gitlab.refused[f"^/projects/{SHOP}(/|$)"] = gone
            return before

        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, stored), [(10, 10, 10, 10)])
            for what, path in parts.items():
                self.place(what)[0]["updated_at"] = at(600)
                self.gitlab.before = lose_access(path)
                self.assertIn("404", self.collect(site, "data")["message"])
                self.assertEqual(self.rows(site, stored), [(10, 10, 10, 10)], what)
                self.gitlab.before = None
                self.gitlab.refused.clear()
                self.collect(site)
            self.delete("deployments", 9, 7)
            self.a_week_passes(site)
            self.gitlab.before = lose_access("/deployments/507")  # after 9, which is gone
            site.outcome("forge")
            self.assertEqual(self.rows(site, stored), [(10, 10, 10, 10)])

    def test_a_search_that_finds_more_than_a_run_may_ask_for_goes_on(self):
        self.with_much_to_delete()
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            self.delete("deployments", *range(1, 21))
            self.a_week_passes(site)
            for left in (12, 4, 0):
                before = len(asked)
                self.collect(site)
                self.assertLessEqual(len([path for path in asked[before:]
                                          if "/deployments" in path]), 11)
                self.assertEqual(len(self.rows(site, self.DEPLOYMENTS)), left)

    def test_an_incident_that_was_deleted_while_it_was_read_is_none(self):
        self.place("issues").extend(incident(number, number) for number in (1, 2))

        def delete(path, _):
            if path.endswith("/issues/1/closed_by"):
                self.place("issues")[:] = self.place("issues")[-1:]

        self.gitlab.before = delete
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT incident FROM view_incident_1"),
                             [(IDENTITY + "#2",)])

    def test_incidents_their_events_and_what_they_say_of_deployments(self):
        self.place("issues").extend([
            incident(1, 10, state="closed", closed_at=at(40), updated_at=at(40),
                     labels=["service::shop", "p1"],
                     description="It broke.\r\nCaused-by: !12\nCaused-by: deployment 12\n"
                                 f"fixed-by: {sha(5)}\nCaused-by: a b\n"),
            incident(2, 20, issue_type="issue", labels=["outage"], severity="UNKNOWN"),
            incident(3, 30, issue_type="issue")])
        below = f"/projects/{SHOP}/issues/1/"
        self.gitlab.lists[below + "resource_state_events"] = [
            {"id": 1, "state": "closed", "created_at": at(20)},
            {"id": 2, "state": "reopened", "created_at": at(30)},
            {"id": 3, "state": "closed", "created_at": at(40)}]
        self.gitlab.lists[below + "closed_by"] = [
            {"iid": 13, "project_id": SHOP, "state": "merged"},
            {"iid": 14, "project_id": SHOP, "state": "closed"}]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', incident_labels = ["outage"]')
            self.collect(site)
        self.assertEqual(
            self.rows(site, "SELECT incident, state, severity, service_hint FROM view_incident_1"
                            " ORDER BY incident"),
            [(IDENTITY + "#1", "resolved", "HIGH", "shop"), (IDENTITY + "#2", "open", None, None)])
        self.assertEqual(
            self.rows(site, "SELECT kind FROM view_incident_event_1 WHERE incident LIKE '%#1'"
                            " ORDER BY at"),
            [("triggered",), ("resolved",), ("reopened",), ("resolved",)])
        self.assertEqual(
            self.rows(site, "SELECT deployment, role, refers_to, method FROM view_incident_link_1"
                            " ORDER BY deployment"),
            [("!12", "caused_by", "change", "description"),
             ("!13", "fixed_by", "change", "closed_by"),
             (sha(5), "fixed_by", "sha", "description"),
             ("12", "caused_by", "deployment", "description")])

    def test_an_incident_began_and_ended_when_its_timeline_says_so(self):
        self.place("issues").extend([
            incident(1, 60, updated_at=at(70)), incident(2, 62), incident(3, 63, labels=["outage"],
                                                                          issue_type="issue")])
        self.gitlab.timelines[701] = [
            event(11, 50, "Start time"), event(12, 55, "Impact detected"),
            event(13, 48, "Start time", "Cause identified"),
            event(14, 61, action="status", note="@ada-of-the-test changed the incident status to "
                                                "**Acknowledged**"),
            event(15, 62, note="changed the incident status to **Acknowledged**"),
            event(16, 64, "Response initiated"), event(17, 66, "Impact mitigated", "End time"),
            event(18, 69, action="status", note="@ada-of-the-test resolved the incident")]
        incidents = "SELECT substr(incident, -1), impact_started_at FROM view_incident_1 ORDER BY 1"
        events = ("SELECT event, kind, at FROM view_incident_event_1 WHERE incident LIKE '%#1'"
                  " ORDER BY at, event")
        with serving(self.gitlab, most=3) as (url, asked):
            site = self.site_of(url, options=', incident_labels = ["outage"]')
            self.collect(site)
            self.assertEqual(self.rows(site, incidents),
                             [("1", micros(48)), ("2", None), ("3", None)])
            self.assertEqual(self.rows(site, events), [
                ("triggered", "triggered", micros(60)),
                ("timeline-14-acknowledged", "acknowledged", micros(61)),
                ("timeline-16-acknowledged", "acknowledged", micros(64)),
                ("timeline-17-mitigated", "mitigated", micros(66))])
            self.assertEqual(asked.count("/api/graphql"), 4)  # three pages, and one that is empty
            self.assertEqual(self.coverage(site, "incident/1")[0], "")
            again = self.collect(site, "ok", "--full")
            self.assertEqual([again[key] for key in ("inserted", "updated", "removed")], [0, 0, 0])
            # What is taken out of a timeline is gone.
            self.gitlab.timelines[701] = [event(16, 65, "Response initiated")]
            self.place("issues")[0]["updated_at"] = at(80)
            self.collect(site)
            self.assertEqual(self.rows(site, incidents)[0], ("1", None))
            self.assertEqual([row[0] for row in self.rows(site, events)],
                             ["triggered", "timeline-16-acknowledged"])
        stored = (site.state / "baselined.db").read_bytes()
        for text in (b"of-the-test", b"Acknowledged**"):
            self.assertNotIn(text, stored)

    def test_an_incident_is_taken_without_a_timeline_that_is_refused(self):
        self.place("issues").extend([incident(1, 60, description="Caused-by: !12"), incident(2, 61)])
        self.gitlab.timelines[701] = [event(16, 64, "Impact mitigated")]
        kinds = "SELECT kind FROM view_incident_event_1 WHERE incident LIKE '%#1' ORDER BY at"
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, kinds), [("triggered",), ("mitigated",)])
            # What is known of it stays.
            self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
            for number, item in enumerate(self.place("issues")):
                item.update(state="closed", closed_at=at(70), updated_at=at(70 + number))
            before = len(asked)
            self.collect(site)
            self.assertEqual(asked[before:].count("/api/graphql"), 1)
            self.assertEqual(self.rows(site, kinds), [("triggered",), ("mitigated",), ("resolved",)])
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_link_1"), [(1,)])
            reason, _ = self.coverage(site, "incident/1")
            self.assertIn("missing: 2, HTTP 403", reason)

    def test_an_incident_whose_timeline_is_not_answered_is_taken_and_asked_for_again(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 31))
        for number in range(1, 31):
            self.gitlab.timelines[700 + number] = [event(number, number + 5, "End time")]
        self.gitlab.refused["graphql"] = (502, {"message": "Bad gateway"})
        incidents = "SELECT count(*) FROM view_incident_1"
        mitigated = "SELECT count(*) FROM view_incident_event_1 WHERE kind = 'mitigated'"
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            for _ in range(2):
                self.collect(site)
                self.assertEqual(self.rows(site, incidents), [(30,)])
                self.assertIn("missing: 30, GitLab did not answer", self.coverage(site, "incident/1")[0])
            self.assertEqual(asked.count("/api/graphql"), 4)
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.rows(site, mitigated), [(20,)])
            self.collect(site)
            self.assertEqual(self.rows(site, mitigated), [(30,)])
            self.assertEqual(self.coverage(site, "incident_event/1")[0], "")
            before = len(asked)
            self.collect(site)
            self.assertEqual(len(asked) - before, 6)

    def with_ten_projects(self):
        """Each with an incident; the ids of these are from 701 on."""
        self.gitlab = Gitlab({number: f"group/shop{number}" for number in range(1, 11)})
        for number in self.gitlab.projects:
            self.place("issues", number).append({**incident(1, 60), "id": 700 + number})

    def test_a_graphql_that_answers_once_and_then_no_more_is_asked_six_times_more(self):
        self.with_ten_projects()
        self.never_answered(*range(702, 711))
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, ("group/*",))
            self.collect(site)
            self.assertEqual(asked.count("/api/graphql"), 1 + 6)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(10,)])
            self.assertIn("missing: 1, GraphQL did not answer others",
                          self.coverage(site, "incident/1", "group/shop8")[0])

    def test_a_graphql_that_does_not_answer_is_asked_twice_and_holds_nobody_up(self):
        self.with_ten_projects()
        self.gitlab.refused["graphql"] = (502, {"message": "Bad gateway"})
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, ("group/*",))
            for n_asked in (2, 4):
                self.collect(site)
                self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(10,)])
                self.assertEqual(asked.count("/api/graphql"), n_asked)

    def test_one_timeline_that_is_never_answered_costs_no_other_one(self):
        self.never_answered(701)
        self.place("issues").extend(incident(number, number) for number in range(1, 4))
        for number in range(1, 4):
            self.gitlab.timelines[700 + number] = [event(number, number + 5, "End time")]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            for _ in range(2):
                self.collect(site)
                self.assertEqual(
                    self.rows(site, "SELECT substr(incident, -1) FROM view_incident_event_1"
                                    " WHERE kind = 'mitigated' ORDER BY 1"), [("2",), ("3",)])
                self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(3,)])
                self.assertIn("missing: 1, ", self.coverage(site, "incident/1")[0])

    def never_answered(self, *issues):
        """The timelines of these, by id."""
        def refuse(path, asked):
            issue = asked.get("incident", "").rpartition("/")[2]
            is_one = issue.isdigit() and int(issue) in issues
            self.gitlab.refused["graphql"] = (502 if is_one else 200,
                                              self.gitlab.query(asked, 100) if issue else {})

        self.gitlab.before = refuse

    def mitigated(self, site):
        return [incident for incident, in self.rows(
            site, "SELECT incident FROM view_incident_event_1 WHERE kind = 'mitigated' ORDER BY 1")]

    def test_timelines_that_are_never_answered_hold_up_no_others_and_no_other_project(self):
        self.never_answered(701, 702)
        self.place("issues").extend(incident(number, number) for number in range(1, 6))
        self.place("issues", OTHER).append({**incident(1, 1), "id": 801})
        for issue in (703, 704, 705, 801):
            self.gitlab.timelines[issue] = [event(issue, 50, "End time")]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            for _ in range(3):
                self.collect(site)
            self.assertEqual(self.mitigated(site), ["gitlab.test/group/other#1"] +
                             [f"{IDENTITY}#{number}" for number in (3, 4, 5)])
            self.assertIn("missing: 2, ", self.coverage(site, "incident/1")[0])

    def test_a_first_project_with_no_timeline_that_is_answered_is_not_always_the_first(self):
        self.never_answered(701, 702)
        self.place("issues").extend(incident(number, number) for number in (1, 2))
        self.place("issues", OTHER).append({**incident(1, 1), "id": 801})
        self.gitlab.timelines[801] = [event(801, 50, "End time")]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            for reason in ("missing: 1, GraphQL did not answer others", ""):
                self.collect(site)
                self.assertIn(reason, self.coverage(site, "incident/1", "group/other")[0])
            self.assertEqual(self.mitigated(site), ["gitlab.test/group/other#1"])

    def test_a_timeline_that_was_not_asked_for_is_not_passed_over(self):
        self.never_answered(702, 703, 801, 802)
        self.place("issues").extend(incident(number, minute)
                                    for minute, number in enumerate((2, 3, 1)))
        self.place("issues", OTHER).extend({**incident(number, number), "id": 800 + number}
                                           for number in (1, 2))
        self.gitlab.timelines[701] = [event(1, 50, "End time")]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            for _ in range(4):
                self.collect(site)
            self.assertEqual(self.mitigated(site), ["gitlab.test/group/shop#1"])

    def test_many_timelines_that_were_missing_are_complete_when_the_last_was_read(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 131))
        self.gitlab.refused["graphql"] = (502, {"message": "Bad gateway"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertIn("missing: 130, ", self.coverage(site, "incident/1")[0])
            self.gitlab.refused.clear()
            for _ in range(7):
                self.assertNotEqual(self.coverage(site, "incident/1")[0], "")
                self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def with_timelines_that_are_missing(self, site, numbers):
        """More of them than a test has the time to collect."""
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            database.executemany(
                "INSERT INTO open_item (collector, contract, scope, key)"
                f" SELECT collector, 'incident_event/1', '{IDENTITY}', ? FROM open_item LIMIT 1",
                [(str(number),) for number in numbers])
            database.commit()

    def test_a_timeline_that_stays_missing_is_not_one_more(self):
        self.place("issues").append(incident(1, 1))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.with_timelines_that_are_missing(site, range(2, 1001))
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0],
                             "timelines of incidents that are missing: 1000, HTTP 403")

    def test_timelines_that_nobody_wants_any_more_are_not_missing(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 4))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.with_timelines_that_are_missing(site, ["more", *range(4, 1001)])
            self.collect(site)
            self.assertIn("missing: more than 1000, ", self.coverage(site, "incident/1")[0])
            self.place("issues").pop()  # nobody tells of one that was deleted, either
            site = self.site_of(url, options=", incident_timelines = false")
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_timelines_that_were_missing_before_an_earlier_since_are_not_missing(self):
        self.place("issues").extend(incident(number, number) for number in (1, 2))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', since = "2026-03-01"')
            self.collect(site)
            self.place("issues").pop()
            self.gitlab.refused.clear()
            self.collect(self.site_of(url, options=', since = "2026-02-01"'))
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_timelines_are_not_missing_because_another_project_had_the_name(self):
        for is_there in (True, False):
            self.gitlab = Gitlab({SHOP: "group/shop", OTHER: "group/other"})
            with self.subTest(is_there), serving(self.gitlab) as (url, _):
                shutil.rmtree(self.folder / "site", ignore_errors=True)
                self.place("issues").extend(incident(number, number) for number in range(1, 6))
                self.place("issues", OTHER).append({**incident(1, 5), "id": 801})
                self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
                site = self.site_of(url, ("group/*",) if is_there else ("group/shop",))
                self.collect(site)
                self.gitlab.refused.clear()
                shop, other = self.gitlab.projects[SHOP], self.gitlab.projects[OTHER]
                names = {name: other[name] for name in ("path_with_namespace", "http_url_to_repo")}
                other.update({name: shop[name] for name in names})
                shop.update(names)
                self.collect(site)
                self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_timelines_are_forgotten_when_a_reading_that_was_refused_begins_again(self):
        self.place("issues").extend(incident(number, number) for number in (1, 2))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.gitlab.refused["/issues$"] = (403, {"message": "Forbidden"})
            self.collect(site, "data", "--full")
            self.place("issues").pop()
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_parts_that_are_not_answered_when_an_issue_is_asked_for_again_end_nothing(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 6))
        for number in range(1, 6):
            self.gitlab.timelines[700 + number] = [event(number, number + 5, "End time")]
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.gitlab.refused.clear()
            self.gitlab.refused["/issues/1/closed_by"] = (500, {})
            self.gitlab.refused["/issues/[23]/resource_state_events"] = (403, {})
            for answered in ([1], [1, 4, 5]):
                self.collect(site)
                self.assertEqual(self.mitigated(site),
                                 [f"{IDENTITY}#{number}" for number in answered])
                self.gitlab.refused["/issues/1/closed_by"] = (403, {})  # nobody waits for that
            self.collect(site)
            reason = self.coverage(site, "incident/1")[0]
            self.assertIn("3 of the incidents could not be taken, or not whole, such as 701:", reason)
            self.assertIn("missing: 3", reason)
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")
            self.assertEqual(len(self.mitigated(site)), 5)

    def test_an_issue_that_makes_no_sense_when_it_is_asked_for_again_ends_nothing(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 4))
        self.place("pipelines").append(pipeline(1, 10))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.gitlab.refused.clear()

            def bad(path, asked):
                if "iids[]" in asked and path.endswith("/issues"):
                    self.gitlab.refused[r"/issues$"] = (
                        200, [{**incident(1, 1), "id": "x"}, *self.place("issues")[1:]])

            self.gitlab.before = bad
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0],
                             "timelines of incidents that are missing: 1")
            self.gitlab.before = None
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_an_end_that_was_guessed_goes_when_it_is_told(self):
        self.place("issues").append(incident(1, 1, state="closed", closed_at=at(9), updated_at=at(9)))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        events = "SELECT event FROM view_incident_event_1 ORDER BY 1"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, events), [("resolved",), ("triggered",)])
            self.gitlab.refused.clear()
            self.gitlab.lists[f"/projects/{SHOP}/issues/1/resource_state_events"] = [
                {"id": 5, "state": "closed", "created_at": at(9)}]
            self.collect(site)
            self.assertEqual(self.rows(site, events), [("state-5",), ("triggered",)])

    def test_an_end_that_was_guessed_goes_even_while_timelines_are_refused(self):
        self.place("issues").append(incident(1, 1, state="closed", closed_at=at(9), updated_at=at(9)))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.gitlab.lists[f"/projects/{SHOP}/issues/1/resource_state_events"] = [
                {"id": 5, "state": "closed", "created_at": at(12)}]
            self.place("issues")[0].update(updated_at=at(20), closed_at=at(12))
            self.collect(site)
            self.assertEqual(
                self.rows(site, "SELECT event, at FROM view_incident_event_1 ORDER BY 1"),
                [("state-5", micros(12)), ("triggered", micros(1))])

    def test_a_timeline_that_was_refused_is_asked_for_again(self):
        self.place("issues").append(incident(1, 60))
        self.gitlab.timelines[701] = [event(1, 50, "Start time"), event(2, 70, "End time")]
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            for _ in range(3):
                self.collect(site)
                self.assertIn("HTTP 403", self.coverage(site, "incident/1")[0])
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT impact_started_at FROM view_incident_1"),
                             [(micros(50),)])
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_an_incident_that_goes_while_it_is_asked_for_again_takes_no_other_with_it(self):
        def go(path, asked):
            if asked.get("incident") == "gid://gitlab/Issue/701" and not self.gitlab.refused:
                self.place("issues")[:] = self.place("issues")[1:]
            elif asked.get("incident") == "gid://gitlab/Issue/702":
                self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})

        events = "SELECT substr(incident, -1), kind FROM view_incident_event_1 ORDER BY 1, at"
        self.place("issues").extend(incident(number, number) for number in (1, 2))
        self.gitlab.refused["graphql"] = (403, {"message": "Forbidden"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.gitlab.refused.clear()
            self.gitlab.before = go
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT substr(incident, -1) FROM view_incident_1"),
                             [("2",)])
            self.assertIn(("2", "triggered"), self.rows(site, events))

    def test_timelines_that_graphql_answers_with_an_error_are_asked_for_again(self):
        def fail(variables, most):
            """Of what it has so far GraphQL may tell, too."""
            return {**self.gitlab.query(variables, most), "errors": [{"message": "Timeout"}]}

        for project in (SHOP, OTHER):
            for number in range(1, 4):
                issue = 100 * project + number
                self.place("issues", project).append({**incident(number, 1), "id": issue})
                self.gitlab.timelines[issue] = [event(issue, 50, "End time")]
        self.gitlab.graphql = fail
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, ("group/*",))
            for n_asked in (2, 4, 6):
                self.collect(site)
                self.assertEqual(asked.count("/api/graphql"), n_asked)
                self.assertEqual(self.mitigated(site), [])
            self.assertEqual(self.coverage(site, "incident/1")[0], "timelines of incidents that are"
                             " missing: 3, GraphQL answers with an error")
            self.gitlab.graphql = None
            self.collect(site)
            self.assertEqual(len(self.mitigated(site)), 6)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_a_timeline_that_makes_no_sense_is_asked_for_once_more(self):
        self.place("issues").append(incident(1, 60))
        self.gitlab.graphql = lambda variables, most: {"data": None}
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            for _ in range(4):
                self.collect(site)
            self.assertEqual(asked.count("/api/graphql"), 2)
            self.assertIn("701: timeline: no data", self.coverage(site, "incident/1")[0])

    def test_a_timeline_that_ends_in_a_mistyped_year_is_waited_for(self):
        self.place("issues").append(incident(1, 60, state="closed", closed_at=at(90)))
        self.gitlab.timelines[701] = [{**event(1, 70, "End time"),
                                       "occurredAt": "2062-03-02T12:30:00Z"}]
        ends = "SELECT kind FROM view_incident_event_1 WHERE kind IN ('mitigated', 'resolved')"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            for _ in range(3):
                self.collect(site)
                self.assertIn("missing: 1, #1 has an event in the future",
                              self.coverage(site, "incident/1")[0])
                self.assertEqual(self.rows(site, ends), [("resolved",)])
            self.gitlab.timelines[701] = [event(1, 70, "End time")]
            self.collect(site)
            self.assertEqual(self.rows(site, ends + " ORDER BY at"),
                             [("mitigated",), ("resolved",)])
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_a_token_that_only_graphql_does_not_know_keeps_nothing_else_from_being_collected(self):
        self.place("issues").append(incident(1, 60))
        self.place("merge_requests").append(merge_request(1, 10))
        self.gitlab.refused["graphql"] = (401, {"message": "401 Unauthorized"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertIn("missing: 1, HTTP 401", self.coverage(site, "incident/1")[0])
            for table in ("incident", "change"):
                self.assertEqual(self.rows(site, f"SELECT count(*) FROM view_{table}_1"), [(1,)])

    def test_incidents_are_read_again_under_other_options(self):
        self.place("issues").extend([
            incident(1, 60, state="closed", closed_at=at(90)),
            incident(2, 60, issue_type="issue", labels=["outage"])])
        self.gitlab.timelines[701] = [event(1, 50, "Start time"), event(2, 70, "End time")]
        incidents = "SELECT substr(incident, -1), impact_started_at FROM view_incident_1 ORDER BY 1"
        mitigated = "SELECT at FROM view_incident_event_1 WHERE kind = 'mitigated'"
        on, off = [("1", micros(50))], [("1", None)]
        with serving(self.gitlab) as (url, asked):
            for options, expected in (("", on), (", incident_timelines = false", off), ("", on),
                                      (', incident_labels = ["outage"]', [*on, ("2", None)])):
                site = self.site_of(url, options=options)
                self.collect(site)
                self.assertEqual(self.rows(site, incidents), expected)
                self.assertEqual(self.rows(site, mitigated), [] if expected == off else
                                 [(micros(70),)])
                self.assertEqual(self.coverage(site, "incident/1")[0], "")
                before = len(asked)
                self.collect(site)
                self.assertEqual(len(asked) - before, 6)

    def test_incidents_that_are_being_read_again_are_not_complete(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 21))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=", incident_timelines = false")
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")
            site = self.site_of(url, more="limits = { requests = 40 }")
            self.collect(site, "limit")
            for contract in ("incident/1", "incident_event/1"):
                self.assertIn("read again", self.coverage(site, contract)[0])
            self.collect(site)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_timelines_that_this_gitlab_does_not_have_are_empty(self):
        self.place("issues").extend([incident(1, 60), incident(2, 61)])
        unknown = {"message": "Field 'x' doesn't exist on type 'X'",
                   "extensions": {"code": "undefinedField"}}
        unused = {"message": "Variable $incident is declared by anonymous query but not used",
                  "extensions": {"code": "variableNotUsed"}}
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            for n_asked, errors in enumerate(([unknown], [unknown, unused]), 1):
                self.gitlab.graphql = lambda variables, most, errors=errors: {"errors": errors}
                report, done = site.outcome("forge", "--full")
                self.assertEqual(report["outcome"], "ok", done)
                self.assertEqual(done.stderr.count("has no timelines"), 1)
                self.assertEqual(asked.count("/api/graphql"), n_asked)
                self.assertEqual(self.coverage(site, "incident_event/1")[0], "")

    def test_a_timeline_that_makes_no_sense_is_named(self):
        def answer(variables, most):
            return answers[int(variables["incident"].rsplit("/", 1)[1]) - 701]

        def timeline(*nodes, **more):
            return {"data": {"project": {"incidentManagementTimelineEvents": {
                "nodes": list(nodes), "pageInfo": {"hasNextPage": False}, **more}}}}

        answers = [{"errors": "Timeout"}, {"data": {"project": None}}, [],
                   timeline(None), timeline({**event(1, 2), "occurredAt": "then"}),
                   timeline({**event(1, 2, "End time"), "id": "x"}),
                   timeline(pageInfo={"hasNextPage": True}), {"data": None}, {"errors": {}},
                   timeline({**event(1, 2), "timelineEventTags": None})]
        self.place("issues").extend(incident(number, number) for number in range(1, 12))
        answers.append(timeline(event(1, 20, "End time")))
        self.gitlab.graphql = answer
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(11,)])
            reason, _ = self.coverage(site, "incident/1")
            self.assertIn(f"{len(answers) - 1} of the incidents", reason)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_event_1"
                                             " WHERE kind = 'mitigated'"), [(1,)])

    def test_a_timeline_whose_pages_never_end_is_no_loop(self):
        self.place("issues").append(incident(1, 1))
        page = self.gitlab.query({"project": "group/shop", "incident": "gid://gitlab/Issue/701"}, 9)
        connection = page["data"]["project"]["incidentManagementTimelineEvents"]
        connection["pageInfo"] = {"hasNextPage": True, "endCursor": "again"}
        self.gitlab.graphql = lambda variables, most: page
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.collect(site)
            self.assertLessEqual(asked.count("/api/graphql"), 100)
            self.assertIn("timeline", self.coverage(site, "incident/1")[0])

    def test_timelines_are_not_asked_for_where_they_are_switched_off(self):
        self.place("issues").append(incident(1, 60))
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url, options=", incident_timelines = false")
            self.collect(site)
            self.assertEqual(asked.count("/api/graphql"), 0)
            self.assertEqual(self.coverage(site, "incident/1")[0], "")

    def test_a_gitlab_that_says_of_itself_another_address_is_named_with_it(self):
        self.gitlab.projects[SHOP]["web_url"] = "https://gitlab.test/group/shop"
        self.place("issues").append(incident(1, 60))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            reason, _ = self.coverage(site, "incident/1")
            self.assertIn("https://gitlab.test", reason)
            self.assertIn("base_url", reason)
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(1,)])

    def test_a_link_that_is_told_twice_is_one_and_stays_as_it_is(self):
        self.place("issues").append(incident(1, 10, description="Fixed-by: !13"))
        self.gitlab.lists[f"/projects/{SHOP}/issues/1/closed_by"] = [
            {"iid": 13, "project_id": SHOP, "state": "merged"}]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.collect(site, "ok", "--full")["updated"], 0)
            self.assertEqual(self.rows(site, "SELECT deployment, method FROM view_incident_link_1"),
                             [("!13", "description")])

    def test_a_link_that_is_taken_back_is_removed(self):
        one = incident(1, 10, description="Caused-by: !12\nFixed-by: v2")
        self.place("issues").extend([one, incident(2, 11, description="Caused-by: !12")])
        closed_by = self.gitlab.lists[f"/projects/{SHOP}/issues/1/closed_by"] = [
            {"iid": 13, "project_id": SHOP, "state": "merged"}]
        links = "SELECT incident, deployment FROM view_incident_link_1 ORDER BY 1, 2"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.rows(site, links),
                             [(IDENTITY + "#1", "!12"), (IDENTITY + "#1", "!13"),
                              (IDENTITY + "#1", "v2"), (IDENTITY + "#2", "!12")])
            one.update(description="Fixed-by: v2", updated_at=at(20))
            closed_by.clear()
            # What is not answered is not taken back.
            self.gitlab.refused["/issues/1/closed_by"] = (500, {})
            self.collect(site, "transient")
            self.assertEqual(len(self.rows(site, links)), 4)
            self.gitlab.refused.clear()
            self.collect(site)
            self.assertEqual(self.rows(site, links),
                             [(IDENTITY + "#1", "v2"), (IDENTITY + "#2", "!12")])

    def test_an_issue_that_is_no_incident_any_more_is_removed(self):
        self.place("issues").extend([
            incident(1, 10), incident(2, 20), incident(3, 30),
            incident(4, 40, issue_type="issue", labels=["outage", "bug"])])
        incidents = "SELECT incident FROM view_incident_1 ORDER BY incident"
        with serving(self.gitlab, most=3) as (url, _):
            site = self.site_of(url, options=', incident_labels = ["outage"]')
            self.collect(site)
            self.assertEqual(self.rows(site, incidents),
                             [(f"{IDENTITY}#{number}",) for number in (1, 2, 3, 4)])
            for number, change in enumerate((
                    {"issue_type": "issue"}, {"state": "closed", "moved_to_id": 71},
                    {"labels": ["bug"]}, {"labels": ["bug"]})):
                self.place("issues")[number].update(change, updated_at=at(50 + number))
            self.collect(site)
            self.assertEqual(self.rows(site, incidents), [(f"{IDENTITY}#3",)])
            self.place("issues")[0].update(issue_type="incident", updated_at=at(60))
            self.collect(site)
            self.assertEqual(self.rows(site, incidents), [(f"{IDENTITY}#1",), (f"{IDENTITY}#3",)])

    def test_a_wrong_token_parks_the_collector_and_says_what_to_do(self):
        self.gitlab.refused["."] = (401, {"message": "401 Unauthorized"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site, "auth")
            site.start()
            parked = wait_for("the end of its run", lambda: site.status_of("forge")["reason"])
            self.assertIn("401", parked)

    def test_a_scope_that_is_missing_costs_its_list_and_no_other(self):
        self.place("merge_requests").append(merge_request(1, 1))
        self.place("issues").append(incident(1, 1))
        self.gitlab.refused["/pipelines$"] = (403, {"error": "insufficient_scope"})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            report = self.collect(site, "data")
            self.assertIn("group/shop: pipelines: HTTP 403", report["message"])
            self.assertIn("read_api", report["message"])
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(1,)])
            self.assertIn("403", self.coverage(site, "ci_run/1")[0])
            self.assertEqual(self.coverage(site, "incident/1")[0], "")
            self.gitlab.refused["."] = (403, {"error": "insufficient_scope"})
            self.collect(site, "auth")

    def test_environments_that_may_not_be_read_are_named(self):
        self.place("deployments").extend(
            [deployment(1, 10), deployment(2, 20, environment={"id": 2, "name": "try"})])
        self.gitlab.lists[f"/projects/{SHOP}/environments"] = [{"id": 2, "tier": "testing"}]
        self.gitlab.refused["/environments$"] = (403, {"error": "insufficient_scope"})
        classes = "SELECT deployment, environment_class FROM view_deployment_1 ORDER BY 1"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            for _ in range(2):
                self.collect(site)
                self.assertEqual(self.rows(site, classes), [("1", "production"), ("2", None)])
                reason, _ = self.coverage(site, "deployment/1")
                self.assertIn("1 of the deployments", reason)
                self.assertIn("502: its class is missing: environments: HTTP 403", reason)
            self.gitlab.refused.clear()
            self.collect(site, "ok", "--full")
            self.assertEqual(self.rows(site, classes), [("1", "production"), ("2", "test")])
            self.assertEqual(self.coverage(site, "deployment/1")[0], "")

    def test_a_project_that_is_not_found_does_not_keep_the_others(self):
        self.place("merge_requests", OTHER).append(merge_request(1, 1))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/gone", "group/other"))
            report = self.collect(site, "data")
            self.assertIn("group/gone: HTTP 404", report["message"])
            self.assertNotIn("group/other", report["message"])
            self.assertEqual(self.rows(site, "SELECT repository FROM view_change_1"),
                             [("gitlab.test/group/other",)])

    def test_wildcards_find_the_projects_of_a_group_and_each_is_read_once(self):
        self.gitlab.projects[9] = {"id": 9, "path_with_namespace": "group/sub/shop-web",
                                   "web_url": "https://gitlab.test/group/sub/shop-web"}
        for project in (SHOP, OTHER, 9):
            self.place("merge_requests", project).append(merge_request(1, 1))
        with serving(self.gitlab, most=1) as (url, _):
            site = self.site_of(url, ("group/*shop*", "group/shop", "group/nothing*"))
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT repository FROM view_change_1 ORDER BY 1"),
                             [(IDENTITY,), ("gitlab.test/group/sub/shop-web",)])

    def test_a_project_that_gitlab_is_about_to_delete_is_no_new_one(self):
        self.place("merge_requests").append(merge_request(1, 1))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            self.collect(site)
            path = "group/shop-deletion_scheduled-7"
            self.gitlab.projects[SHOP].update(path_with_namespace=path,
                                              http_url_to_repo=f"https://gitlab.test/{path}.git",
                                              marked_for_deletion_on="2026-03-09")
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT repository FROM view_change_1"), [(IDENTITY,)])

    def test_a_project_that_was_renamed_is_read_again_under_its_new_name(self):
        self.place("merge_requests").append(merge_request(1, 1))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            self.collect(site)
            self.gitlab.projects[SHOP].update(path_with_namespace="group/store",
                                              http_url_to_repo="https://gitlab.test/group/store.git")
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT repository FROM view_change_1 ORDER BY 1"),
                             [(IDENTITY,), ("gitlab.test/group/store",)])
            said = site.run("collect", "forge", "--full").stderr
            self.assertEqual(said, "")

    def test_incidents_move_with_their_project_and_are_one_each(self):
        self.place("issues").extend([
            incident(1, 1), incident(2, 2, state="closed", closed_at=at(3), updated_at=at(3))])
        self.gitlab.refused["graphql"] = (403, {})
        incidents = "SELECT incident FROM view_incident_1 ORDER BY 1"
        for arguments in ((), ("--full",)):
            self.gitlab.projects[SHOP].update(
                path_with_namespace="group/shop",
                http_url_to_repo="https://gitlab.test/group/shop.git")
            with self.subTest(arguments), serving(self.gitlab) as (url, _):
                shutil.rmtree(self.folder / "site", ignore_errors=True)
                site = self.site_of(url, ("group/*",))
                self.collect(site)
                self.gitlab.projects[SHOP].update(
                    path_with_namespace="group/store",
                    http_url_to_repo="https://gitlab.test/group/store.git")
                self.collect(site, "ok", *arguments)
                self.assertEqual(self.rows(site, incidents),
                                 [("gitlab.test/group/store#1",), ("gitlab.test/group/store#2",)])
                # The timeline of the closed one is missing, too.
                self.assertEqual(
                    self.rows(site, "SELECT contract, scope, key FROM open_item WHERE contract LIKE"
                                    " 'incident%' ORDER BY contract, key"),
                    [("incident/1", "gitlab.test/group/store", "1"),
                     ("incident_event/1", "gitlab.test/group/store", "1"),
                     ("incident_event/1", "gitlab.test/group/store", "2")])

    def test_incidents_that_have_not_all_moved_with_their_project_are_not_complete(self):
        self.place("issues").extend(incident(number, number) for number in range(1, 41))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            self.collect(site)
            self.gitlab.projects[SHOP].update(
                path_with_namespace="group/store",
                http_url_to_repo="https://gitlab.test/group/store.git")
            site = self.site_of(url, ("group/*",), more="limits = { requests = 60 }")
            self.collect(site, "limit")
            self.assertLess(self.rows(site, "SELECT count(*) FROM view_incident_1")[0][0], 40)
            self.assertIn("is now gitlab.test/group/store", self.coverage(site, "incident/1")[0])
            self.assertEqual(self.coverage(site, "deployment/1")[0], "")

    def test_a_project_that_takes_the_name_of_another_keeps_its_incidents(self):
        self.place("issues").extend([incident(1, 1), incident(2, 2)])
        self.place("issues", OTHER).append(incident(1, 5))
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/*",))
            self.collect(site)
            for number, path in ((SHOP, "group/other"), (OTHER, "group/legacy")):
                self.gitlab.projects[number].update(
                    path_with_namespace=path, http_url_to_repo=f"https://gitlab.test/{path}.git")
            self.collect(site)
            self.assertEqual(
                self.rows(site, "SELECT incident, opened_at FROM view_incident_1"
                                " WHERE incident LIKE '%#1' ORDER BY 1"),
                [("gitlab.test/group/legacy#1", micros(5)), ("gitlab.test/group/other#1", micros(1))])

    def test_what_makes_no_sense_is_skipped_counted_and_named_until_it_does(self):
        good, bad = merge_request(1, 1), merge_request(2, 2, created_at="yesterday")
        self.place("merge_requests").extend([good, bad])
        self.gitlab.lists[f"/projects/{SHOP}/merge_requests/1/notes"] = [
            {"id": 5, "system": False, "body": "x", "created_at": at(5)}, {"id": 6}]
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            for _ in range(2):
                self.collect(site)
                self.assertEqual(self.rows(site, "SELECT change FROM view_change_1"), [("1",)])
                reason = self.coverage(site, "change/1")[0]
                self.assertIn("2 of the merge requests", reason)
                self.assertIn("1001: notes: no created_at", reason)
                self.assertNotIn("yesterday", reason)
            bad.update(created_at=at(2), updated_at=at(30))
            self.gitlab.lists[f"/projects/{SHOP}/merge_requests/1/notes"].pop()
            good["updated_at"] = at(31)
            self.collect(site)
            self.assertEqual(self.coverage(site, "change/1")[0], "")
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(2,)])

    def test_an_item_of_which_a_part_is_never_answered_holds_up_one_run(self):
        self.place("merge_requests").extend(merge_request(number, number) for number in range(1, 5))
        self.gitlab.refused["/merge_requests/2/notes"] = (500, {})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site, "transient")
            self.gitlab.refused["/merge_requests/3/notes"] = (403, {})
            self.assertIn("HTTP 403", self.collect(site, "data")["message"])
            for _ in range(2):
                self.collect(site)
                self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_event_1"), [(4,)])
                self.assertIn("2 of the merge requests", self.coverage(site, "change/1")[0])
                self.assertIn("1002: a part of it", self.coverage(site, "change/1")[0])
            self.gitlab.refused.clear()
            for number in (1, 2):
                self.place("merge_requests")[number]["updated_at"] = at(30)
            self.collect(site)
            self.assertEqual(self.coverage(site, "change/1")[0], "")

    def test_a_list_that_is_not_answered_does_not_keep_the_others(self):
        for project in (SHOP, OTHER):
            self.place("issues", project).append(incident(1, 1))
        self.gitlab.refused[f"/projects/{SHOP}/deployments"] = (500, {})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, ("group/shop", "group/other"))
            report = self.collect(site, "transient")
            self.assertIn("group/shop: deployments: no answer", report["message"])
            self.assertIn("did not answer", self.coverage(site, "deployment/1")[0])
            self.assertEqual(self.rows(site, "SELECT count(*) FROM view_incident_1"), [(2,)])

    def test_coverage_ends_with_the_clock_that_is_behind(self):
        self.gitlab.headers["Date"] = "Sun, 01 Mar 2026 12:00:00 GMT"
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)
            self.assertEqual(self.coverage(site, "change/1"), ("", 1772366400000000))
            self.gitlab.headers["Date"] = "Sun, 01 Mar 2099 12:00:00 GMT"
            self.collect(site)
            self.assertLess(self.coverage(site, "change/1")[1], 4000000000000000)

    def test_an_empty_project_is_known_to_be_empty(self):
        with serving(self.gitlab) as (url, asked):
            site = self.site_of(url)
            self.assertEqual(self.collect(site)["inserted"], 0)
            for contract in ("change/1", "ci_run/1", "deployment/1", "incident/1"):
                self.assertEqual(self.coverage(site, contract)[0], "")
            self.assertLessEqual(len(asked), 6)

    def test_what_a_project_has_switched_off_is_not_asked_for(self):
        self.gitlab.projects[SHOP].update(issues_access_level="disabled",
                                          builds_access_level="disabled")
        self.gitlab.refused["/(issues|pipelines|deployments)"] = (403, {})
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url)
            self.collect(site)

    def test_options_that_make_no_sense_are_refused_where_they_stand(self):
        with serving(self.gitlab) as (url, _):
            for projects, options, said in ((("shop",), "", "no path of a project"),
                                            (("group/shop",), ', since = "May"', "is no date")):
                site = self.site_of(url, projects, options)
                report, done = site.outcome("forge")
                self.assertEqual(report["outcome"], "config", done)
                self.assertIn(said, report["message"])

    def test_since_leaves_out_what_was_last_touched_before(self):
        self.place("merge_requests").extend(
            [merge_request(1, 1), merge_request(2, 2, updated_at=at(1, day=9))])
        with serving(self.gitlab) as (url, _):
            site = self.site_of(url, options=', since = "2026-03-05"')
            self.collect(site)
            self.assertEqual(self.rows(site, "SELECT change FROM view_change_1"), [("2",)])
            self.assertEqual(self.rows(site, "SELECT DISTINCT from_us FROM coverage"),
                             [(1772668800000000,)])

    def test_since_that_moves_back_is_read_from_there(self):
        self.place("merge_requests").extend(
            [merge_request(1, 1), merge_request(2, 2, updated_at=at(1, day=9))])
        with serving(self.gitlab) as (url, _):
            for since, count in ((', since = "2026-03-05"', 1), (', since = "2026-03-08"', 1),
                                 ("", 2), (', since = "2026-03-05"', 2)):
                site = self.site_of(url, options=since)
                self.collect(site)
                self.assertEqual(self.rows(site, "SELECT count(*) FROM view_change_1"), [(count,)])


if __name__ == "__main__":
    unittest.main()
