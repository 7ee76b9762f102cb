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
EVERY = 2  # seconds
LOOK = 5  # seconds


class Clock(IntegrationTest):
    def jump(self, seconds):
        """The daemon's wall clock from now on; its workers keep the real one."""
        new = self.folder / "clock.new"
        new.write_text(f"{seconds:+d}")
        os.replace(new, self.folder / "clock")

    def started(self):
        self.repository = recent_history(self.folder / "shop")
        site = self.site([self.repository.path])
        site.config.write_text(site.config.read_text().replace('"1h"', f'"{EVERY}s"'))
        self.jump(0)
        os.environ.update({"LD_PRELOAD": str(LIBRARY), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
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

    def clock_of(self, site):
        reported = re.search(r"^baselined_kpi_last_refresh_timestamp_seconds (\S+)",
                             site.get("/metrics")[1], re.MULTILINE)
        return float(reported.group(1)) - time.time()

    def test_no_jump_loses_a_run_or_makes_one_more(self):
        self.assertIsNotNone(LIBRARY, "the package faketime is missing")
        site = self.started()
        wait_for("the first run", lambda: self.runs(site) > 0)
        before = site.kpi("dora_commit_lead_time", "--window", "28d")
        for jump in (60, -3600, DAY, -2 * DAY, 20 * 365 * DAY, -20 * 365 * DAY, 0):
            self.jump(jump)
            self.repository.commit(int(time.time()) - 20 * DAY)  # something new for a refresh
            count = self.runs(site)
            began = time.monotonic()
            wait_for("a run by the new clock", lambda at=jump: abs(self.clock_of(site) - at) < 60)
            time.sleep(LOOK)
            passed = time.monotonic() - began
            self.assertAlmostEqual((self.runs(site) - count) * EVERY, passed, delta=2 * EVERY,
                                   msg=f"jump of {jump} s")
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
