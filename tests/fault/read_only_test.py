"""The state directory cannot be written any more, while a daemon runs and when one starts.

  read_only_test.py [--may-skip]

A disk with errors is remounted read-only by the kernel, but nobody can do that to a database that is
open: a preloaded library makes writing fail instead. A start meets a real read-only disk, which
needs root, or a user who may have a mount namespace of its own.
"""
import errno
import json
import os
import pathlib
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import audit  # noqa: E402
import disk  # noqa: E402
from compiled import library  # noqa: E402
from harness import IntegrationTest, recent_history, wait_for  # noqa: E402
from history import BIG, SMALL, History  # noqa: E402
from victim import children  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
EVERY = 3     # seconds
LONGEST = 60  # seconds: of the first back-off


class WhileItRuns(IntegrationTest):
    def started(self, name, preloaded):
        history = History(self.folder / f"shop {name}", random.Random(name))
        history.grow(SMALL)
        history.change_refs()
        site = self.site([history.repository.path])
        site.config.write_text(site.config.read_text().replace('"1h"', f'"{EVERY}s"'))
        site.collect()
        site.flag = self.folder / f"flag {name}"
        os.environ.update({"LD_PRELOAD": str(preloaded), "FAILING_FOLDER": str(site.state),
                           "FAILING_FLAG": str(site.flag)})
        try:
            site.start()
        finally:
            del os.environ["LD_PRELOAD"]
        site.history = history
        site.before = audit.stored(site.state)
        return site

    def break_disk(self, site, error):
        site.flag.write_text(str(error))
        site.failed = self.runs(site, "transient")

    def runs(self, site, outcome):
        self.assertIsNone(site.daemon.poll(), site.log.read_text())
        return site.sample("baselined_collector_runs_total", collector="code", outcome=outcome)

    def check_that_it_stays(self, site, error, is_idle):
        wait_for("a run that fails", lambda: self.runs(site, "transient") > site.failed)
        why = "has become read-only" if is_idle and error == errno.EROFS else "disk I/O error"
        self.assertIn(why, self.reason(site))
        self.assertIn("baselined_kpi_sample_size{", site.get("/metrics")[1])
        cut = audit.query(site.state, "SELECT 1 FROM run_log WHERE outcome IS NULL")
        self.assertEqual(is_idle, not cut, "it failed at another moment")

    def test_it_stays_and_goes_on_when_writing_works_again(self):
        preloaded = library(HERE / "failing_writes.c", self.folder / "failing_writes.so")
        cases = [(error, is_idle) for error in (errno.EROFS, errno.EIO) for is_idle in (True, False)]
        sites = [self.started(f"{error} {is_idle}", preloaded) for error, is_idle in cases]
        for site, (error, is_idle) in zip(sites, cases):
            if is_idle:
                ok = self.runs(site, "ok")
                wait_for("the end of a run", lambda of=site, was=ok: self.runs(of, "ok") > was, every=0.01)
                self.break_disk(site, error)
            site.history.grow(BIG)
            if not is_idle:
                wait_for("a worker", lambda pid=site.daemon.pid: next(children(pid, "--run"), None),
                         every=0.001)
                self.break_disk(site, error)
        for site, (error, is_idle) in zip(sites, cases):
            self.check_that_it_stays(site, error, is_idle)
            site.flag.unlink()
            site.freed = time.time()
        for site in sites:
            began = wait_for("an ok run", lambda of=site: self.first_ok(of))
            self.assertLess(began, LONGEST)
            wait_for("the status to forget why", lambda of=site: self.reason(of) is None)
            self.assertEqual(site.stop(), 0)
            self.assertEqual(audit.after_crash(site.state, site.history, site.before), [])
            site.collect()
            self.assertEqual(audit.after_recovery(site, site.history, site.before), [])

    def reason(self, site):
        return json.loads(site.get("/status")[1])["collectors"][0]["reason"]

    def first_ok(self, site):
        """How many seconds after the end of the failures it began."""
        began = audit.query(site.state, "SELECT min(started_at) FROM run_log WHERE outcome = 'ok' AND"
                                        f" started_at > {site.freed * 1e6:.0f}")[0][0]
        return began and began / 1e6 - site.freed


class AtTheStart(IntegrationTest):
    def test_it_is_refused_and_what_is_there_can_be_read(self):
        with disk.small_disk(self.folder / "disk", 50_000_000) as small:
            repository = recent_history(self.folder / "shop")
            site = self.site([])
            site.state = small / "state"
            site.write([repository.path], 'deployment_tags = "v*"')
            site.collect()
            numbers = site.kpi("dora_deployment_frequency")["stats"]
            for is_killed in (False, True):
                if is_killed:  # with a log that is not empty
                    site.start()
                    site.collect()
                    site.stop(signal.SIGKILL)
                disk.mount("-o", "remount,ro", small)
                for command in (("run",), ("collect", "code")):
                    refused = site.run(*command, check=False)
                    self.assertEqual(refused.returncode, 78)
                    self.assertIn("writable", refused.stderr)
                self.assertEqual(site.kpi("dora_deployment_frequency")["stats"], numbers)
                disk.mount("-o", "remount,rw", small)
            self.assertEqual(site.collect()["inserted"], 0)


if __name__ == "__main__":
    if "--own-namespace" not in sys.argv:
        sys.exit(disk.in_own_namespace(__file__, sys.argv[1:]))
    unittest.main(argv=[argument for argument in sys.argv
                        if argument not in ("--own-namespace", "--may-skip")])
