"""Git histories of any size, made with git fast-import."""
import itertools
import subprocess

FIRST = 1_200_000_000  # seconds: the time of the first commit
LAST = 1_760_000_000
AUTHORS = 2000


def lines_of(commits, tags):
    """A stream for fast-import: one branch that side branches of three commits join, annotated tags
    spread evenly over it."""
    step = (LAST - FIRST) // commits
    every = commits // tags
    yield "blob\nmark :1\ndata 2\nx\n"
    trunk = side = None
    for number in range(commits):
        mark, at, place = number + 2, FIRST + number * step, number % 7
        is_side = place in (3, 4, 5)
        who = f"P{number * 7919 % AUTHORS} <p{number * 7919 % AUTHORS}@example.org>"
        yield (f"commit refs/heads/main\nmark :{mark}\nauthor {who} {at - 3600} +0000\n"
               f"committer {who} {at} +0000\ndata 7\nchange\n")
        parent = side if is_side and side else trunk
        if parent:
            yield f"from :{parent}"
        if place == 6 and side:
            yield f"merge :{side}"
            side = None
        if number % 3 == 0:
            yield f"M 100644 :1 part{number % 50}/file{number % 997}"
        if is_side:
            side = mark
        else:
            trunk = mark
        if number % every == every - 1:
            yield (f"tag v{number // every + 1}\nfrom :{trunk}\n"
                   f"tagger R <r@example.org> {at + 60} +0000\ndata 0")
    yield f"reset refs/heads/main\nfrom :{trunk}\n"
    if side:
        yield f"reset refs/heads/side\nfrom :{side}\n"


def make(path, commits, tags):
    """A bare repository of this many commits and annotated tags v1, v2, ..."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    importer = subprocess.Popen(["git", "-C", str(path), "fast-import", "--quiet"],
                                stdin=subprocess.PIPE, text=True)
    lines = lines_of(commits, tags)
    while batch := list(itertools.islice(lines, 10_000)):
        importer.stdin.write("\n".join(batch) + "\n")
    importer.stdin.close()
    if importer.wait() != 0:
        raise RuntimeError("git fast-import failed")
    return path
