"""Real repositories: what the program stored and derived equals what plain git commands say.

Always this checkout; others are named in BASELINED_TEST_REPOSITORIES, separated by colons. What is
skipped is said.
"""
import os
import pathlib
import sqlite3
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from harness import IntegrationTest  # noqa: E402
from plain_git import Repository, calculate  # noqa: E402

VERSIONS = ["v*"] + [f"{digit}*" for digit in range(10)]


def is_shallow(path):
    return Repository(path).git("rev-parse", "--is-shallow-repository").strip() == "true"


def rows(site, query):
    database = sqlite3.connect(f"file:{site.state}/baselined.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


class RealRepositories(IntegrationTest):
    def compare(self, path):
        has_tags = bool(Repository(path).tags(VERSIONS))
        if has_tags:
            tags = ", ".join(f'"{pattern}"' for pattern in VERSIONS)
            mapping, expected = f"deployment_tags = [{tags}]", calculate(path, tags=VERSIONS)
        else:
            branch = Repository(path).git("rev-parse", "--abbrev-ref", "HEAD").strip()
            if branch == "HEAD":
                self.skipTest(f"{path} has no tags and is on no branch")
            mapping, expected = f'deployment_branches = ["{branch}"]', calculate(path, branch=branch)
        site = self.site([path], mapping=mapping)

        self.assertEqual(site.collect()["outcome"], "ok")
        self.assertEqual(site.json("store", "info")["records"]["commit/1"], expected["commits"])
        again = site.collect()
        self.assertEqual((again["inserted"], again["updated"], again["removed"]), (0, 0, 0))

        whole = site.kpi("dora_commit_lead_time", "--window", "all")
        frequency = site.kpi("dora_deployment_frequency", "--window", "all")
        self.assertEqual(frequency["n"], len(expected["deployments"]))
        self.assertEqual(whole["n"], len(expected["lead_times"]))
        self.assertEqual(
            rows(site, "SELECT lower(hex(sha)), finished_at / 1000000, shipped FROM fact_deployment "
                       "ORDER BY finished_at, lower(hex(sha))"),
            sorted(((d["sha"], d["finished_at"], d["shipped"]) for d in expected["deployments"]),
                   key=lambda row: (row[1], row[0])))
        self.assertEqual(
            [lead // 1000000 for lead, in rows(
                site, "SELECT lead_us FROM fact_commit WHERE lead_us IS NOT NULL ORDER BY lead_us")],
            expected["lead_times"])
        print(f"{path}: {expected['commits']} commits, {len(expected['deployments'])} deployments, "
              f"{whole['n']} lead times: equal", file=sys.stderr)

    def test_this_checkout(self):
        if is_shallow(ROOT):
            self.skipTest("this checkout is shallow")
        self.compare(ROOT)

    def test_the_repositories_that_were_named(self):
        named = [path for path in os.environ.get("BASELINED_TEST_REPOSITORIES", "").split(":") if path]
        if not named:
            self.skipTest("BASELINED_TEST_REPOSITORIES names none")
        for path in named:
            with self.subTest(path):
                self.compare(pathlib.Path(path))


if __name__ == "__main__":
    unittest.main()
