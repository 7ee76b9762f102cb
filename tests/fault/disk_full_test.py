"""The disk of the state directory fills up at a random moment and is freed again, many times.

  disk_full_test.py [--cycles N] [--seed N] [--may-skip]

The daemon must stay, serve its numbers, start no worker while there is no space, go on by itself
within ten seconds of its return, and have lost and doubled nothing; so must one that is killed or
stopped, and started again, while the disk is full. Needs a small tmpfs: root, or a user who may have
a mount namespace of its own; where that is refused it fails, but with --may-skip.
"""
import argparse
import collections
import pathlib
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import audit  # noqa: E402
import disk  # noqa: E402
from harness import Site, wait_for  # noqa: E402
from history import BIG, SMALL, History  # noqa: E402
from victim import children  # noqa: E402

SIZE = 512_000_000
RESUME = 10          # seconds: what is promised
ENOUGH = 3           # runs that failed for space after they had begun,
MANY = 20            # in so many cycles
ENDS = ("went on", "was killed", "was stopped", "was killed in a run")
PATH_SIZE = 250      # bytes
ROW_SIZE = 330       # bytes of the row of such a path, while it waits for its barrier
PATHS = 300          # that one commit touches
IN_MEMORY = 1 << 23  # bytes of rows that wait for their barrier; more of them go to a file
SPACE = (17_000_000, 20_000_000)  # bytes: enough to begin a run


