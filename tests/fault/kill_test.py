"""kill -9 of the daemon, of its worker and of commands, and signals, with a full audit after each.

  kill_test.py [--kills N] [--seed N] [--planted]

Of many kills some must hit each phase of the work: most are random, the others aim at the phase that
was hit least. --planted: bugs are made on purpose, and the audit must name each of them.
"""
import argparse
import collections
import contextlib
import pathlib
import random
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import phase  # noqa: E402
import planted  # noqa: E402
from driver import Driver  # noqa: E402

ENOUGH = 5   # kills in each phase,
MANY = 200   # of so many


def one(driver):
    driver.change_history()
    chance = driver.random.random()
    if chance < 0.1:
        return driver.audited(driver.worker_killed)
    if chance < 0.25:
        return driver.audited(driver.signalled)
    if chance < 0.6:
        return driver.audited(driver.killed)
    rarest = min(phase.PHASES, key=driver.phases.get)
    return driver.audited(lambda: driver.killed_in(rarest))


def end_many(driver, kills):
    """Whether something was found."""
    ends = collections.Counter()
    with contextlib.suppress(KeyboardInterrupt):  # of a long run, what it did so far
        for number in range(1, kills + 1):
            how, found = one(driver)
            ends[how] += 1
            for problem in found:
                print(f"{number} ({how}; {driver.last_phase}): {problem}", flush=True)
            if found:
                return True
            if number % 20 == 0:
                print(f"{number} ends, nothing lost, nothing doubled", flush=True)
    for how, count in sorted(ends.items()):
        print(f"{count:6} {how}")
    print(f"{ends.total()} ends; kill -9 by phase:",
          ", ".join(f"{name} {count}" for name, count in driver.phases.items()))
    return False


def are_enough(phases):
    rare = [name for name in (*phase.PHASES, "worker only") if phases[name] < ENOUGH]
    if rare:
        print(f"too few to prove anything: {', '.join(rare)}")
    return not rare


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=MANY)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--planted", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    # A shell ignores it for what runs in the background, and what we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="baselined-fault-") as folder:
        if arguments.planted:
            return planted.find_all(pathlib.Path(folder), arguments.seed)
        driver = Driver(pathlib.Path(folder), arguments.seed)
        try:
            has_found = end_many(driver, arguments.kills)
            return int(has_found or (arguments.kills >= MANY and not are_enough(driver.phases)))
        finally:
            driver.close()


if __name__ == "__main__":
    sys.exit(main())
