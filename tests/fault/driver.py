"""A site that is ended in every way while its repository changes, and audited after each end."""
import collections
import random
import shutil
import signal
import time

import audit
import phase
from harness import PLUGINS, Site, wait_for
from history import BIG, SMALL, History
from victim import Moment, Victim, kill_quietly

MAPPINGS = ('deployment_tags = "v*"', 'deployment_branches = ["main"]')
SIGNALS = ((signal.SIGTERM,), (signal.SIGINT,), (signal.SIGHUP, signal.SIGTERM))


class Driver:
    def __init__(self, folder, seed, plugins=PLUGINS, plant=None):
        self.folder = folder
        self.random = random.Random(seed)
        self.plugins = plugins
        self.plant = plant   # what is done to the site after a kill -9
        self.mapping = 0
        self.n_sites = 0
        self.seconds = 0.1   # that an undisturbed collection takes
        self.victim = None
        self.last_phase = ""
        self.phases = collections.Counter({name: 0 for name in phase.PHASES})
        self.moments = collections.defaultdict(lambda: Moment(0.02))
        self.first = History(folder / "shop", self.random)
        self.first.grow(BIG)
        self.new_site()

    def new_site(self):
        if self.n_sites:
            shutil.rmtree(self.history.repository.path)
            shutil.rmtree(self.site.folder)
        self.n_sites += 1
        self.history = self.first.copy(self.folder / f"shop{self.n_sites}")
        self.site = Site(self.folder / f"site{self.n_sites}", [])
        self.configure()
        self.before = audit.Stored()

    def configure(self):
        # No mapping comes twice, so that none finds facts of before.
        self.site.write([self.history.repository.path], MAPPINGS[self.mapping % len(MAPPINGS)],
                        service=f"shop{self.mapping}", plugins=(self.plugins,))
        self.site.config.write_text(self.site.config.read_text().replace('"1h"', '"1s"'))

    def close(self):
        """Ends what an unexpected failure has left running."""
        for process in (self.site.daemon, self.victim and self.victim.process):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def change_history(self):
        if self.random.random() < 0.1:
            self.new_site()
        elif self.random.random() < 0.5:
            self.history.grow(self.random.randint(1, SMALL))
        self.history.change_refs()

    # Ways to end. Each gives how it ended and what was wrong with that.

    def start(self, *commands):
        self.victim = Victim(self.site, *self.random.choice(commands))
        return self.victim

    def work(self):
        return self.start(("run",), ("run",), ("collect", "code"))

    def killed(self):
        """kill -9 at any moment of what an undisturbed run takes, and a little later."""
        victim = self.work()
        time.sleep(self.random.uniform(0, 1.3 * self.seconds))
        self.kill(None)
        return f"killed {victim.command[0]}", []

    def killed_in(self, aim):
        """kill -9 in this phase of the work, where the moment is guessed right."""
        old_mapping = None
        if aim == "no schema":
            self.new_site()
            self.work().await_lock()
        elif aim == "migrating":
            self.make_sure_of_a_database()
            self.age()
            self.work().await_lock()
        elif aim == "collecting":
            self.work().await_run()
        elif aim == "between barriers":
            self.new_site()
            victim = self.work()
            victim.await_run()
            victim.await_checkpoint()
        elif aim == "deriving":
            self.make_sure_of_a_database()
            old_mapping = phase.derived_mapping(self.site.state)
            self.derive_again()
        else:
            self.start(("run",)).await_run()
            # A slow machine derives for longer than the wait that follows has learned.
            wait_for("the facts to follow the first run", lambda: self.first_outcome()
                     and not phase.is_behind(self.site.state), every=0.005)
        how = f"{self.victim.command[0]}, {aim}"
        self.moments[how].wait(self.random)
        self.kill(old_mapping)
        self.moments[how].learn(self.last_phase == aim)
        return f"killed {how}", []

    def make_sure_of_a_database(self):
        if not self.before.last_run:
            self.site.collect()
            self.before = audit.stored(self.site.state)

    def age(self):
        """Makes the database one of the first version, which the next program must upgrade."""
        audit.change(self.site.state, "DROP TABLE IF EXISTS setting",
                     "DROP TABLE IF EXISTS http_validator", "PRAGMA user_version = 1")
        (self.site.state / "baselined.db-id").unlink(missing_ok=True)  # that came later

    def derive_again(self):
        """All facts, because the mapping has changed: by a command, or a daemon that loads it."""
        by_command = self.random.random() < 0.5
        if not by_command:
            self.start(("run",)).await_log("metrics at")
        self.mapping += 1
        self.configure()
        if by_command:
            self.start(("kpi",)).await_lock()
        else:
            self.victim.process.send_signal(signal.SIGHUP)
            self.victim.await_log("reload: 1 collectors")

    def kill(self, old_mapping):
        if self.random.random() < 0.2:
            for worker in self.victim.workers():
                kill_quietly(worker)
            time.sleep(self.random.uniform(0, 0.05))
        has_ended = self.victim.process.poll() is not None
        self.victim.kill()
        self.last_phase = "ended" if has_ended else phase.of(self.site.state, self.victim.pid,
                                                             self.before, old_mapping)
        self.phases[self.last_phase] += 1
        if self.plant and self.before.last_run:
            self.plant(self.site)

    def worker_killed(self):
        """The run fails, the daemon stays, and the next run is ok."""
        self.history.grow(SMALL)
        victim = self.work()
        worker = victim.await_run()
        self.moments["worker"].wait(self.random)
        kill_quietly(worker)
        if not victim.is_daemon():
            victim.process.wait()
        outcome = wait_for("the run to end", self.first_outcome)
        self.moments["worker"].learn(outcome != "ok")
        self.phases["worker only"] += outcome != "ok"
        found = []
        if outcome == "ok" and audit.stored(self.site.state).refs != audit.refs_after(
                self.before, self.history.repository):
            found.append("a run whose worker was killed is ok, and not all is stored")
        if victim.is_daemon():
            if victim.process.poll() is not None:
                found.append(f"the daemon has ended: {self.site.log.read_text()}")
            self.site.collect()
            found += victim.end(signal.SIGTERM)
        return f"killed a worker of {victim.command[0]}: {outcome}", found

    def first_outcome(self):
        """Of the first run of the victim, once that has ended."""
        rows = audit.query(self.site.state, "SELECT outcome FROM run_log WHERE outcome IS NOT NULL"
                                            f" AND id > {self.before.last_run} ORDER BY id")
        return rows[0][0] if rows else None

    def signalled(self):
        victim = self.work()
        if self.random.random() < 0.5:
            victim.await_run()
            time.sleep(self.random.uniform(0, 0.5 * self.seconds))
        else:
            time.sleep(self.random.uniform(0, 2 * self.seconds))
        signals = self.random.choice(SIGNALS)
        found = victim.end(*signals)
        if victim.process.returncode == 0 and audit.query(
                self.site.state, "SELECT 1 FROM run_log WHERE outcome IS NULL"):
            found.append("it ended by itself and left a run without an end")
        return f"{'+'.join(number.name for number in signals)} to {victim.command[0]}", found

    # The audit.

    def audited(self, end):
        """One end: (how it ended, what was found)."""
        try:
            how, found = end()
            found += audit.after_crash(self.site.state, self.history, self.before)
            if found:
                return how, found
            self.before = audit.stored(self.site.state)
            if self.random.random() < 0.15:
                return how, found  # the next one begins with what this one left
            self.recover(by_daemon=self.random.random() < 0.3)
            found = audit.after_recovery(self.site, self.history, self.before)
        except AssertionError as failure:  # a command that failed, a wait that took too long
            return "not finished", [str(failure)]
        self.before = audit.stored(self.site.state)
        return how, found

    def recover(self, by_daemon):
        if by_daemon:
            self.site.start()
        began = time.monotonic()
        self.site.collect()
        self.seconds = max(0.05, time.monotonic() - began)
        if by_daemon and self.site.stop() != 0:
            raise AssertionError(f"it did not stop cleanly: {self.site.log.read_text()}")