class Driver:
    def __init__(self, folder, small, seed):
        self.random = random.Random(seed)
        self.disk = small
        self.history = History(folder / "shop", self.random)
        self.history.grow(BIG)
        self.site = Site(folder / "site", [])
        self.site.state = small / "state"
        self.site.write([self.history.repository.path], 'deployment_tags = "v*"')
        self.site.config.write_text(self.site.config.read_text().replace('"1h"', '"1s"').replace(
            "  [collector.options]\n", "  [collector.options]\n  path_depth = 1\n"))
        self.before = audit.Stored()
        self.ends = collections.Counter()
        self.slowest = 0

    def runs(self, outcome):
        if self.site.daemon.poll() is not None:
            raise AssertionError(f"the daemon ended: {self.site.log.read_text()[-2000:]}")
        return self.site.sample("baselined_collector_runs_total", collector="code",
                                outcome=outcome) or 0

    def log(self, condition):
        """Runs in the log that ended so: only those that had begun are there."""
        return audit.query(self.site.state, f"SELECT count(*) FROM run_log WHERE {condition}")[0][0]

    def cycle(self, number):
        """What was wrong in one filling and freeing of the disk."""
        fills = (self.fill_before_a_run, self.fill_in_a_run, self.fill_at_any_moment)
        fills[number % len(fills)]()
        end = ENDS[number // len(fills) % len(ENDS)]
        self.ends[end] += 1
        problems = self.while_full()
        if end == "was killed":
            self.site.stop(signal.SIGKILL)
            problems += self.start_while_full()
        elif end == "was killed in a run":
            self.kill_in_a_run()
            problems += self.start_while_full()
        elif end == "was stopped":
            problems += self.stop()
            problems += self.start_while_full()
            problems += self.stop()
            problems += self.audit_undisturbed()
            self.site.start()
        self.go_on()
        problems += audit.after_crash(self.site.state, self.history, self.before)
        self.before = audit.stored(self.site.state)
        if not self.before.commits >= self.history.reachable():
            problems.append("not all commits are stored")
        return problems

    def kill_in_a_run(self):
        """So that whoever starts next finds a run that has no end, and no space to write one."""
        disk.free(self.disk)
        self.grow_wide()
        wait_for("a run", lambda: self.log("outcome IS NULL"), every=0.002)
        self.site.stop(signal.SIGKILL)
        if not self.log("outcome IS NULL"):  # it ended just then
            self.site.start()
            self.kill_in_a_run()

    def stop(self):
        return [] if self.site.stop() == 0 else ["it did not stop cleanly"]

    def start_while_full(self):
        disk.fill(self.disk, 0)
        self.site.start()
        disk.fill(self.disk, 0)  # a log that it emptied has given back what it took
        return self.while_full()

    def audit_undisturbed(self):
        """As after a kill: what is there, what a collection makes of it, what follows from that."""
        problems = audit.lost(self.site.state, self.before)
        problems += audit.consistent(self.site.state, self.history)
        disk.free(self.disk)
        self.site.collect()
        return problems + audit.after_recovery(self.site, self.history, self.before)

    # The ways in which it fills up. Afterwards a run has failed or was refused.

    def fill_before_a_run(self):
        refused = self.runs("disk_full")
        disk.fill(self.disk, self.random.choice((0, 0, 4096, 1_000_000)))
        self.grow()
        self.wait_for_failure(refused)

    def fill_in_a_run(self):
        """By the run itself: it begins, and what it reads needs more than there is."""
        begun = self.log("outcome = 'disk_full'")
        while self.log("outcome = 'disk_full'") == begun:
            # Not always at once: a log that is emptied gives back what it took, one that grows takes
            # what a run needs to begin.
            bad, good = self.runs("disk_full"), self.runs("ok")
            disk.free(self.disk)
            disk.fill(self.disk, self.random.randint(*SPACE))
            self.grow_wide()
            wait_for("runs", lambda of=bad, was=good: (self.runs("disk_full") > of
                                                       or self.runs("ok") > was + 1))

    def fill_at_any_moment(self):
        failed = self.runs("disk_full")
        disk.fill(self.disk, 3 * SPACE[1])  # so that the rest takes no time
        self.grow()
        self.grow_wide()
        wait_for("a worker", lambda: next(children(self.site.daemon.pid, "--run"), None), every=0.002)
        time.sleep(self.random.uniform(0, 1))
        disk.fill(self.disk, 0)
        self.wait_for_failure(failed)

    def grow(self):
        self.history.grow(self.random.randint(SMALL, BIG))
        self.history.change_refs()

    def grow_wide(self):
        """By one barrier that does not fit into memory."""
        rows = self.random.uniform(1.1, 2) * IN_MEMORY / ROW_SIZE
        self.history.grow_wide(int(rows / PATHS), PATHS, PATH_SIZE)

    def wait_for_failure(self, before):
        wait_for("a run without space", lambda: self.runs("disk_full") > before)

    def while_full(self):
        wait_for("a run without space", lambda: self.runs("disk_full") > 0)
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
        return problems

    def go_on(self):
        freed = time.time()
        disk.free(self.disk)
        began = wait_for("a run after there is space again", lambda: audit.query(
            self.site.state, "SELECT min(started_at) FROM run_log WHERE outcome = 'ok' AND started_at >"
                             f" {freed * 1e6:.0f}")[0][0])
        self.slowest = max(self.slowest, began / 1e6 - freed)


def drive(folder, arguments):
    with disk.small_disk(folder / "disk", SIZE) as small:
        driver = Driver(folder, small, arguments.seed)
        driver.site.collect()
        driver.before = audit.stored(driver.site.state)
        driver.site.start()
        try:
            for number in range(1, arguments.cycles + 1):
                for problem in driver.cycle(number):
                    print(f"cycle {number}: {problem}", flush=True)
                    return 1
        finally:
            driver.site.stop()
        for problem in audit.after_recovery(driver.site, driver.history, driver.before):
            print(f"at the end: {problem}")
            return 1
        return judge(driver, arguments.cycles)


def judge(driver, cycles):
    in_runs = driver.log("outcome = 'disk_full'")
    staging = driver.log("message LIKE '%staging file%'")
    ends = ", ".join(f"{count} {end}" for end, count in sorted(driver.ends.items()))
    print(f"{cycles} times full ({ends}): nothing lost, nothing doubled; it went on within "
          f"{driver.slowest:.1f} s; {in_runs} runs failed after they had begun, {staging} of them while "
          "rows waited for their barrier")
    if driver.slowest > RESUME:
        print("that is too slow")
        return 1
    if cycles >= MANY and (in_runs < ENOUGH or staging == 0):
        print("too few to prove anything")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=MANY)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--may-skip", action="store_true")
    parser.add_argument("--own-namespace", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.own_namespace:
        return disk.in_own_namespace(__file__, sys.argv[1:])
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="baselined-fault-") as folder:
        return drive(pathlib.Path(folder), arguments)


if __name__ == "__main__":
    sys.exit(main())
