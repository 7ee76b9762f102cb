"""A plugin that tries to get out of its sandbox in every way that we know of, in the real daemon.

Each attempt has to be refused: with EPERM or EACCES, or with ENOSYS as if the kernel did not have
the call; whatever else happens counts as a way out. The same attempts without the sandbox show that
they are real.
"""
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import unittest

from harness import (BUILD, DEADLINE, IntegrationTest, adopt_orphans, end_children, wait_for,
                     workers_of)
from own_site import TEST_PLUGINS, OwnSite, as_user, give, users

UNCONFINED = BUILD / "bin" / "escape_unconfined"
WITHOUT_KERNEL = "{program}/without_kernel"
DENIED = {"EPERM", "EACCES", "ENOSYS"}
ALLOW = {"nothing": [], "reading": ["fs_read"],
         "everything": ["fs_read", "threads", "net_direct", "exec"]}
OF_FILES = {"reading", "paths", "writing"}  # groups that Landlock alone stops
WITH_FILES = OF_FILES | {"metadata", "kernel"}

# What succeeds by design with what is granted, and nothing else.
READING = {"read_what_is_granted", "list_what_is_granted"}
BY_DESIGN = {
    "nothing": set(),
    "reading": READING,
    "everything": READING | {
        "read_hosts", "connect_v4", "connect_v6", "send_datagram",
        # With sendmsg() for its own sockets: the daemon receives bytes only.
        "send_a_descriptor",
        "execve", "execve_through_the_linker", "posix_spawn", "system", "preload", "audit",
        "fork", "vfork", "clone", "thread", "end_children", "leave_its_group", "leave_its_session"},
}

# What fails without the sandbox too, on a machine whose root may do everything.
FAILS_ANYWAY = {
    "read_environment_of_init": "init has capabilities that root lacks, or another module forbids",
    "join_the_namespace_of_init": "the same",
    "raise_its_files": "root without CAP_SYS_RESOURCE",
    "socket_of_ciphers": "a kernel without AF_ALG",
    "vsock": "a kernel without AF_VSOCK",
    "connect_v6": "a machine without IPv6",
    "choose_who_traces_it": "a kernel without Yama",
    "iopl": "a kernel without CONFIG_X86_IOPL_IOPERM",
    "ioperm": "the same",
    "io_uring": "sysctl kernel.io_uring_disabled",
    "memfd_secret": "a kernel that starts without secretmem",
    "fchmodat2": "a kernel before 6.6",
    "push_into_terminal": "sysctl dev.tty.legacy_tiocsti",
    "flags_of_what_is_granted": "a file system without flags",
    "removexattr": "a file system without such attributes",
    "setxattr": "the same",
    "fsetxattr": "the same",
    "fsetxattr_of_what_is_granted": "the same",
    "create_without_a_name": "a file system without O_TMPFILE",
}


class Canary:
    """Files that nobody may change, in a folder for each attempt; the folder that is granted."""

    def __init__(self, folder, attempts, user):
        self.folder = folder
        self.outside, self.granted = folder / "outside", folder / "granted"
        for group, name in attempts:
            own = self.outside / name
            own.mkdir(parents=True)
            if group in WITH_FILES:
                (own / "folder").mkdir()
                for file in ("file", "other"):
                    (own / file).write_text("secret of " + name)
                (own / "link").symlink_to("file")
        (self.outside / "read_a_private_key" / ".ssh").mkdir(0o700)
        (self.outside / "read_a_private_key" / ".ssh" / "id_ed25519").write_text("secret")
        shutil.copy(TEST_PLUGINS / "escape_with_nothing.so",
                    self.outside / "load_a_library" / "library.so")
        shutil.copy("/bin/true", self.outside / "execve_of_a_file" / "program")
        with contextlib.suppress(OSError):  # a file system without attributes
            os.setxattr(self.outside / "removexattr" / "file", "user.here", b"x")
        (self.outside / "secret").write_text("secret")
        (self.granted / "inner").mkdir(parents=True)
        for file in ("file", "inner/secret"):
            (self.granted / file).write_text("harmless")
        (self.granted / "link_to_a_file").symlink_to("../outside/secret")
        (self.granted / "link_to_a_folder").symlink_to("../outside")
        give(folder, user)
        self.swap("file", "inner")

    def swap(self, file, inner):
        """Another file and another folder behind the two names that are raced for."""
        for name, target in (("swapped", file), ("swapped_folder", inner)):
            new = self.folder / name
            new.symlink_to(target)
            new.replace(self.granted / name)

    @contextlib.contextmanager
    def swapping(self):
        is_over = threading.Event()

        def swap():
            while not is_over.is_set():
                self.swap("../outside/secret", "../outside")
                self.swap("file", "inner")

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def everything(self):
        """All that there is to know of each file, but when it was read."""
        found = {}
        for path in (*self.outside.rglob("*"), *self.granted.rglob("*")):
            if not path.name.startswith("swapped"):
                status = path.lstat()
                found[str(path)] = (
                    status.st_mode, status.st_uid, status.st_gid, status.st_nlink, status.st_ino,
                    status.st_mtime_ns, status.st_ctime_ns,
                    path.read_bytes() if path.is_file() else b"",
                    tuple(os.listxattr(path, follow_symlinks=False)))
        return found


