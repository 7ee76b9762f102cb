"""A site whose collectors read over HTTP: the configuration of connections, and what is stored."""
import contextlib
import dataclasses
import json
import os
import re
import sqlite3
import subprocess
import tempfile
import time

from harness import BUILD, DEADLINE, Site
from own_site import TEST_PLUGINS

LOOPBACK = ("127.0.0.1/32",)
MIB = 1 << 20
# A sanitizer keeps what was freed: memory says nothing then.
IS_SANITIZED = re.search(r"^BL_SANITIZE:\w+=.", (BUILD / "CMakeCache.txt").read_text(),
                         re.MULTILINE)


@dataclasses.dataclass
class Done:
    """A command that ended."""
    returncode: int
    stdout: str
    stderr: str
    seconds: float
    peak_bytes: int  # of the largest of its processes


class HttpSite(Site):
    def __init__(self, folder, plugins=TEST_PLUGINS):
        self.plugins = plugins
        self.log_level = "info"
        super().__init__(folder, [])

    def write(self, *_, **__):
        self.write_text("")

    def write_text(self, blocks):
        """The configuration with these tables of connections and collectors."""
        new = self.config.with_suffix(".new")
        new.write_text(f"""
[daemon]
state_dir   = "{self.state}"
plugin_dirs = ["{self.plugins.absolute()}"]
log_level   = "{self.log_level}"

[web]
listen = "127.0.0.1:0"
{blocks}""")
        new.replace(self.config)

    def secret(self, name, value):
        """A file of the site with a secret, in the way that the configuration names it."""
        file = self.folder / name
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(value)
        return f'{{ file = "{file}" }}'

    def measured(self, *arguments, timeout=2 * DEADLINE):
        """Runs a command; Done, however it ended."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            command = subprocess.Popen([*self.command, *arguments, "--config", str(self.config)],
                                       stdout=out, stderr=err, **self.how)
            code, usage = _wait(command, timeout)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
            return Done(code, *texts, time.monotonic() - began, usage.ru_maxrss * 1024)

    def outcome(self, name, *arguments):
        """(the report of `collect NAME`, Done); no report where the configuration is refused."""
        done = self.measured("collect", name, *arguments, "--json")
        return json.loads(done.stdout) if done.stdout.startswith("{") else None, done

    def status_of(self, name):
        found = [each for each in self.json("status")["collectors"] if each["name"] == name]
        return found[0]

    def _database(self):
        return contextlib.closing(
            sqlite3.connect(f"file:{self.state}/baselined.db?mode=ro", uri=True))

    def stored(self):
        """Every row of every table of the database but the log of the runs."""
        with self._database() as database:
            tables = [name for name, in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
                if name not in ("run_log", "sqlite_sequence")]
            return {table: sorted(map(repr, database.execute(f'SELECT * FROM "{table}"')))
                    for table in tables}

    def names(self, table, column):
        """What stands in a column, in order."""
        with self._database() as database:
            return [value for value, in database.execute(
                f'SELECT {column} FROM {table} ORDER BY {column}')]


def _wait(command, timeout):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        pid, status, usage = os.wait4(command.pid, os.WNOHANG)
        if pid:
            command.returncode = os.waitstatus_to_exitcode(status)
            return command.returncode, usage
        time.sleep(0.01)
    command.kill()
    command.wait()
    raise AssertionError(f"{command.args} did not end within {timeout} s")


def connection(name, base_url, auth, networks=LOOPBACK, more=""):
    return f"""
[[connection]]
name = "{name}"
base_url = "{base_url}"
allow_http = true
allow_networks = {json.dumps(list(networks))}
auth = {auth}
{more}
"""


def collector(name, of, mode="link", path="/tags", timeout="10s", every="300h", more=""):
    return f"""
[[collector]]
name = "{name}"
plugin = "http_plugin"
allow = ["http"]
connection = "{of}"
timeout = "{timeout}"
every = "{every}"
options = {{ path = "{path}", mode = "{mode}" }}
{more}
"""
