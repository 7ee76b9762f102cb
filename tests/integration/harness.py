"""What the integration tests share: a git repository with a known history, a configuration, the
real program from the build under test, a daemon that is always ended by pid.

The build directory comes from the environment: BL_BUILD.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BUILD = pathlib.Path(os.environ["BL_BUILD"])
BASELINED = BUILD / "bin" / "baselined"
PLUGINS = BUILD / "plugins"
DEADLINE = 60  # seconds until a test gives up waiting; sanitizers are slow
DAY = 86400
INCREMENTAL, FULL = range(2)  # modes of a run, as on the control socket
PR_SET_CHILD_SUBREAPER = 36


def wait_for(what, condition, every=0.05):
    """The first true value of condition(), asked again until the deadline."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"waited {DEADLINE} s for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, headers=None):
    """(status, body) of a GET; a refused connection is (0, "")."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}),
                                    timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def port_in(log):
    """Where the daemon that writes this log listens, or None."""
    found = re.search(r"metrics at http://127\.0\.0\.1:(\d+)/metrics", log.read_text())
    return int(found.group(1)) if found else None


def workers_of(pid, mode="--run"):
    """Those in which collections of this program run; with --describe, those that load a plugin."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(OSError):  # it ended meanwhile
                if mode.encode() in pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                    found.append(int(child))
    return found


def adopt_orphans():
    """From here on what a daemon leaves behind becomes a child of this process."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children():
    """Those of this process, and theirs where orphans are adopted."""
    def children():
        return [int(child) for task in pathlib.Path("/proc/self/task").iterdir()
                for child in (task / "children").read_text().split()]

    while found := children():
        for child in found:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


class GitRepository:
    """A repository whose commits and tags have the times that a test gives them."""

    def __init__(self, path, branch="main"):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True)
        self.git("init", "-q", "-b", branch)

    def git(self, *arguments, at=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path), "LC_ALL": "C",
                       "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            environment[f"GIT_{who}_NAME"] = "Dev"
            environment[f"GIT_{who}_EMAIL"] = "dev@example.org"
            if at is not None:
                environment[f"GIT_{who}_DATE"] = f"{int(at)} +0000"
        return subprocess.run(["git", "-C", str(self.path), *arguments], env=environment, text=True,
                              errors="surrogateescape", capture_output=True,
                              check=True).stdout.strip()

    def commit(self, at, message="change"):
        self.git("commit", "-q", "--allow-empty", "-m", message, at=at)
        return self.git("rev-parse", "HEAD")

    def grow(self, count):
        """The first commits of the branch main, a second apart: many in a moment."""
        stream = "".join(f"commit refs/heads/main\ncommitter Dev <dev@example.org> "
                         f"{1_700_000_000 + number} +0000\ndata 0\n" for number in range(count))
        subprocess.run(["git", "-C", str(self.path), "fast-import", "--quiet"], input=stream,
                       text=True, check=True)

    def tag(self, name, at=None, target="HEAD"):
        """Annotated where a time is given, else lightweight."""
        if at is None:
            self.git("tag", name, target)
        else:
            self.git("tag", "-a", "-m", name, name, target, at=at)

    def object(self, kind, text):
        """An object as it is written here, whatever git thinks of it; its id."""
        command = ["git", "-C", str(self.path), "hash-object", "-t", kind, "-w", "--stdin",
                   "--literally"]
        return subprocess.run(command, input=text, text=True, capture_output=True,
                              check=True).stdout.strip()

    def raw_commit(self, at, *parents):
        parents = "".join(f"parent {parent}\n" for parent in parents)
        return self.object("commit", f"tree {self.object('tree', '')}\n{parents}"
                                     f"author Dev <dev@example.org> {at} +0000\n"
                                     f"committer Dev <dev@example.org> {at} +0000\n\nchange\n")

    def raw_tag(self, name, at, target):
        tag = self.object("tag", f"object {target}\ntype commit\ntag {name}\n"
                                 f"tagger Dev <dev@example.org> {at} +0000\n\n{name}\n")
        self.git("update-ref", f"refs/tags/{name}", tag)

    def count(self):
        return int(self.git("rev-list", "--count", "--all"))


def recent_history(path):
    """Ten commits and three releases within the last 20 days, at noon UTC."""
    repository = GitRepository(path)
    noon = int(time.time()) // DAY * DAY - 20 * DAY + DAY // 2
    for day in range(10):
        repository.commit(noon + day * DAY)
        if day in (2, 5, 9):
            repository.tag(f"v{day}", at=noon + day * DAY + 3600)
    return repository


class Site:
    """A folder with a configuration, its state directory and, at times, a daemon."""

    command = (str(BASELINED),)  # how the program is started
    how = {}  # for subprocess: as which user, say

    def __init__(self, folder, repositories, mapping='deployment_tags = "v*"', service="shop"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "baselined.toml"
        self.state = self.folder / "state"
        self.log = self.folder / "daemon.log"
        self.daemon = None
        self.port = None
        self.write(repositories, mapping, service)

    def write(self, paths, mapping, service="shop", repositories="*", extra="",
              listen="127.0.0.1:0", plugins=(PLUGINS,), every="1h"):
        paths, plugins = (", ".join(json.dumps(str(path)) for path in some)
                          for some in (paths, plugins))
        new = self.config.with_suffix(".new")
        new.write_text(f"""
