"""A small disk in a mount namespace of its own, so that nobody else sees it."""
import contextlib
import os
import subprocess
import sys
import tempfile


def as_user():
    return [] if os.geteuid() == 0 else ["--user", "--map-root-user"]


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def may_mount():
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(["unshare", "--mount", *as_user(), "mount", "-t", "tmpfs", "tmpfs",
                               folder], capture_output=True, check=False).returncode == 0


def in_own_namespace(script, arguments):
    """The exit code of this script there, where "--own-namespace" is the last argument. Without the
    right to mount that is a failure, unless "--may-skip" is among the arguments."""
    if not may_mount():
        print("this user may not mount a small disk here", flush=True)
        return 0 if "--may-skip" in arguments else 1
    return subprocess.run(["unshare", "--mount", *as_user(), sys.executable, "-B", script, *arguments,
                           "--own-namespace"], check=False).returncode


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def free_bytes(folder):
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize


def fill(folder, leave):
    with contextlib.suppress(OSError), (folder / "filler").open("ab", buffering=0) as filler:
        while free_bytes(folder) > leave:
            filler.write(bytes(min(1 << 20, free_bytes(folder) - leave)))


def free(folder):
    (folder / "filler").unlink(missing_ok=True)
