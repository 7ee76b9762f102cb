"""The program at work, the moments to wait for, and the ends that it is given."""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

import audit
import phase
from harness import BASELINED, DEADLINE, wait_for

ENDING = 20  # seconds that a program may need after a signal


class Moment:
    """A random wait that learns how long the phase lasts that it shall fall into."""

    def __init__(self, seconds):
        self.longest = seconds

    def wait(self, random_source):
        time.sleep(random_source.uniform(0, self.longest))

    def learn(self, was_hit):
        self.longest = max(0.0005, self.longest * (1.3 if was_hit else 0.6))


class Victim:
    def __init__(self, site, *command):
        self.site = site
        self.command = command
        with site.log.open("w") as log:
            self.process = subprocess.Popen([str(BASELINED), *command, "--config", str(site.config)],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid

    def is_daemon(self):
        return self.command == ("run",)

    def workers(self, what=""):
        return children(self.pid, what)

    def await_lock(self):
        """Until it may write."""
        self._await(lambda: phase.holder(self.site.state) == self.pid)

    def await_run(self):
        """The worker of its first run."""
        return self._await(lambda: next(self.workers("--run"), None))

    def await_checkpoint(self):
        """The first barrier of several, or the end of the run where that was missed."""
        self._await(lambda: audit.query(
            self.site.state, "SELECT 1 FROM open_item WHERE contract = 'commit/1' UNION ALL"
                             " SELECT 1 FROM run_log WHERE outcome IS NOT NULL"), every=0.005)

    def await_log(self, text):
        self._await(lambda: text in self.site.log.read_text())

    def _await(self, condition, every=0.0003):
        # Asked often, because what follows may last a millisecond.
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            has_ended = self.process.poll() is not None
            value = condition()
            if value:
                return value
            if has_ended:
                raise AssertionError(f"{self.command} ended by itself: {self.site.log.read_text()}")
            time.sleep(every)
        raise AssertionError(f"waited {DEADLINE} s for a moment of {self.command}")

    def kill(self):
        """kill -9, and its workers end when it is gone."""
        workers = list(self.workers())
        self.process.kill()
        self.process.wait()
        for worker in workers:
            wait_for("the worker to end", lambda pid=worker: has_ended(pid), every=0.005)

    def end(self, *signals):
        """What was wrong with how it ended after these signals."""
        fine = {0}
        if not self.is_daemon():
            fine |= {1, *(-number for number in signals)}  # cancelled, or no handler at all
        elif "metrics at" not in self.site.log.read_text():
            fine |= {-number for number in signals}  # not there yet
        for number in signals:
            self.process.send_signal(number)
        try:
            code = self.process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self.kill()
            return [f"it did not end within {ENDING} s of {signals}"]
        return [] if code in fine else [f"exit {code} after {signals}"]


def children(pid, what=""):
    """Its children whose command line has this."""
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                with contextlib.suppress(OSError):
                    if what in pathlib.Path(f"/proc/{child}/cmdline").read_text():
                        yield int(child)


def has_ended(pid):
    """Or waits for a parent who asks how it ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def kill_quietly(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
