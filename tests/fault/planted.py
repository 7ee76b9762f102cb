"""Bugs on purpose: an audit that does not find them proves nothing."""
import pathlib

import audit
from compiled import library
from driver import Driver
from harness import BUILD

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TRIES = 100


def late_rows(folder):
    """A plugin folder whose git commits its cursor before its rows: the moment of a kill decides."""
    folder.mkdir()
    library(HERE / "late_rows.cpp", folder / "git.so", "-std=c++20", f"-I{ROOT}",
            f"-I{ROOT / 'sdk' / 'include'}", str(BUILD / "plugins" / "git" / "libbl_git.a"),
            "-lgit2", "-lboost_json")
    return folder


def lose(site):
    """As a daemon that lost what was committed; a collection would heal it."""
    audit.change(site.state, "DELETE FROM record_commit_1", "DELETE FROM record_ref_1",
                 "DELETE FROM cursor", "DELETE FROM open_item")


def move_aside(site):
    (site.state / "baselined.db").rename(site.state / "baselined.db.damaged-20260101T000000Z")


def find(driver, prepare, aim, expected, *consequences):
    """Whether what is found first is what was planted, and nothing that does not follow from it."""
    try:
        for number in range(1, TRIES + 1):
            prepare()
            how, found = driver.audited(lambda: driver.killed_in(aim))
            if found:
                print(f"{how}, try {number}: {'; '.join(found)}", flush=True)
                return any(expected in problem for problem in found) and all(
                    any(kind in problem for kind in (expected, *consequences)) for problem in found)
    finally:
        driver.close()
    print(f"{TRIES} kills, and nothing was found", flush=True)
    return False


def find_all(folder, seed):
    """The exit code."""
    late = Driver(folder / "late", seed, plugins=late_rows(folder / "plugins"))
    lossy = Driver(folder / "lossy", seed, plant=lose)
    aside = Driver(folder / "aside", seed, plant=move_aside)
    was_found = (
        # From nothing it takes two barriers, so that more than a moment lies between them.
        find(late, late.new_site, "collecting", audit.CURSOR_AHEAD, "before their parents",
             "refs are not stored", "refs are stored without"),
        find(lossy, lossy.change_history, "idle", "commits that were stored are gone", "refs"),
        find(aside, aside.change_history, "idle", "moved aside", "the database is gone"))
    return 0 if all(was_found) else 1
