"""A site that belongs to one user, with copies of the programs that this user can reach.

As root the tests of the sandbox run twice, once as another user: root's powers must be no way out,
and a sandbox must not need them.
"""
import os
import shutil

from harness import BUILD, PLUGINS, Site

SOMEBODY = 54321  # a user without a name
TEST_PLUGINS = BUILD / "tests" / "integration" / "plugins"


def users():
    """The numbers of the users that this test can be."""
    return [0, SOMEBODY] if os.geteuid() == 0 else [os.geteuid()]


def as_user(user):
    """For subprocess: nothing where that is who runs the test."""
    return {} if user == os.geteuid() else {"user": user, "group": user, "extra_groups": []}


def give(path, user):
    """A file or folder, with all that is in it, to a user."""
    for each in [path, *(path.rglob("*") if path.is_dir() else ())]:
        os.chown(each, user, user if user != os.geteuid() else -1, follow_symlinks=False)


class OwnSite(Site):
    """Its program runs below `wrapper`, a command with {folder} and {program} for the site's: as if
    a part of the kernel were missing, say."""

    def __init__(self, folder, user, repositories=(), programs=(), plugins=(), wrapper=()):
        self.user = user
        self.how = as_user(user)
        self.program = folder / "program"
        self.program.mkdir(parents=True)
        for name in ("baselined", "baselined-worker", *programs):
            shutil.copy(BUILD / "bin" / name, self.program)
        for file in (PLUGINS / "git.so", *(TEST_PLUGINS / f"{name}.so" for name in plugins)):
            shutil.copy(file, self.program)
        self.command = (*(word.format(folder=folder, program=self.program) for word in wrapper),
                        str(self.program / "baselined"))
        super().__init__(folder, repositories)
        self.state.mkdir(mode=0o700)
        give(self.state, user)

    def write(self, *arguments, **options):
        super().write(*arguments, **{"plugins": [self.program], **options})
        self.config.chmod(0o644)
