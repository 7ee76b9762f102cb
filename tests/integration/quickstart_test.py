"""What the quick start chooses as deployments, with the build under test in place of its own."""
import os
import shutil
import subprocess
import unittest

from harness import BUILD, GitRepository, IntegrationTest

PACKAGING = os.path.join(os.path.dirname(__file__), "..", "..", "packaging")


class Quickstart(IntegrationTest):
    def setUp(self):
        super().setUp()
        top = self.folder / "checkout"
        (top / "packaging").mkdir(parents=True)
        self.script = shutil.copy(os.path.join(PACKAGING, "quickstart"), top / "packaging")
        self.stub(top / "packaging" / "install-packages")
        self.stub(self.folder / "stubs" / "cmake")
        release = top / "build" / "release"
        release.mkdir(parents=True)
        for name in ("bin", "plugins"):
            (release / name).symlink_to(BUILD.resolve() / name)
        self.repository = GitRepository(self.folder / "shop")
        self.repository.commit(1_700_000_000)

    @staticmethod
    def stub(path):
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)

    def mapping(self, *tags):
        """The line in which the quick start says what it chose."""
        for tag in tags:
            self.repository.tag(tag)
        environment = {**os.environ, "BASELINED_PORT": "0",
                       "PATH": f"{self.folder / 'stubs'}:{os.environ['PATH']}"}
        done = subprocess.run([self.script, str(self.repository.path), "--once"], env=environment,
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(line for line in done.stdout.splitlines() if line.startswith("Mapping: "))

    def test_tags_that_begin_with_a_digit_win_where_there_are_more(self):
        self.assertEqual(self.mapping("v1.0", "2.0", "2.1"),
                         "Mapping: each tag that begins with a digit is a deployment (2 tags).")

    def test_tags_v_win_where_there_are_as_many(self):
        self.assertEqual(self.mapping("v1.0", "2.0"),
                         "Mapping: each tag v* is a deployment (1 tags).")

    def test_without_tags_that_look_like_versions_it_is_the_branch(self):
        self.assertEqual(self.mapping("nightly"),
                         "Mapping: no tag looks like a version, so each commit on the branch 'main' "
                         "is a deployment.")


if __name__ == "__main__":
    unittest.main()
