"""Plugins that do bad things, beside good ones: a plugin can hurt nothing but its own run."""
import contextlib
import itertools
import json
import math
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import (BASELINED, BUILD, DEADLINE, PLUGINS, IntegrationTest, adopt_orphans,
                     end_children, recent_history, wait_for, workers_of)
from http_site import IS_SANITIZED

BAD = BUILD / "tests" / "integration" / "plugins"
OTHER_ABI = BUILD / "tests" / "unit" / "worker" / "plugins"

CRASH = {"internal"}      # the worker is gone
HANG = {"cancelled"}      # killed at the deadline
LIE = {"data", "internal"}  # refused, or a crash where the lie is met first
BEHAVIOURS = {
    "nothing": {"ok"},
    "segv": CRASH,
    "abort": CRASH,
    "exit": CRASH,
    "exit_at_once": CRASH,
    "dig": CRASH,
    "write_everywhere": CRASH,
    "close_everything": CRASH,
    "throw_in_constructor": {"config"},
    "throw": {"data"},
    "throw_a_number": {"data"},
    "hang": HANG,
    "stop": HANG,
    "print": HANG,
    "leave_children": HANG,
    "flood": HANG,
    # A sanitizer has no limit of memory, needs descriptors and children of its own, and runs exit
    # handlers, after the report.
    "memory": CRASH | HANG | {"data", "limit"} if IS_SANITIZED else {"limit"},
    "leak_descriptors": {"data", "internal"} if IS_SANITIZED else {"data"},
    "lie_about_rows": LIE,
    "lie_about_cells": LIE,
    "huge_row": {"limit"},
    "huge_cursor": {"limit"},
    "invalid_text": {"data"},
    "missing_key": {"data"},
    "end_of_time": {"ok"},
    "same_again": {"ok"},
    # Of a plugin that is written against the C header alone.
    "throw_in_create": CRASH,
    "throw_in_destroy": CRASH,
    "exit_in_create": CRASH,
    "exit_in_destroy": CRASH,
    "hang_in_create": HANG,
    "hang_in_destroy": HANG,
    "fork_bomb": {"data"},
    "four_gib": CRASH | {"ok"} if IS_SANITIZED else CRASH,
    "ignore_signals": HANG,
    "smash_the_stack": CRASH,
    "exit_handlers": {"ok", "internal"} if IS_SANITIZED else {"ok"},
    "jump": CRASH | {"data"},  # under a sanitizer it may arrive, and throws
    "ten_million_rows": {"limit"},
    "not_a_number": {"data"},
    "far_clock": {"ok"},
}
ONLY = os.environ.get("BL_PLUGIN_CASE")  # a pattern: a part of them
CASES = [name for name in BEHAVIOURS if not ONLY or re.search(ONLY, name)]
STORED = {"end_of_time": 2, "same_again": 1, "far_clock": 1}  # rows
# What the report of a run says; without a line here what it says of every crash, of every hang.
GONE = r"its worker (was killed by SIG[A-Z]+|exited with code \d+) (without being|after it was) done"
LATE = "was not done within its timeout of "
REASONS = {
    "write_everywhere": "protocol violation: a frame of unknown type",
    "throw_in_constructor": "thrown in the constructor",
    "throw": "thrown in collect",
    "throw_a_number": "the plugin threw something that is no std::exception",
    "memory": f"{GONE}|{LATE}|it has 4 GiB" if IS_SANITIZED else "needed more than 2048 MiB of memory",
    "leak_descriptors": rf"no descriptor is left after 2[45]\d\b|{GONE}",  # of 256
    # What is in memory behind the row.
    "lie_about_rows": r"stream refs: column \w+: (another type than declared|null in a required "
                      rf"column|text at a null pointer|a boolean that is neither)|{GONE}",
    "lie_about_cells": "refused",
    "huge_row": r"stream refs: a row of 2000\d\d\d bytes; at most 524288 are accepted",
    "huge_cursor": "a cursor has 2000000 bytes; at most 524288 are accepted",
    "invalid_text": "stream refs: column name is not valid UTF-8",
    "missing_key": "stream refs: column name: null in a required column",
    "throw_in_create": "an exception left the plugin's function: out through the boundary",
    "throw_in_destroy": "an exception left the plugin's function: out through the boundary",
    "fork_bomb": "fork: Operation not permitted" + ("|it has 20 children" if IS_SANITIZED else ""),
    "jump": f"jumped|{GONE}",
    "ten_million_rows": "emitted more than 100000 rows in one run; to allow more, set rows in "
                        r"\[collector.limits\] of collector ten_million_rows",
    "not_a_number": "stream links: column confidence: a number that is not finite",
}
# Plugins that are none, and what is said of each.
NO_PLUGINS = {
    "other_major_plugin": "it exports bl_plugin_main_v3: it was built for another version of "
                          "baselined, this one loads bl_plugin_main_v0",
    "newer_host_plugin": "it needs a newer baselined: ABI 0.0 is too old for it",
    "newer_minor": "it was built for ABI 0.7; this is ABI 0.0",
    "throw_on_entry": "an exception left bl_plugin_main_v0: thrown on entry",
    "exit_on_load": "its worker exited with code 0 and described nothing",
    "hang_on_load": "it did not describe itself within 5s",
}


