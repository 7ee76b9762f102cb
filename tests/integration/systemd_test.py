"""The unit's hardening lets the daemon work and its workers confine themselves. systemd itself is not
needed to run: its filter of system calls is made from the unit and put around the program."""
import ctypes
import errno
import os
import pathlib
import re
import subprocess
import unittest

from harness import BASELINED, IntegrationTest, recent_history, wait_for

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd" / "baselined.service"
PR_SET_NO_NEW_PRIVS = 38
SCMP_ACT_ALLOW = 0x7FFF0000
SCMP_ACT_ERRNO = 0x00050000


def settings():
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))


def calls_of(names):
    """The system calls of a filter, groups expanded as systemd does."""
    calls = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True,
                               text=True, check=True).stdout
        calls |= calls_of(re.findall(r"^ {4}([@\w-]+)$", shown, re.MULTILINE))
    return calls


class Filter:
    """A seccomp filter that allows these calls and answers EPERM to all others."""

    def __init__(self, calls):
        self.seccomp = ctypes.CDLL("libseccomp.so.2")
        self.seccomp.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))
        for call in calls:
            number = self.seccomp.seccomp_syscall_resolve_name(call.encode())
            if number >= 0:  # else one of another architecture
                self.seccomp.seccomp_rule_add(self.context, SCMP_ACT_ALLOW, number, 0)

    def load(self):
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if self.seccomp.seccomp_load(self.context) != 0:
            os._exit(99)


class Systemd(IntegrationTest):
    def test_the_unit_is_hardened(self):
        shown = subprocess.run(["systemd-analyze", "security", "--offline=true", str(UNIT)],
                               capture_output=True, text=True, check=True).stdout
        exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", shown).group(1))
        self.assertLessEqual(exposure, 2.0, shown)

    def test_below_the_filter_of_the_unit_the_daemon_works_and_its_workers_are_confined(self):
        names = settings()["SystemCallFilter"].split()
        self.assertIn("@system-service", names)
        site = self.site([recent_history(self.folder / "shop").path])
        below = Filter(calls_of(names))
        site.start(preexec_fn=below.load)
        self.assertEqual(site.collect()["outcome"], "ok")
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)
        sandbox = wait_for("its sandbox", lambda: site.json("status")["daemon"]["sandbox"])
        self.assertGreater(sandbox["landlock"], 0)
        self.assertTrue(sandbox["seccomp"])
        self.assertIn("\nbaselined_sandbox_level 2\n", site.get("/metrics")[1])
        self.assertEqual(site.stop(), 0)

    def test_without_landlock_in_the_filter_it_is_told_and_can_be_refused(self):
        names = [name for name in settings()["SystemCallFilter"].split() if "landlock" not in name]
        site = self.site([recent_history(self.folder / "shop").path])
        below = Filter(calls_of(names))
        site.start(preexec_fn=below.load)
        self.assertEqual(site.collect()["outcome"], "ok")
        wait_for("the level", lambda: "\nbaselined_sandbox_level 1\n" in site.get("/metrics")[1])
        self.assertIn("this system has no Landlock", site.log.read_text())
        self.assertIn("confined by no Landlock and seccomp", site.run("status").stdout)
        site.stop()
        site.config.write_text(site.config.read_text().replace(
            "[daemon]", '[daemon]\nsandbox = "require"', 1))
        for command in ("check", "run"):
            refused = subprocess.run([str(BASELINED), command, "--config", str(site.config)],
                                     capture_output=True, text=True, timeout=60,
                                     preexec_fn=below.load)
            self.assertEqual(refused.returncode, 78)
            self.assertIn("the sandbox is required, and this system has no Landlock",
                          refused.stdout + refused.stderr)


if __name__ == "__main__":
    unittest.main()
