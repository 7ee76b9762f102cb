"""Plugins that do bad things, beside good ones: a plugin can hurt nothing but its own run."""
import contextlib
import json
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

from harness import BASELINED, BUILD, DEADLINE, PLUGINS, IntegrationTest, recent_history, wait_for

BAD = BUILD / "tests" / "integration" / "plugins"

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
    "throw_in_create": {"config"},
    "throw": {"data"},
    "throw_a_number": {"data"},
    "hang": HANG,
    "stop": HANG,
    "print": HANG,
    "leave_children": HANG,
    "flood": HANG,
    "memory": CRASH | HANG | {"data"},  # a sanitizer has no limit of memory
    "leak_descriptors": {"data", "internal"},  # a sanitizer needs one of its own
    "lie_about_rows": LIE,
    "lie_about_cells": LIE,
    "huge_row": {"limit"},
    "huge_cursor": {"limit"},
    "invalid_text": {"data"},
    "missing_key": {"data"},
    "end_of_time": {"ok"},
    "same_again": {"ok"},
}


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
    return collector(name, "bad_plugin", f'{{ do = "{name}" }}', timeout=timeout, **more)


class Plugins(IntegrationTest):
    maxDiff = None

    def bad_site(self, collectors, plugins=BAD):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.write([repository.path], 'deployment_tags = "v*"', extra=collectors,
                   plugins=[PLUGINS, plugins])
        return site

    def outcome(self, site, name):
        report = site.run("collect", name, "--json", check=False)
        return json.loads(report.stdout)

    def setUp(self):
        super().setUp()
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

    def test_each_bad_plugin_hurts_its_own_run_only(self):
        good = [f"good{number}" for number in range(3)]
        repository = json.dumps([str(self.folder / "shop")])
        site = self.bad_site("".join(
            [bad(name) for name in BEHAVIOURS] +
            [collector(name, "git", f"{{ repositories = {repository} }}", "10s")
             for name in good]))
        site.start()
        pid = site.daemon.pid

        def outcomes():
            seen = {name: set() for name in BEHAVIOURS}
            for name, outcome in re.findall(
                    r'^baselined_collector_runs_total\{collector="(\w+)",outcome="(\w+)"\} [1-9]',
                    site.get("/metrics")[1], re.MULTILINE):
                if name in seen:
                    seen[name].add(outcome)
            return seen

        wait_for("every bad plugin to have run", lambda: all(outcomes().values()))
        self.assertEqual({name: seen for name, seen in outcomes().items()
                          if not seen <= BEHAVIOURS[name]}, {})
        for name in good:
            wait_for(f"a run of {name}", lambda name=name: site.sample(
                "baselined_collector_runs_total", collector=name, outcome="ok"))
            for none in ("skipped_slots_total", "consecutive_failures"):
                self.assertEqual(site.sample(f"baselined_collector_{none}", collector=name), 0)
        self.assertEqual(site.daemon.pid, pid)
        self.assertIsNone(site.daemon.poll())
        # Nothing of a run that failed was stored, and of the others exactly what they committed.
        stored = site.json("store", "info")["records"]["ref/1"]
        self.assertEqual(stored, 4 * 4 + 2 + 1)
        self.assertEqual(site.stop(), 0)
        wait_for("their processes to be gone", lambda: not self.processes_of(site))
        self.assertTrue(site.json("store", "check")["ok"])

    def test_a_plugin_that_hangs_is_killed_within_a_second_of_its_deadline(self):
        site = self.bad_site(bad("hang") + bad("stop") + bad("leave_children"))
        for name in ("hang", "stop", "leave_children"):
            report = self.outcome(site, name)
            self.assertEqual(report["outcome"], "cancelled", report)
            self.assertLess(report["seconds"], 3)
            self.assertEqual(self.processes_of(site), [])

    def test_a_plugin_that_never_comes_back_from_loading_is_a_wrong_configuration(self):
        site = self.bad_site(collector("stuck", "hang_on_load", "{}"))
        done = site.run("check", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("hang_on_load", done.stdout + done.stderr)

    def test_a_plugin_that_goes_away_while_the_daemon_runs_stops_its_collector_only(self):
        own = self.folder / "plugins"
        own.mkdir()
        shutil.copy(BAD / "bad_plugin.so", own / "bad_plugin.so")
        repository = json.dumps([str(self.folder / "shop")])
        site = self.bad_site(bad("nothing", every="1s") +
                             collector("good", "git", f"{{ repositories = {repository} }}", "1s"),
                             plugins=own).start()
        ran = lambda name, outcome: site.sample("baselined_collector_runs_total", collector=name,
                                                outcome=outcome) or 0
        wait_for("a run", lambda: ran("nothing", "ok"))
        (own / "bad_plugin.so").unlink()
        wait_for("a run without the plugin", lambda: ran("nothing", "transient"))
        self.assertIn("bad_plugin.so: No such file", site.log.read_text())
        before = ran("good", "ok")
        wait_for("the other one to go on", lambda: ran("good", "ok") > before + 1)

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
        site = self.bad_site(bad("hang", timeout="4s"))
        site.start()
        running = lambda: any(found["name"] == "hang" and found["state"] == "running"
                              for found in site.json("status")["collectors"])
        wait_for("the collector to run", running)
        waiting = []
        asking = threading.Thread(
            target=lambda: waiting.append(site.run("collect", "hang", check=False)))
        asking.start()
        time.sleep(0.5)  # until the daemon has the request; earlier it would be refused as unknown
        before = site.config.read_text()
        site.config.write_text(before.replace(bad("hang", timeout="4s"), ""))
        site.daemon.send_signal(signal.SIGHUP)
        asking.join()
        self.assertEqual(waiting[0].returncode, 78, waiting[0])
        self.assertIn("no such collector any more", waiting[0].stderr)


if __name__ == "__main__":
    unittest.main()