class EscapeSite(OwnSite):
    """A daemon, a worker of another collector that stands still, and the canary."""

    def __init__(self, folder, user, attempts, port, wrapper=()):
        super().__init__(folder, user, wrapper=wrapper,
                         programs=("escape_unconfined", "without_kernel"),
                         plugins=("bad_plugin", *(f"escape_with_{what}" for what in ALLOW)))
        self.listener = port
        self.collectors(self.other())
        self.start()
        self.worker, = wait_for("the other worker", lambda: workers_of(self.daemon.pid))
        wait_for("it to stand still", lambda: self.state_of_the_worker() == "T (stopped)")
        self.canary = Canary(folder / "canary", attempts, user)

    def collectors(self, text):
        # Debug: which attempt was the last one before a worker is gone.
        self.config.write_text(f"""
[daemon]
state_dir   = "{self.state}"
plugin_dirs = ["{self.program}"]
log_level   = "debug"
[web]
listen = "127.0.0.1:0"
{text}""")

    def other(self):
        return """
[[collector]]
name    = "other"
plugin  = "bad_plugin"
every   = "300h"
timeout = "300h"
allow   = ["fs_read"]
options = { do = "stop" }
"""

    def state_of_the_worker(self):
        status = pathlib.Path(f"/proc/{self.worker}/status").read_text()
        return re.search(r"^State:\s*(.*)$", status, re.MULTILINE).group(1)

    def attempt(self, what, **options):
        """The report of a run in the daemon."""
        options.update(outside=self.canary.outside, granted=self.canary.granted, state=self.state,
                       configuration=self.config, daemon=self.daemon.pid, worker=self.worker,
                       port=self.listener)
        options = ", ".join(f"{key} = {json.dumps(str(value))}" for key, value in options.items())
        self.collectors(self.other() + f"""
[[collector]]
name    = "escape"
plugin  = "escape_with_{what}"
every   = "300h"
timeout = "15s"
allow   = {json.dumps(ALLOW[what])}
options = {{ {options} }}
""")
        with self.canary.swapping():
            self.daemon.send_signal(signal.SIGHUP)
            wait_for("the reload", lambda: "reload: 2 collectors" in self.log.read_text())
            done = self.run("collect", "escape", "--json", check=False)
        if not done.stdout:
            raise AssertionError(f"no report: {done.stderr}{self.log.read_text()[-2000:]}")
        return json.loads(done.stdout)

    def results(self):
        """{(group, name): how it ended, each time where it differed}"""
        with contextlib.closing(sqlite3.connect(self.state / "baselined.db")) as database:
            lines = [line.split() for line, in database.execute(
                "SELECT name FROM view_ref_1 ORDER BY name")]
        results = collections.defaultdict(list)
        for group, name, result in lines:
            results[group, name].append(result)
        return {attempt: ", ".join(ended) for attempt, ended in results.items()}

    def unconfined(self):
        done = subprocess.run(
            [self.program / UNCONFINED.name, self.canary.outside, self.canary.granted, self.state,
             self.config, str(self.listener)],
            capture_output=True, text=True, timeout=DEADLINE, **self.how)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        lines = [line.split() for line in done.stdout.splitlines()]
        return {(group, name): result for group, name, result in lines}


def all_attempts():
    done = subprocess.run([UNCONFINED], capture_output=True, text=True, check=True)
    return [tuple(line.split()[:2]) for line in done.stdout.splitlines()]


def may_everything():
    """Is this a root that no container and no filter holds back? But for resources."""
    status = pathlib.Path("/proc/self/status").read_text()
    powers = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE).group(1), 16)
    return powers | 1 << 24 >= (1 << 41) - 1 and "Seccomp:\t0" in status


