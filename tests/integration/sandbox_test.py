"""What the daemon tells and does where a part of the sandbox is missing, and in a container."""
import subprocess
import unittest

from harness import IntegrationTest, recent_history
from own_site import OwnSite, as_user, give, users

WITHOUT_KERNEL = "{program}/without_kernel"
KERNELS = {  # without what: (level, the reason, what is left)
    "landlock": (1, "no Landlock", "the other alone"),
    "seccomp": (1, "no seccomp", "the other alone"),
    "both": (0, "no Landlock and no seccomp", "their limits alone"),
}
# A root of its own, as a container of a user without privileges has it: the system's folders, and
# one that may be written.
CONTAINER = """
set -e
mine=$1; shift
mount -t tmpfs none /mnt
cd /mnt
mkdir usr etc dev proc tmp
for folder in usr etc dev; do mount --rbind /$folder $folder; done
for link in bin sbin lib lib64; do [ ! -L /$link ] || ln -s usr/$link $link; done
mount -t proc none proc
mkdir -p .$mine
mount --bind $mine .$mine
exec chroot . "$@"
"""


class Sandbox(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)

    def own_site(self, user, wrapper=()):
        folder = self.folder / f"site{len(self.sites)}"
        repository = recent_history(folder / "shop").path
        site = OwnSite(folder, user, [repository], ["without_kernel"], wrapper=wrapper)
        give(folder, user)
        self.sites.append(site)
        return site

    def require(self, site):
        site.config.write_text(site.config.read_text().replace(
            "[daemon]", '[daemon]\nsandbox = "require"', 1))

    def test_a_kernel_that_lacks_something_is_told(self):
        for missing, (level, reason, rest) in KERNELS.items():
            with self.subTest(without=missing):
                site = self.own_site(users()[-1], [WITHOUT_KERNEL, missing])
                site.start()
                self.assertEqual(site.collect()["outcome"], "ok")
                self.assertIn(f"\nbaselined_sandbox_level {level}\n", site.get("/metrics")[1])
                sandbox = site.json("status")["daemon"]["sandbox"]
                self.assertEqual(sandbox["landlock"] > 0, "no Landlock" not in reason)
                self.assertEqual(sandbox["seccomp"], "no seccomp" not in reason)
                self.assertIn(f"this system has {reason}: plugins are confined by {rest}",
                              site.log.read_text())

    def test_a_kernel_that_lacks_something_is_refused_where_the_sandbox_is_required(self):
        for missing, (_, reason, _) in KERNELS.items():
            with self.subTest(without=missing):
                site = self.own_site(users()[-1], [WITHOUT_KERNEL, missing])
                self.require(site)
                for command in ("check", "run"):
                    refused = site.run(command, check=False)
                    self.assertEqual(refused.returncode, 78, refused)
                    self.assertIn(f"the sandbox is required, and this system has {reason}. ",
                                  refused.stdout + refused.stderr)

    def test_a_kernel_that_has_both_is_told_and_not_refused(self):
        for user in users():
            with self.subTest(user=user):
                site = self.own_site(user)
                self.require(site)
                site.start()
                self.assertEqual(site.collect()["outcome"], "ok")
                self.assertIn("\nbaselined_sandbox_level 2\n", site.get("/metrics")[1])

    def test_in_a_container_without_privileges_workers_are_confined_as_well(self):
        unshare = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"]
        for user in users():
            with self.subTest(user=user):
                if subprocess.run([*unshare, "true"], capture_output=True,
                                  **as_user(user)).returncode != 0:
                    self.skipTest("no containers on this machine")
                site = self.own_site(user, [*unshare, "sh", "-c", CONTAINER, "sh", "{folder}"])
                self.require(site)
                self.assertEqual(site.collect()["outcome"], "ok")


if __name__ == "__main__":
    unittest.main()
