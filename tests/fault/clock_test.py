"""The wall clock jumps while the daemon runs: by a minute, a day, years, both ways.

Schedules follow the monotonic clock, so no run is lost and none is made up for; the numbers are
those of the clock of the moment, and are right again when the clock is.
"""
import json
import os
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from harness import DAY, IntegrationTest, recent_history, wait_for  # noqa: E402

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
EVERY = 4  # seconds
LOOK = 20  # seconds
YEARS = 20 * 365 * DAY
JUMPS = ((60, -3600, 0), (DAY, -2 * DAY, 0), (YEARS, -YEARS, 0))  # of one daemon each


class Clock(IntegrationTest):
    def jump(self, site, seconds):
        """The daemon's wall clock from now on; its workers keep the real one."""
        new = site.folder / "clock.new"
        new.write_text(f"{seconds:+d}")
        os.replace(new, site.folder / "clock")

    def started(self, number):
        repository = recent_history(self.folder / f"shop{number}")
        site = self.site([repository.path])
        site.repository = repository
        site.config.write_text(site.config.read_text().replace('"1h"', f'"{EVERY}s"'))
        self.jump(site, 0)
        os.environ.update({"LD_PRELOAD": str(LIBRARY), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_TIMESTAMP_FILE": str(site.folder / "clock"),
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
        try:
            return site.start()
        finally:
            del os.environ["LD_PRELOAD"]

    def runs(self, site):
        found = re.findall(r'^baselined_collector_runs_total\{collector="code",outcome="(\w+)"\} (\d+)',
                           site.get("/metrics")[1], re.MULTILINE)
        self.assertLessEqual({outcome for outcome, count in found if int(count) > 0}, {"ok"})
        return sum(int(count) for _, count in found)

    def next_run(self, site):
        """(slots so far, when) at the end of the next run, so that no part of one is counted.

        A slot has a run, or is skipped because a slow machine's run before it is not over.
        """
        count = self.runs(site)
        runs = wait_for("the next run", lambda: self.runs(site) > count and self.runs(site))
        ended = time.monotonic()
        return runs + site.sample("baselined_collector_skipped_slots_total", collector="code"), ended

    def clock_of(self, site):
        reported = re.search(r"^baselined_kpi_last_refresh_timestamp_seconds (\S+)",
                             site.get("/metrics")[1], re.MULTILINE)
        return float(reported.group(1)) - time.time()

    def test_no_jump_loses_a_run_or_makes_one_more(self):
        self.assertIsNotNone(LIBRARY, "the package faketime is missing")
        sites = [self.started(number) for number in range(len(JUMPS))]
        for site in sites:
            self.next_run(site)
        before = [site.kpi("dora_commit_lead_time", "--window", "28d") for site in sites]
        for jumps in zip(*JUMPS):
            begun = [self.next_run(site) for site in sites]
            for site, jump in zip(sites, jumps):
                self.jump(site, jump)
                site.repository.commit(int(time.time()) - 20 * DAY)  # something new for a refresh
            for site, jump in zip(sites, jumps):
                wait_for("a run by the new clock",
                         lambda of=site, at=jump: abs(self.clock_of(of) - at) < 60)
            time.sleep(LOOK)
            for site, jump, (count, began) in zip(sites, jumps, begun):
                now, ended = self.next_run(site)
                self.assertAlmostEqual((now - count) * EVERY, ended - began, delta=EVERY / 2,
                                       msg=f"jump to {jump} s")
        for site, was in zip(sites, before):
            self.check_the_end(site, was)

    def check_the_end(self, site, before):
        self.assertEqual(site.get("/readyz")[0], 200)
        self.assertIn(json.loads(site.get("/status")[1])["collectors"][0]["state"],
                      ("waiting", "running"))
        self.assertEqual(site.stop(), 0)
        after = site.kpi("dora_commit_lead_time", "--window", "28d")
        self.assertEqual(after["n"], before["n"])
        again = site.collect()
        self.assertEqual([again[key] for key in ("inserted", "updated", "removed")], [0, 0, 0])
        self.assertTrue(site.json("store", "check")["ok"])


if __name__ == "__main__":
    unittest.main()