class Escape(IntegrationTest):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        adopt_orphans()

    def setUp(self):
        super().setUp()
        self.addCleanup(end_children)  # what got out, its daemon too
        self.folder.chmod(0o755)
        self.attempts = all_attempts()
        self.port = 0
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            listener = socket.socket(family)
            self.addCleanup(listener.close)
            with contextlib.suppress(OSError):  # a machine without IPv6
                listener.bind((address, self.port))
                listener.listen(100)
                self.port = self.port or listener.getsockname()[1]

    def escape_site(self, user, wrapper=()):
        site = EscapeSite(self.folder / f"site{len(self.sites)}", user, self.attempts, self.port,
                          wrapper)
        self.sites.append(site)
        return site

    def check_unharmed(self, site, pid, before):
        """Of the daemon, the other worker, and every file."""
        self.assertEqual(site.daemon.pid, pid)
        self.assertIsNone(site.daemon.poll())
        self.assertEqual(site.get("/readyz")[0], 200)
        self.assertIn("baselined_build_info", site.get("/metrics")[1])
        self.assertEqual(site.state_of_the_worker(), "T (stopped)")
        after = site.canary.everything()
        self.assertEqual(set(before), set(after))
        self.assertEqual([path for path in before if before[path] != after[path]], [])

    def check(self, site, what, groups=()):
        """Every attempt, of these groups, is denied, but for those that succeed by design."""
        before, pid = site.canary.everything(), site.daemon.pid
        key = (site.state / "pseudonym.key").read_bytes()
        report = site.attempt(what, groups=" ".join(groups))
        self.assertEqual(report["outcome"], "ok", site.log.read_text()[-2000:])
        results = site.results()
        expected = [attempt for attempt in self.attempts if not groups or attempt[0] in groups]
        self.assertEqual(set(results), set(expected))
        self.assertGreaterEqual(len(results), 60)
        succeeded = {name for (_, name), result in results.items() if result == "0"}
        self.assertEqual(succeeded, BY_DESIGN[what] & {name for _, name in expected})
        self.assertEqual({attempt: result for attempt, result in results.items()
                          if result not in DENIED | {"0"}}, {})
        self.check_unharmed(site, pid, before)
        self.assertEqual((site.state / "pseudonym.key").read_bytes(), key)
        self.assertTrue(site.json("store", "check")["ok"])

    def test_with_nothing_granted_every_attempt_is_denied(self):
        for user in users():
            with self.subTest(user=user):
                self.check(self.escape_site(user), "nothing")

    def test_with_a_folder_granted_it_can_be_read_and_everything_else_is_denied(self):
        for user in users():
            with self.subTest(user=user):
                self.check(self.escape_site(user), "reading")

    def test_with_everything_granted_only_what_that_means_succeeds(self):
        for user in users():
            with self.subTest(user=user):
                self.check(self.escape_site(user), "everything")

    def test_seccomp_alone_denies_all_but_reading(self):
        groups = {group for group, _ in self.attempts} - {"reading", "paths"}
        self.check(self.escape_site(users()[-1], [WITHOUT_KERNEL, "landlock"]), "nothing", groups)

    def test_landlock_alone_denies_reading_and_writing_files(self):
        self.check(self.escape_site(users()[-1], [WITHOUT_KERNEL, "seccomp"]), "nothing", OF_FILES)

    def test_a_call_through_the_door_of_another_architecture_ends_the_worker(self):
        for door in ("int80", "x32"):
            site = self.escape_site(users()[-1])
            before, pid = site.canary.everything(), site.daemon.pid
            report = site.attempt("nothing", do=door)
            self.assertEqual(report["outcome"], "internal")
            self.assertIn("killed by SIGSYS", report["message"])
            self.assertEqual(site.results(), {})
            self.check_unharmed(site, pid, before)

    def test_without_the_sandbox_the_attempts_succeed(self):
        for user in users():
            site = self.escape_site(user)
            with site.canary.swapping():
                results = site.unconfined()
            failed = {name: result for (_, name), result in results.items() if result != "0"}
            by_group = collections.Counter(
                group for (group, _), result in results.items() if result == "0")
            with self.subTest(user=user):
                self.assertLess(len(failed), len(results) / 2, failed)
                self.assertEqual(set(by_group), {group for group, _ in self.attempts}, failed)
                if user == 0 and may_everything():
                    self.assertEqual(set(failed) - set(FAILS_ANYWAY), set(), failed)


if __name__ == "__main__":
    unittest.main()
