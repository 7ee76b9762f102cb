"""The disk of the state directory fills up at a random moment and is freed again, many times.

  disk_full_test.py [--cycles N] [--seed N]

The daemon must stay, serve its numbers, start no worker while there is no space, go on by itself
within ten seconds of its return, and have lost and doubled nothing. Needs a small tmpfs: root, or a
user who may have a mount namespace of its own.
"""
import argparse
import contextlib
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import audit  # noqa: E402
from harness import Site, wait_for  # noqa: E402
from kill_test import BIG, SMALL, History  # noqa: E402

SIZE = 256_000_000
RESUME = 10  # seconds: what is promised


@contextlib.contextmanager
def small_disk(folder):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def may_mount():
    """In a namespace of its own, so that nobody else sees the mount."""
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(["unshare", "--mount", *as_user(), "mount", "-t", "tmpfs", "tmpfs",
                               folder], capture_output=True, check=False).returncode == 0


def as_user():
    return [] if os.geteuid() == 0 else ["--user", "--map-root-user"]


def free_bytes(folder):
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize


def fill(folder, leave):
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while free_bytes(folder) > leave:
            filler.write(bytes(min(65536, free_bytes(folder) - leave)))


class Driver:
    def __init__(self, folder, disk, seed):
        self.random = random.Random(seed)
        self.disk = disk
        self.history = History(folder / "shop", self.random)
        self.history.grow(BIG)
        self.site = Site(disk / "site", [self.history.repository.path])
        self.site.config.write_text(self.site.config.read_text().replace('"1h"', '"1s"'))
        self.slowest = 0

    def runs(self, outcome):
        return self.site.sample("baselined_collector_runs_total", collector="code",
                                outcome=outcome) or 0

    def cycle(self):
        """What was wrong in one filling and freeing of the disk."""
        self.history.grow(self.random.randint(SMALL, BIG))
        self.history.move_tags()
        time.sleep(self.random.uniform(0, 1.5))  # in the middle of a run, or before, or after it
        refused = self.runs("disk_full")
        fill(self.disk, self.random.choice((0, 0, 4096, 1_000_000)))
        wait_for("a run that is refused", lambda: self.runs("disk_full") > refused)
        problems = []
        if self.site.sample("baselined_collector_parked", collector="code",
                            reason="disk_full") != 1:
            problems.append("it is not said that the collector waits for space")
        if not self.site.json("status")["collectors"][0]["reason"]:
            problems.append("status does not say why")
        if "baselined_kpi_sample_size{" not in self.site.get("/metrics")[1]:
            problems.append("the numbers are gone")
        asked = self.site.run("kpi", "--json", check=False)
        # Rows may be stored whose facts had no space: better no answer than an old one.
        if asked.returncode != 0 and "Free some space" not in asked.stderr:
            problems.append(f"kpi: {asked.stderr}")
        good = self.runs("ok")
        (self.disk / "filler").unlink()
        freed = time.monotonic()
        wait_for("a run after there is space again", lambda: self.runs("ok") > good)
        self.slowest = max(self.slowest, time.monotonic() - freed)
        # The next one begins after the last change of the history.
        good = self.runs("ok")
        wait_for("one more run", lambda: self.runs("ok") > good)
        if self.site.daemon.poll() is not None:
            problems.append(f"the daemon ended: {self.site.log.read_text()[-2000:]}")
        stored = sorted(audit.stored_commits(self.site.state))
        if stored != sorted(audit.commits_of(self.history.repository)):
            problems.append(f"{len(stored)} commits are stored, the history has others")
        return problems + [row[0] for row in audit.query(self.site.state, "PRAGMA integrity_check")
                           if row[0] != "ok"]


def drive(folder, arguments):
    with small_disk(folder / "disk") as disk:
        driver = Driver(folder, disk, arguments.seed)
        driver.site.collect()
        driver.site.start()
        try:
            for number in range(1, arguments.cycles + 1):
                for problem in driver.cycle():
                    print(f"cycle {number}: {problem}", flush=True)
                    return 1
            if driver.slowest > RESUME:
                print(f"it took {driver.slowest:.1f} s to go on")
                return 1
            kept = {sha: driver.history.ever.get(sha, []) for sha in
                    audit.stored_commits(driver.site.state)}
        finally:
            driver.site.stop()
        for problem in audit.after_recovery(driver.site, driver.history.repository, kept):
            print(f"at the end: {problem}")
            return 1
    print(f"{arguments.cycles} times full: nothing lost, nothing doubled; "
          f"it went on within {driver.slowest:.1f} s")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--own-namespace", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.own_namespace:
        if not may_mount():
            print("SKIPPED: this user may not mount a small disk here")
            return 0
        return subprocess.run(["unshare", "--mount", *as_user(), sys.executable, "-B", __file__,
                               "--own-namespace", f"--cycles={arguments.cycles}",
                               f"--seed={arguments.seed}"], check=False).returncode
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="baselined-fault-") as folder:
        return drive(pathlib.Path(folder), arguments)


if __name__ == "__main__":
    sys.exit(main())
