"""A git repository that grows, whose refs move and vanish, and everything that was ever in it."""
import shutil
import subprocess

import audit
from harness import GitRepository

FIRST = 1_750_000_000  # seconds: the time of the first commit
BIG = 12_000           # commits of a new history: more than one barrier of the plugin
SMALL = 300


class History:
    def __init__(self, path, random_source):
        self.repository = GitRepository(path)
        self.random = random_source
        self.n_commits = 0
        self.n_refs = 0  # that were ever made beside main and side: no name comes twice
        self.ever = {}   # {sha: parents} of all that was ever collectable
        self._tips = []  # of what is in it

    def copy(self, path):
        """Another one that begins as this one is now."""
        other = History(path, self.random)
        shutil.copytree(self.repository.path / ".git", path / ".git", dirs_exist_ok=True)
        other.n_commits, other.n_refs = self.n_commits, self.n_refs
        other.ever, other._tips = dict(self.ever), self._tips
        return other

    def reachable(self):
        """What a collection of now must find."""
        return audit.commits_of(self.repository).keys()

    def grow(self, count):
        """Commits on two branches that merge now and then."""
        tips = {branch: target for kind, branch, target in audit.refs_of(self.repository)
                if kind == "branch" and branch in ("main", "side")}
        lines = []
        for number in range(self.n_commits + 1, self.n_commits + count + 1):
            branch = "side" if number % 7 == 3 else "main"
            other = "main" if branch == "side" else "side"
            lines += self._commit(branch, number, tips.get(branch) or tips.get(other))
            if number % 50 == 0 and other in tips:
                lines.append(f"merge {tips[other]}")
            tips[branch] = f":{number}"
        self._import(lines, count)
        self._remember()

    def grow_wide(self, count, files, name_size):
        """Commits on main that each touch all these files at the root."""
        tip = self.repository.git("rev-parse", "main")
        lines = ["blob", "mark :1", "data 2", "0", "blob", "mark :2", "data 2", "1"]
        first = self.n_commits + 3  # not a mark of a blob
        for number in range(first, first + count):
            lines += self._commit("main", number, tip)
            tip = f":{number}"
            lines += [f"M 100644 :{1 + number % 2} {name:0{name_size}}" for name in range(files)]
        self._import(lines, count + 3)
        self._remember()

    def change_refs(self):
        """New tags and a short branch; what was there moves back or goes, and some commits with it."""
        refs = sorted(audit.refs_of(self.repository))
        self._lose([name for kind, name, _ in refs if kind == "tag"],
                   [name for kind, name, _ in refs if name.startswith("topic")])
        for _ in range(self.random.randint(0, 3)):
            self.n_refs += 1
            self.repository.tag(f"v{self.n_refs}", target=self._main(self.random.randint(0, 200)),
                                at=FIRST + 60 * self.n_commits + 30)
        if self.random.random() < 0.5:
            self._branch_off(self.random.randint(1, 30))
        self._remember()

    def _lose(self, tags, topics):
        for topic in topics:
            if self.random.random() < 0.5:
                self.repository.git("branch", "-D", topic)
        if tags and self.random.random() < 0.3:
            self.repository.git("tag", "-d", self.random.choice(tags))
        elif tags and self.random.random() < 0.3:
            self.repository.git("tag", "-f", self.random.choice(tags), "main")
        if self.random.random() < 0.2:
            self.repository.git("update-ref", "refs/heads/main", self._main(self.random.randint(1, 9)))

    def _branch_off(self, count):
        self.n_refs += 1
        lines = []
        begin = self._main(0)
        for number in range(self.n_commits + 1, self.n_commits + count + 1):
            lines += self._commit(f"topic{self.n_refs}", number, begin)
            begin = f":{number}"
        self._import(lines, count)

    def _main(self, back):
        return self.repository.git("rev-list", "--first-parent", f"--skip={back}", "-1", "main")

    def _commit(self, branch, number, begin):
        message = f"change {number}"
        lines = [f"commit refs/heads/{branch}", f"mark :{number}",
                 f"committer Dev <dev@example.org> {FIRST + 60 * number} +0000",
                 f"data {len(message)}", message]
        return lines + [f"from {begin}"] if begin else lines

    def _import(self, lines, count):
        # What is lost with the machine is made again.
        subprocess.run(["git", "-C", str(self.repository.path), "-c", "core.fsync=none",
                        "fast-import", "--quiet"],
                       input="\n".join(lines) + "\n", text=True, check=True)
        self.n_commits += count

    def _remember(self):
        # Only what is new: a whole history takes longer than a kill.
        self.ever.update(audit.commits_of(self.repository, *(f"^{tip}" for tip in self._tips)))
        self._tips = sorted({target for _, _, target in audit.refs_of(self.repository)})