[daemon]
state_dir   = "{self.state}"
plugin_dirs = [{plugins}]

[web]
listen = "{listen}"

[[collector]]
name   = "code"
plugin = "git"
every  = "{every}"
allow  = ["fs_read"]
  [collector.options]
  repositories = [{paths}]

[[service]]
name         = "{service}"
repositories = ["{repositories}"]
{mapping}
{extra}""")
        new.replace(self.config)  # whole at every moment: a daemon may be about to read it

    def run(self, *arguments, check=True):
        command = [*self.command, *arguments, "--config", str(self.config)]
        # A daemon is run here by those who expect that it refuses to start.
        patience = DEADLINE / 2 if arguments[0] in ("check", "run") else 2 * DEADLINE
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              process_group=0, **self.how) as process:
            try:
                texts = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired as late:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(f"{arguments}: did not end within {patience} s\n"
                                     f"{late.stdout}{late.stderr}") from None
        done = subprocess.CompletedProcess(command, process.returncode, *texts)
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def collect(self, *arguments):
        return self.json("collect", "code", *arguments)

    def ask(self, collector, mode=INCREMENTAL, patience=2 * DEADLINE):
        """Asks the daemon for a collection, with the configuration that it has; the lines of its
        answer, the last of which is the outcome. TimeoutError after so many seconds of silence."""
        daemon = json.loads(self.get("/status")[1])["daemon"]
        request = {"command": "collect", "collector": collector, "mode": mode, "since_us": 0,
                   "until_us": 0, "config_hash": daemon["config_hash"]}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience)
            connection.connect(str(self.state / "control.sock"))
            connection.sendall(json.dumps(request).encode() + b"\n")
            lines = connection.makefile()

        def answer():
            with lines:
                for line in lines:
                    yield json.loads(line)

        return answer()

    def kpi(self, kpi, *arguments, service="shop"):
        return self.json("kpi", "show", kpi, "--service", service, *arguments)

    def start(self, **how):
        with self.log.open("w") as log:
            self.daemon = subprocess.Popen([*self.command, "run", "--config", str(self.config)],
                                           stdout=log, stderr=log, **{**self.how, **how})
        self.port = wait_for("the daemon to listen", self._listening)
        wait_for("the daemon to be ready", lambda: self.get("/readyz")[0] == 200)
        return self

    def _listening(self):
        if self.daemon.poll() is not None:
            raise AssertionError("the daemon ended:\n" + self.log.read_text())
        return port_in(self.log)

    def get(self, path, headers=None):
        return get(f"http://127.0.0.1:{self.port}{path}", headers)

    def clean_metrics(self):
        """The page of /metrics, if promtool has nothing to say about it."""
        page = self.get("/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                              capture_output=True)
        if (done.returncode, done.stdout, done.stderr) != (0, "", "") or "NaN" in page:
            raise AssertionError(f"{done.stdout}{done.stderr}\n{page}")
        return page

    def sample(self, name, **labels):
        """The value of one series of /metrics, or None."""
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        series = f"{name}{{{wanted}}}" if labels else name
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found.group(1)) if found else None

    def stop(self, how=signal.SIGTERM):
        """The exit code of the daemon after this signal."""
        self.daemon.send_signal(how)
        code = self.daemon.wait(DEADLINE)
        self.daemon = None
        return code


class IntegrationTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baselined-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sites = []
        self.addCleanup(self._end_daemons)

    def _end_daemons(self):
        for site in self.sites:
            if site.daemon is not None:
                site.daemon.kill()
                site.daemon.wait()

    def site(self, repositories, **options):
        site = Site(self.folder / f"site{len(self.sites)}", repositories, **options)
        self.sites.append(site)
        return site