GOOD = [f"good{number}" for number in range(3)]


def collector(name, plugin, options, every="5s", timeout="1m"):
    return f"""
[[collector]]
name    = "{name}"
plugin  = "{plugin}"
every   = "{every}"
timeout = "{timeout}"
allow   = ["fs_read"]
options = {options}
"""


def bad(name, timeout=None, **more):
    # Short only for those that end in no other way: a sanitizer takes seconds to tell of a crash.
    timeout = timeout or ("2s" if "cancelled" in BEHAVIOURS[name] else "1m")
    plugin = "raw_plugin" if name.endswith(("_in_create", "_in_destroy")) else "bad_plugin"
    text = collector(name, plugin, f'{{ do = "{name}" }}', timeout=timeout, **more)
    return text + ("  limits = { rows = 100000 }\n" if name == "ten_million_rows" else "")


class Plugins(IntegrationTest):
    maxDiff = None

    def bad_site(self, collectors, plugins=BAD):
        site = self.site([self.repository.path])
        site.write([self.repository.path], 'deployment_tags = "v*"', extra=collectors,
                   plugins=[PLUGINS, plugins])
        return site

    def outcome(self, site, name):
        report = site.run("collect", name, "--json", check=False)
        return json.loads(report.stdout)

    @classmethod
    def setUpClass(cls):
        adopt_orphans()

    def setUp(self):
        super().setUp()
        self.addCleanup(end_children)  # what a plugin left behind, the daemon too
        self.repository = recent_history(self.folder / "shop")
        self.of_others = set(self.processes())

    def processes_of(self, site):
        """Workers, and what they left behind, that work for this test."""
        return [found for found in self.processes(site.folder) if found not in self.of_others]

    def processes(self, folder=BAD):
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if str(BAD).encode() in command or str(folder).encode() in command:
                found.append(int(process.name))
        return found

    def good(self, name, every):
        repository = json.dumps([str(self.repository.path)])
        return collector(name, "git", f"{{ repositories = {repository} }}", every)

    def runs(self, site, name, outcome="ok"):
        return site.sample("baselined_collector_runs_total", collector=name, outcome=outcome) or 0

    def interval_of_the_good(self, site):
        """Seconds in which a run fits beside a dozen that spin: much longer under a sanitizer."""
        site.collect()
        began = time.monotonic()
        site.collect()
        return min(10, max(2, math.ceil(20 * (time.monotonic() - began))))

    def no_slot_was_missed(self, site, name, began, every):
        for none in ("skipped_slots_total", "consecutive_failures"):
            self.assertEqual(site.sample(f"baselined_collector_{none}", collector=name), 0,
                             re.findall(rf".*collector {name}: .*", site.log.read_text()))
        now = time.time()
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            starts = [us / 1e6 for us, in database.execute(
                "SELECT started_at FROM run_log WHERE collector = ? AND outcome = 'ok'"
                " ORDER BY started_at", (name,))]
        self.assertGreaterEqual(len(starts), (now - began) // every - 1, name)
        for earlier, later in itertools.pairwise([began, *starts, now]):
            self.assertLess(later - earlier, 2 * every, name)

    def test_each_bad_plugin_hurts_its_own_run_only(self):
        site = self.bad_site("")
        every = self.interval_of_the_good(site)
        site = self.bad_site("".join([bad(name) for name in CASES] +
                                     [self.good(name, f"{every}s") for name in GOOD]))
        site.start()
        pid = site.daemon.pid
        began, scrapes = time.time(), []

        def outcomes():
            self.assertIsNone(site.daemon.poll(), site.log.read_text()[-2000:])
            asked = time.monotonic()
            page = site.get("/metrics")[1]
            scrapes.append(time.monotonic() - asked)
            seen = {name: set() for name in CASES}
            for name, outcome in re.findall(
                    r'^baselined_collector_runs_total\{collector="(\w+)",outcome="(\w+)"\} [1-9]',
                    page, re.MULTILINE):
                if name in seen:
                    seen[name].add(outcome)
            return seen

        wait_for("three slots of the good ones", lambda: time.time() - began > 3 * every)
        for name in CASES:
            wait_for(f"a run of {name}", lambda: outcomes()[name])
        self.assertEqual({name: seen for name, seen in outcomes().items()
                          if not seen <= BEHAVIOURS[name]}, {})
        self.assertLess(sorted(scrapes)[-3], 1)  # two may meet a busy machine
        for name in GOOD:
            self.no_slot_was_missed(site, name, began, every)
        self.assertEqual(site.daemon.pid, pid)
        self.assertIsNone(site.daemon.poll())
        # Nothing of a run that failed was stored, and of the others exactly what they committed.
        stored = site.json("store", "info")["records"]["ref/1"]
        self.assertEqual(stored, 4 * 4 + sum(STORED.get(name, 0) for name in CASES))
        self.assertEqual(site.stop(), 0)
        wait_for("their processes to be gone", lambda: not self.processes_of(site))
        self.assertTrue(site.json("store", "check")["ok"])

    def report_of(self, site, name, patience):
        try:
            return list(site.ask(name, patience=patience))[-1]
        except (OSError, ValueError, IndexError) as failure:
            self.fail(f"no report of a run of {name} in {patience} s: {failure!r}\n"
                      f"{site.log.read_text()[-2000:]}")

    def test_each_bad_plugin_alone_is_told_with_its_reason_and_ends_in_time(self):
        site = self.bad_site("".join(bad(name, every="300h") for name in CASES)).start()
        pid = site.daemon.pid
        for name in CASES:
            expected = BEHAVIOURS[name]
            report = self.report_of(site, name, patience=20 if expected == HANG else 80)
            with self.subTest(name):
                self.assertIn(report["outcome"], expected, report)
                if report["outcome"] != "ok":
                    self.assertRegex(report["message"], r"plugin org\.example\.(bad|raw)\b")
                    self.assertRegex(report["message"], REASONS.get(name, f"{GONE}|{LATE}"))
                if expected == HANG and report["seconds"] >= 3:  # of a busy machine it is once
                    self.assertLess(self.report_of(site, name, patience=20)["seconds"], 3)
                if name == "same_again":  # once more than stored already, or not even that
                    self.assertEqual((report["inserted"] + report["unchanged"],
                                      report["updated"]), (3, 0))
        self.assertLess(site.log.read_text().count(" collector print: "), 250)  # in two runs
        self.assertEqual(site.daemon.pid, pid)
        self.assertEqual(site.get("/readyz")[0], 200)
        wait_for("their processes to be gone", lambda: not workers_of(pid))
        self.assertEqual(site.stop(), 0)
        wait_for("all others to be gone", lambda: not self.processes_of(site))

    def test_what_is_no_plugin_is_a_wrong_configuration_that_says_why(self):
        for name, said in NO_PLUGINS.items():
            site = self.bad_site(collector("odd", name, "{}"), self.file_of(name).parent)
            for command in ("check", "run"):
                done = site.run(command, check=False)
                self.assertEqual(done.returncode, 78, name)
                self.assertIn(f"plugin '{name}': ", done.stderr)
                self.assertIn(said, done.stderr)

    def test_a_plugin_that_others_can_change_is_a_wrong_configuration_that_says_what_to_do(self):
        own = self.folder / "plugins"
        own.mkdir()
        file = own / "bad_plugin.so"
        shutil.copy(BAD / "bad_plugin.so", file)
        site = self.bad_site(bad("nothing"), own)
        self.assertEqual(site.run("check").returncode, 0)
        for path, mode in ((file, 0o646), (own, 0o757)):
            before = path.stat().st_mode
            path.chmod(mode)
            said = "it" if path == file else str(own)
            for command in ("check", "run"):
                done = site.run(command, check=False)
                self.assertEqual(done.returncode, 78)
                self.assertIn(f"plugin 'bad_plugin': {file}: users other than its owner can write "
                              f"to {said}; use chmod go-w", done.stderr)
            path.chmod(before)
        file.write_bytes(b"")
        self.assertIn(f"{file}: it is empty; install it again",
                      site.run("check", check=False).stderr)

    def test_a_plugin_that_goes_away_while_the_daemon_runs_stops_its_collector_only(self):
        own = self.folder / "plugins"
        own.mkdir()
        shutil.copy(BAD / "bad_plugin.so", own / "bad_plugin.so")
        site = self.bad_site(bad("nothing", every="1s") + self.good("good", "1s"), own).start()
        wait_for("a run", lambda: self.runs(site, "nothing"))
        (own / "bad_plugin.so").unlink()
        wait_for("a run without the plugin", lambda: self.runs(site, "nothing", "transient"))
        self.assertIn("bad_plugin.so: No such file", site.log.read_text())
        before = self.runs(site, "good")
        wait_for("the other one to go on", lambda: self.runs(site, "good") > before + 1)

    def test_a_plugin_that_is_replaced_by_what_is_none_stops_its_collector_only(self):
        own = self.folder / "plugins"
        own.mkdir()
        shutil.copy(BAD / "bad_plugin.so", own / "bad_plugin.so")
        site = self.bad_site(bad("nothing", every="300h", timeout="2s") + self.good("good", "1s"),
                             own).start()
        for name, said in NO_PLUGINS.items():
            before = self.runs(site, "good")
            shutil.copy(self.file_of(name), own / "new")
            (own / "new").rename(own / "bad_plugin.so")  # whole: nobody writes into what is mapped
            *_, report = site.ask("nothing")
            if name == "hang_on_load":
                self.assertEqual(report["outcome"], "cancelled", name)
            else:
                self.assertEqual(report["outcome"], "internal", name)
                self.assertIn("exited with code 0" if name == "exit_on_load" else said,
                              report["message"])
            wait_for("the status to say so", lambda: report["message"] in [
                each["reason"] for each in json.loads(site.get("/status")[1])["collectors"]])
            wait_for("the other one to go on", lambda: self.runs(site, "good") > before)
        shutil.copy(BAD / "bad_plugin.so", own / "new")
        (own / "new").rename(own / "bad_plugin.so")
        self.assertEqual(self.outcome(site, "nothing")["outcome"], "ok")

    def file_of(self, plugin):
        return next(folder / f"{plugin}.so" for folder in (BAD, OTHER_ABI)
                    if (folder / f"{plugin}.so").exists())

    def test_a_plugin_that_hangs_while_a_reload_loads_it_stops_nothing_else(self):
        site = self.bad_site(self.good("good", "1s")).start()
        wait_for("a run", lambda: self.runs(site, "good"))
        site.config.write_text(site.config.read_text() + collector("stuck", "hang_on_load", "{}"))
        site.daemon.send_signal(signal.SIGHUP)
        wait_for("the plugin to be loaded", lambda: workers_of(site.daemon.pid, "--describe"))
        before = self.runs(site, "good")
        slowest = 0
        began = time.monotonic()
        while workers_of(site.daemon.pid, "--describe"):
            asked = time.monotonic()
            self.assertLess(asked - began, DEADLINE)
            self.assertEqual(site.get("/metrics")[0], 200)
            slowest = max(slowest, time.monotonic() - asked)
        self.assertLess(slowest, 5)  # half of what a plugin has to be loaded
        self.assertGreater(self.runs(site, "good"), before + 1)
        wait_for("the refusal", lambda: "going on with the old one" in site.log.read_text())
        self.assertIn(NO_PLUGINS["hang_on_load"], site.log.read_text())

    def test_a_crash_is_told_where_whoever_started_us_ignores_the_end_of_children(self):
        site = self.bad_site(bad("abort"))
        done = subprocess.run(
            [str(BASELINED), "collect", "abort", "--config", str(site.config), "--json"],
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
            capture_output=True, text=True, timeout=DEADLINE)
        self.assertIn("killed by SIGABRT", done.stdout)

    def test_a_run_that_is_about_to_begin_when_the_daemon_is_told_to_stop_does_not_begin(self):
        site = self.bad_site(bad("hang", every="300h", timeout="50s")).start()
        wait_for("the first run", lambda: "collector code: ok" in site.log.read_text())
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db",
                                                isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # the run waits for it
            asking = threading.Thread(
                target=lambda: site.run("collect", "hang", check=False))
            asking.start()
            wait_for("the run to begin", lambda: any(
                found["name"] == "hang" and found["state"] == "running"
                for found in site.json("status")["collectors"]))
            site.daemon.terminate()
            time.sleep(0.2)
            other.execute("ROLLBACK")
        self.assertEqual(site.daemon.wait(20), 0)
        site.daemon = None
        asking.join()
        self.assertIn("collector hang: cancelled", site.log.read_text())

    def test_a_collection_by_hand_ends_when_it_is_told_to_at_any_moment(self):
        site = self.bad_site(bad("hang", timeout="50s"))
        started = time.monotonic()
        site.collect()
        whole = time.monotonic() - started
        codes = set()
        for part in range(1, 31):
            by_hand = subprocess.Popen(
                [str(BASELINED), "collect", "hang", "--config", str(site.config)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * part / 20)
            by_hand.terminate()
            try:
                codes.add(by_hand.wait(20))
            finally:
                by_hand.kill()
        self.assertIn(1, codes)
        self.assertLessEqual(codes, {1, -15})

    def test_who_waits_for_a_collector_that_a_reload_removes_is_told(self):
        hang = bad("hang", timeout="8s")
        site = self.bad_site(hang).start()
        running = lambda: any(found["name"] == "hang" and found["state"] == "running"
                              for found in site.json("status")["collectors"])
        wait_for("the collector to run", running)
        waiting = site.ask("hang")
        self.assertTrue(running())  # asked later, so that the daemon knows who waits by now
        site.config.write_text(site.config.read_text().replace(hang, ""))
        site.daemon.send_signal(signal.SIGHUP)
        *_, told = waiting
        self.assertIn("no such collector any more", json.dumps(told))


if __name__ == "__main__":
    unittest.main()
