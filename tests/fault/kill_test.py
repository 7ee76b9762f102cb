"""kill -9 of the daemon, of its worker and of commands at random points, and a full audit each time.

  kill_test.py [--kills N] [--seed N] [--planted]

--planted: the database is altered after each kill as a daemon would leave it that commits the cursor
before the rows. The audit must find that, or it proves nothing; then the exit code is 0.
"""
import argparse
import contextlib
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import audit  # noqa: E402
from harness import BASELINED, GitRepository, Site, wait_for  # noqa: E402

FIRST = 1_750_000_000  # seconds: the time of the first commit
BIG = 12_000           # commits of a new history: more than one barrier of the plugin
SMALL = 300
UPGRADE = 0.05         # seconds that a program needs until it has upgraded a database


class History:
    """A repository that grows, and everything that was ever in it."""

    def __init__(self, path, random_source):
        self.repository = GitRepository(path)
        self.random = random_source
        self.n_commits = 0
        self.n_tags = 0
        self.tips = {}  # branch: a mark of fast-import, or a sha
        self.ever = {}

    def grow(self, count):
        """Adds commits on two branches that merge now and then, with git fast-import."""
        lines = []
        for number in range(self.n_commits + 1, self.n_commits + count + 1):
            branch = "side" if number % 7 == 3 else "main"
            other = "main" if branch == "side" else "side"
            message = f"change {number}"
            lines.append(f"commit refs/heads/{branch}\nmark :{number}\n"
                         f"committer Dev <dev@example.org> {FIRST + 60 * number} +0000\n"
                         f"data {len(message)}\n{message}")
            begin = self.tips.get(branch) or self.tips.get(other)
            if begin:
                lines.append(f"from {begin}")
            if number % 50 == 0 and other in self.tips:
                lines.append(f"merge {self.tips[other]}")
            self.tips[branch] = f":{number}"
        self.n_commits += count
        subprocess.run(["git", "-C", str(self.repository.path), "fast-import", "--quiet"],
                       input="\n".join(lines) + "\n", text=True, check=True)
        self.tips = {branch: self.repository.git("rev-parse", branch) for branch in self.tips}

    def move_tags(self):
        for _ in range(self.random.randint(0, 3)):
            self.n_tags += 1
            back = self.random.randint(0, 200)
            target = self.repository.git("rev-list", "--first-parent", f"--skip={back}", "-1", "main")
            if target:
                self.repository.tag(f"v{self.n_tags}", target=target,
                                    at=FIRST + 60 * self.n_commits + 30)
        tags = self.repository.git("tag").split()
        if tags and self.random.random() < 0.3:
            tag = self.random.choice(tags)
            self.repository.git("tag", "-d", tag)
        elif tags and self.random.random() < 0.3:
            self.repository.git("tag", "-f", self.random.choice(tags), "main")
        self.ever.update(audit.commits_of(self.repository))


def workers_of(pid):
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            yield from (int(child) for child in (task / "children").read_text().split())


