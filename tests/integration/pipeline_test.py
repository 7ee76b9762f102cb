"""Git history in, DORA numbers out: the whole path on a history whose answers are known."""
import json
import os
import re
import time
import unittest

from harness import DAY, GitRepository, IntegrationTest, recent_history, wait_for

YEAR_10000 = 253402300800  # its first second


class Pipeline(IntegrationTest):
    def test_every_commit_and_tag_arrives_once_and_a_second_collection_changes_nothing(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])

        first = site.collect()
        self.assertEqual(first["outcome"], "ok")
        self.assertEqual(first["rows"]["commit/1"], repository.count())
        self.assertEqual(site.json("store", "info")["records"]["commit/1"], 10)
        self.assertEqual(site.json("store", "info")["records"]["ref/1"], 4)  # 3 tags and main

        second = site.collect()
        self.assertEqual((second["inserted"], second["updated"], second["removed"]), (0, 0, 0))
        full = site.collect("--full")
        self.assertEqual((full["inserted"], full["updated"], full["removed"]), (0, 0, 0))
        self.assertEqual(full["unchanged"], sum(first["rows"].values()))

    def test_lead_times_follow_from_the_history(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        # v2 is the seed. v5 ships the commits of days 3 to 5, v9 those of days 6 to 9; each tag is
        # an hour after its commit. Lead times: 1 h + 0, 1, 2 days and 1 h + 0, 1, 2, 3 days.
        result = site.kpi("dora_commit_lead_time", "--window", "28d")
        self.assertEqual(result["n"], 7)
        self.assertEqual(result["stats"]["median"], 1 * DAY + 3600)
        self.assertEqual(result["excluded"]["first_deployment"], 3)
        frequency = site.kpi("dora_deployment_frequency", "--window", "28d")
        self.assertEqual(frequency["n"], 3)
        self.assertAlmostEqual(frequency["stats"]["value"], 3 / 28)

    def test_changing_the_mapping_changes_the_answer_without_a_collection(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)
        runs = site.json("store", "info")["runs"]

        site.write([repository.path], 'deployment_branches = ["main"]')
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 10)
        site.write([repository.path], 'deployment_tags = "v9"')
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 1)
        site.write([repository.path], "")
        self.assertIsNone(site.kpi("dora_deployment_frequency")["stats"]["value"])
        self.assertEqual(site.json("store", "info")["runs"], runs)

    def test_services_that_own_parts_of_one_repository_count_what_touches_their_paths(self):
        repository = GitRepository(self.folder / "mono")
        noon = int(time.time()) // DAY * DAY - 9 * DAY + DAY // 2
        for day, paths in enumerate((("services/shop/a", "services/pay/a"), ("services/shop/b/c",),
                                     ("services/pay/b",), ("libs/money/a", "services/shop/d"))):
            for path in paths:
                (repository.path / path).parent.mkdir(parents=True, exist_ok=True)
                (repository.path / path).write_text(str(day))
            repository.git("add", ".")
            repository.commit(noon + day * DAY)
            if day in (0, 3):
                for service in ("shop", "pay"):
                    repository.tag(f"{service}-v{day}", at=noon + day * DAY + 3600)
        site = self.site([repository.path])
        pay = """[[service]]
name            = "pay"
repositories    = ["*"]
paths           = ["services/pay", "libs/money"]
deployment_tags = "pay-v*"
"""
        site.write([repository.path], 'paths = "services/shop"\ndeployment_tags = "shop-v*"',
                   extra=pay)
        site.collect()
        unknown = site.kpi("dora_commit_lead_time", "--window", "28d")
        self.assertIsNone(unknown["stats"]["median"])
        self.assertIn("path_depth", json.dumps(unknown))

        deep = site.config.read_text().replace("[collector.options]",
                                               "[collector.options]\n  path_depth = 2")
        site.config.write_text(deep)
        site.collect()
        for service, n in (("shop", 2), ("pay", 2)):
            result = site.kpi("dora_commit_lead_time", "--window", "28d", service=service)
            self.assertEqual(result["n"], n, service)
            self.assertEqual(result["excluded"], {"first_deployment": 1}, service)
            self.assertEqual(site.kpi("dora_deployment_frequency", service=service)["n"], 2)
        # What is below a path is not collected: those commits cannot be told apart.
        site.config.write_text(deep.replace("services/pay", "services/pay/src"))
        result = site.kpi("commit_activity", service="pay")
        self.assertEqual((result["n"], result["excluded"]), (1, {"unknown_path": 2}))

    def test_new_commits_and_tags_are_found_by_the_next_collection(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        at = int(repository.git("log", "-1", "--format=%ct")) + DAY
        repository.commit(at)
        repository.tag("v10", at=at + 60)
        second = site.collect()
        self.assertEqual(second["rows"].get("commit/1"), 1)
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 4)
        repository.git("tag", "-d", "v10")
        third = site.collect()
        self.assertEqual(third["removed"], 1)
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)

    def test_a_removed_collector_takes_no_part_until_it_is_back(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        configured = site.config.read_text()
        second = configured.replace('name   = "code"', 'name   = "second"')
        second = second[second.index("[[collector]]"):second.index("[[service]]")]
        site.config.write_text(configured + second)
        site.collect()
        site.json("collect", "second")
        self.assertEqual(site.json("store", "info")["not_configured"], {})
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)

        repository.git("tag", "-d", "v5")
        site.collect()
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)  # the second still has it
        site.config.write_text(configured)
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 2)
        site.collect()
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 2)
        records = repository.count() + 3 + 1  # commits, tags as they were, a branch
        self.assertEqual(site.json("store", "info")["not_configured"], {"second": records})
        self.assertIn(f"collector second: {records} records; not configured, left out of KPIs",
                      site.run("store", "info").stdout)

        site.config.write_text(configured.replace('name   = "code"', 'name   = "renamed"'))
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 0)
        site.json("collect", "renamed")
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 2)
        self.assertEqual(list(site.json("store", "info")["not_configured"]), ["code", "second"])

        site.config.write_text(configured + second)
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)

    def test_a_hundred_thousand_refs_are_as_good_as_few(self):
        repository = recent_history(self.folder / "shop")
        head = repository.git("rev-parse", "HEAD")
        with (repository.path / ".git" / "packed-refs").open("w", encoding="ascii") as refs:
            refs.write("# pack-refs with: peeled fully-peeled sorted \n")
            refs.writelines(f"{head} refs/tags/t{number:06}\n" for number in range(100_000))
        site = self.site([repository.path])
        first = site.collect()
        self.assertEqual(first["rows"]["ref/1"], 100_000 + 3 + 1)
        again = site.collect()
        self.assertEqual(sum(again["rows"].values()), 0)
        self.assertEqual([again[key] for key in ("inserted", "updated", "removed")], [0, 0, 0])
        self.assertLess(again["seconds"], first["seconds"] / 2)  # an eighth, where nothing disturbs
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)

    def test_a_rule_that_matches_nothing_is_told_and_is_no_zero(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path], mapping='deployment_tags = "relaese-*"')
        site.collect()
        never = "no deployment, job, run, tag or branch matches the deployment rule"
        found = site.kpi("dora_deployment_frequency", "--window", "28d")
        self.assertIsNone(found["stats"]["value"], found)
        self.assertIn(never, [part["reason"] for part in found["coverage"]])
        table = site.run("kpi").stdout
        self.assertIn(f"shop: deployment: {never}", table)
        self.assertIn("not listed: KPIs that need change/1, deployment/1, incident/1, not collected", table)

    def test_deployments_without_a_time_of_their_own_are_told_everywhere(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path], mapping='deployment_branches = "main"')
        site.collect()
        self.assertIn("days and gaps may be others", site.run("kpi").stdout)
        self.assertIn("deployment_time_from_commit", site.run("kpi", "--csv").stdout)
        site.start()
        self.assertRegex(site.get("/metrics")[1],
                         r'baselined_kpi_adjusted\{kpi="dora_deployment_frequency",service="shop",'
                         r'window="28d",reason="deployment_time_from_commit"\} [1-9]')

    def test_dates_before_1970_and_after_9999_are_taken_as_they_are(self):
        repository = GitRepository(self.folder / "shop")
        today = int(time.time()) // DAY
        released = (today - 10) * DAY
        first = repository.raw_commit(-1)
        late = repository.raw_commit(YEAR_10000, first)
        last = repository.raw_commit(released, late)
        repository.raw_tag("v1", -1, first)
        repository.raw_tag("v2", YEAR_10000, late)
        repository.raw_tag("v3", released + 3600, last)
        repository.git("update-ref", "refs/heads/main", last)
        site = self.site([repository.path])
        self.assertEqual(site.collect()["rows"]["commit/1"], 3)

        # From the last day of 1969 to the end of today; the year 10000 is not in it. v3 ships its own
        # commit, and the one that claims to be later than it.
        days = today + 2
        whole = lambda kpi: site.kpi(kpi, "--window", "all")
        commits = whole("commit_activity")
        self.assertEqual((commits["from"], commits["n"]), ("1969-12-31T00:00:00Z", 2))
        self.assertEqual(commits["stats"]["value"], 2 / days)
        deployments = whole("dora_deployment_frequency")
        self.assertEqual((deployments["n"], deployments["stats"]["value"]), (2, 2 / days))
        lead_time = whole("dora_commit_lead_time")
        self.assertEqual((lead_time["n"], lead_time["stats"]["median"]), (2, 1800))
        self.assertEqual(lead_time["adjusted"], {"clamped": 1})
        gap = whole("time_between_deployments")
        self.assertEqual((gap["n"], gap["stats"]["median"]), (1, released + 3600 + 1))
        site.start()
        recent = wait_for("a lead time", lambda: site.sample(
            "baselined_dora_commit_lead_time_seconds", service="shop", window="28d", stat="median"))
        self.assertEqual(recent, 1800)
        site.clean_metrics()

    def test_a_date_that_only_just_fits_does_not_hide_the_others(self):
        repository = recent_history(self.folder / "shop")
        repository.git("update-ref", "refs/heads/odd", repository.raw_commit(-9223372036854))
        site = self.site([repository.path])
        site.collect()
        text = site.config.read_text()
        for zone in ("UTC", "Europe/Amsterdam"):
            site.config.write_text(text.replace("[daemon]", f'[daemon]\ntimezone = "{zone}"'))
            commits = site.kpi("commit_activity", "--window", "all")
            self.assertEqual(commits["n"], 11, zone)
            self.assertEqual(commits["from"], "-290308-12-21T19:59:05.224192Z")

    def test_a_shallow_clone_says_what_is_missing_in_its_numbers(self):
        origin = recent_history(self.folder / "origin")
        origin.git("clone", "-q", "--depth", "2", f"file://{origin.path}",
                   str(self.folder / "shop"))
        site = self.site([self.folder / "shop"])
        self.assertEqual(site.collect()["rows"]["commit/1"], 2)
        activity = site.kpi("commit_activity")
        self.assertEqual((activity["n"], activity["provisional"]), (2, True))
        border = time.strftime("%Y-%m-%d", time.gmtime(int(origin.git("log", "-1", "--format=%ct",
                                                                       "HEAD~1"))))
        self.assertEqual([part["reason"] for part in activity["coverage"]],
                         [f"shallow clone: history before {border} is missing"])
        self.assertIn("shallow clone", site.run("kpi", "show", "commit_activity").stdout)

        origin.git("-C", str(self.folder / "shop"), "fetch", "-q", "--unshallow")
        site.collect()
        activity = site.kpi("commit_activity")
        self.assertEqual((activity["n"], activity["provisional"]), (10, False))
        self.assertEqual([part["reason"] for part in activity["coverage"]], [None])

    def test_names_that_are_no_utf8_stay_different_to_the_last_page(self):
        folders = [self.folder / "all" / os.fsdecode(name) for name in (b"caf\xe8", b"caf\xe9")]
        repositories = [recent_history(folder) for folder in folders]
        now = int(time.time())
        for number, name in enumerate((b"v\xe8", b"v\xe9")):
            repositories[0].commit(now - 7200 + number)
            repositories[0].tag(os.fsdecode(name), at=now - 3600 + number)
        site = self.site([self.folder / "all" / "*"])
        collected = site.collect()
        self.assertEqual(collected["outcome"], "ok")
        self.assertEqual(collected["rows"]["commit/1"], 2 * 10 + 2)
        self.assertEqual(site.kpi("dora_deployment_frequency", "--window", "all")["n"], 2 * 3 + 2)
        site.write([self.folder / "all" / "*"], 'deployment_tags = "v*"', repositories="none")
        site.start()
        services = wait_for("both on the page", lambda: self.services_in(site))
        self.assertEqual(services, {r"caf\\xE8", r"caf\\xE9"})  # the backslash is escaped there
        repositories[0].git("tag", "-d", os.fsdecode(b"v\xe8"))
        site.collect()
        refs = site.json("store", "info")["records"]["ref/1"]  # the daemon may have been first
        self.assertEqual(refs, 2 * (1 + 3) + 2 - 1)

    def services_in(self, site):
        found = re.findall(r'baselined_kpi_sample_size\{kpi="commit_activity",service="([^"]*)"',
                           site.clean_metrics())
        return set(found) - {"shop"}

    def test_nobody_is_named_in_the_store(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        for file in site.state.iterdir():
            if file.is_file():
                self.assertNotIn(b"dev@example.org", file.read_bytes(), file)

    def test_one_bad_repository_does_not_stop_the_others(self):
        repository = recent_history(self.folder / "shop")
        (self.folder / "broken").mkdir()
        site = self.site([self.folder / "broken", repository.path])
        done = site.run("collect", "code", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.folder / "broken"), done.stderr)
        self.assertEqual(site.json("store", "info")["records"]["commit/1"], 10)

    def test_what_a_repository_needs_outside_its_folder_is_read_where_it_is_named(self):
        lender = recent_history(self.folder / "elsewhere" / "lender")
        borrower = self.folder / "granted" / "shop"
        lender.git("clone", "-q", "--shared", str(lender.path), str(borrower))
        lender.git("worktree", "add", "-q", str(self.folder / "granted" / "tree"), "-b", "side")
        for path in (borrower, self.folder / "granted" / "tree"):
            site = self.site([path])
            refused = site.run("collect", "code", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(str(lender.path), refused.stderr)
            self.assertIn("name its folder in 'read_also'", refused.stderr)
            site.config.write_text(site.config.read_text().replace(
                "repositories = [", f"read_also = [{json.dumps(str(lender.path))}]\n"
                "  repositories = [", 1))
            self.assertEqual(site.collect()["rows"]["commit/1"], 10)

    def test_an_empty_repository_has_no_numbers_and_is_no_failure(self):
        repository = GitRepository(self.folder / "shop")
        site = self.site([repository.path])
        self.assertEqual(site.collect()["outcome"], "ok")

    def test_a_dry_run_prints_every_record_and_stores_nothing(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        done = site.run("collect", "code", "--dry-run")
        lines = done.stdout.splitlines()
        self.assertEqual(sum('"contract":"commit/1"' in line for line in lines), 10)
        self.assertNotIn("dev@example.org", done.stdout)
        self.assertFalse(site.state.exists())


if __name__ == "__main__":
    unittest.main()