class Driver:
    def __init__(self, folder, seed, is_planted):
        self.folder = folder
        self.random = random.Random(seed)
        self.is_planted = is_planted
        self.n_sites = 0
        self.new_site()

    def new_site(self):
        self.n_sites += 1
        self.history = History(self.folder / f"shop{self.n_sites}", self.random)
        self.history.grow(BIG)
        self.site = Site(self.folder / f"site{self.n_sites}", [self.history.repository.path],
                         mapping='deployment_tags = "v*"')
        self.seconds = 0.1

    def victim(self):
        """The program at work: the daemon, or the command."""
        command = (["run"] if self.random.random() < 0.6 else ["collect", "code"])
        config = self.site.config.read_text().replace('"1h"', '"1s"')
        self.site.config.write_text(config)
        return subprocess.Popen([str(BASELINED), *command, "--config", str(self.site.config)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL)

    def age(self):
        """Makes the database one of the version before, which the next program must upgrade."""
        with contextlib.closing(sqlite3.connect(self.site.state / "baselined.db")) as db, db:
            db.execute("DROP TABLE setting")
            db.execute("PRAGMA user_version = 1")

    def kill(self, process, seconds):
        """The moment is anywhere in what an undisturbed run takes, and a little later."""
        time.sleep(self.random.uniform(0, 1.3 * seconds))
        workers = list(workers_of(process.pid))
        if workers and self.random.random() < 0.3:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(workers), signal.SIGKILL)
            time.sleep(self.random.uniform(0, 0.05))
            what = "worker"
        else:
            what = "whole"
        process.kill()
        process.wait()
        for worker in workers:  # it ends when its daemon is gone
            wait_for("the worker to end", lambda pid=worker: not pathlib.Path(f"/proc/{pid}").exists())
        return what

    def plant(self):
        """Moves the cursor to the end, as if it had been committed before the rows."""
        before = self.folder / "ahead"
        ahead = Site(before, [self.history.repository.path], mapping='deployment_tags = "v*"')
        ahead.collect()
        done = audit.query(ahead.state, "SELECT key, value FROM cursor")
        items = audit.query(ahead.state, "SELECT contract, scope, key FROM open_item")
        with contextlib.closing(sqlite3.connect(self.site.state / "baselined.db")) as db, db:
            collector = db.execute("SELECT id FROM collector").fetchone()
            if collector is None:
                return
            for key, value in done:
                db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, 0)",
                           (*collector, key, value))
            db.execute("DELETE FROM open_item")
            db.executemany("INSERT INTO open_item VALUES (?, ?, ?, ?)",
                           [(*collector, *item) for item in items])
        subprocess.run(["rm", "-rf", str(before)], check=True)

    def cycle(self):
        """One kill and its audit: (what was killed, what was found)."""
        if self.random.random() < 0.15:
            self.new_site()
        elif self.history.n_commits > BIG or self.random.random() < 0.5:
            self.history.grow(self.random.randint(1, SMALL))
        self.history.move_tags()
        database = self.site.state / "baselined.db"
        is_old = database.exists() and self.random.random() < 0.15
        if is_old:
            self.age()
        what = self.kill(self.victim(), UPGRADE if is_old else self.seconds)
        what += ", upgrading" if is_old else ""
        kept = {}
        found = []
        if database.exists() and database.stat().st_size > 0 and self.has_schema(database):
            if self.is_planted:
                self.plant()
            found = audit.after_crash(self.site.state, self.history.ever)
            kept = {sha: self.history.ever.get(sha, []) for sha in
                    audit.stored_commits(self.site.state)}
        began = time.monotonic()
        outcome = self.site.collect()
        self.seconds = max(0.05, time.monotonic() - began)
        if outcome["outcome"] != "ok":
            found.append(f"the collection after the crash: {outcome}")
        return what, found + audit.after_recovery(self.site, self.history.repository, kept)

    def has_schema(self, database):
        if database.with_name("baselined.db-journal").exists():
            return False  # killed while the file was made
        tables = audit.query(self.site.state, "SELECT name FROM sqlite_schema")
        return ("record_commit_1",) in tables


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--planted", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    killed = {}
    n_found = 0
    with tempfile.TemporaryDirectory(prefix="baselined-fault-") as folder:
        driver = Driver(pathlib.Path(folder), arguments.seed, arguments.planted)
        for number in range(1, arguments.kills + 1):
            what, found = driver.cycle()
            killed[what] = killed.get(what, 0) + 1
            n_found += bool(found)
            for problem in found:
                print(f"kill {number} ({what}): {problem}", flush=True)
            if found and not arguments.planted:
                return 1
            if found:
                print(f"the planted bug was found by kill {number}")
                return 0
            if number % 20 == 0:
                print(f"{number} kills, nothing lost, nothing doubled", flush=True)
    print(f"killed: {killed}")
    return 1 if arguments.planted else 0


if __name__ == "__main__":
    sys.exit(main())
