"""What must hold after any crash, asked of the database and of plain git. An empty list: it holds.

Nothing here uses code of the program: SQLite's own shell library and git say what is there.
"""
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile
import typing

SERVICE = "(SELECT s.name FROM fact_service s WHERE s.id = service)"
REPOSITORY = "(SELECT r.identity || r.part FROM fact_repository r WHERE r.id = f.repository)"
DEPLOYMENTS = ("WITH named AS (SELECT id, origin || name || finished_at || '#' || row_number()"
               " OVER (PARTITION BY repository ORDER BY id) AS name FROM fact_deployment) ")

# Fact tables without the numbers that depend on the order in which they were made.
FACTS = {
    "fact_service": "SELECT name, deployment_rule FROM fact_service",
    "fact_repository": f"SELECT identity, part, {SERVICE}, sources, reason FROM fact_repository",
    "fact_input": f"SELECT {SERVICE}, contract, repository, complete_from, complete_until, reason"
                  " FROM fact_input",
    "fact_commit":
        f"{DEPLOYMENTS} SELECT commit_id, {SERVICE}, {REPOSITORY}, committed_at, is_bot, named.name,"
        " shipped_at, lead_us, clamped, shipped_is_guess, generation, hex(parents)"
        " FROM fact_commit f LEFT JOIN named ON named.id = f.deployment",
    "fact_candidate": f"SELECT {REPOSITORY}, finished_at, generation, origin, name, commit_id,"
                      " is_guess FROM fact_candidate f",
    "fact_deployment":
        f"{DEPLOYMENTS} SELECT {REPOSITORY}, this.name, {SERVICE}, environment, hex(sha), commit_id,"
        " origin, f.name, finished_at, is_seed, is_rollback, before.name, shipped, gap_us, is_guess"
        " FROM fact_deployment f JOIN named AS this ON this.id = f.id"
        " LEFT JOIN named AS before ON before.id = f.previous",
    "fact_exclusion": f"SELECT {SERVICE}, {REPOSITORY}, fact, at, reason, n, origin, name, commit_id"
                      " FROM fact_exclusion f",
    "fact_branch_tip": f"SELECT {REPOSITORY}, name, commit_id FROM fact_branch_tip f",
    "fact_missing": f"SELECT {REPOSITORY}, hex(sha), origin, name FROM fact_missing f",
}

# What is found where a cursor was committed before its rows.
CURSOR_AHEAD = "commits are missing although the cursor is behind them"


class Stored(typing.NamedTuple):
    """What a collector was told is durable."""
    commits: frozenset = frozenset()  # sha
    refs: frozenset = frozenset()     # (kind, name, target)
    last_run: int = 0                 # id


def query(state, sql):
    """All rows, through a connection that cannot write."""
    with contextlib.closing(sqlite3.connect(f"file:{state}/baselined.db?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def change(state, *statements):
    """What a test does to a database that nobody has open."""
    with contextlib.closing(sqlite3.connect(state / "baselined.db")) as db, db:
        for statement in statements:
            db.execute(statement)


def has_records(state):
    """Whether there are tables for records; not where the file was still being made."""
    database = state / "baselined.db"
    if not database.exists() or database.with_name("baselined.db-journal").exists():
        return False
    return bool(query(state, "SELECT 1 FROM sqlite_schema WHERE name = 'record_commit_1'"))


def stored_commits(state):
    """Every alive commit as often as it stands there."""
    return [row[0].lower() for row in
            query(state, "SELECT hex(sha) FROM record_commit_1 WHERE removed_at IS NULL")]


def stored(state):
    """What is alive in the database, or nothing where there is none."""
    if not has_records(state):
        return Stored()
    refs = query(state, "SELECT kind.value, name, lower(hex(target)) FROM record_ref_1"
                        " JOIN text AS kind ON kind.id = kind WHERE removed_at IS NULL")
    last_run, = query(state, "SELECT coalesce(max(id), 0) FROM run_log")[0]
    return Stored(frozenset(stored_commits(state)), frozenset(refs), last_run)


def commits_of(repository, *without):
    """{sha: parents} of everything that any ref reaches."""
    lines = repository.git("rev-list", "--all", "--parents", *without).splitlines()
    return {words[0]: words[1:] for words in map(str.split, lines)}


def refs_of(repository):
    """{(kind, name, target)} of tags and branches."""
    lines = repository.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags",
                           "refs/heads").splitlines()
    kinds = {"tags": "tag", "heads": "branch"}
    return {(kinds[kind], name, target) for line in lines
            for path, target in [line.split()] for _, kind, name in [path.split("/", 2)]}


def refs_after(before, repository):
    """The refs that a collection leaves: of a moved tag all places, as long as it is there."""
    now = refs_of(repository)
    tags = {name for kind, name, _ in now if kind == "tag"}
    return now | {ref for ref in before.refs if ref[0] == "tag" and ref[1] in tags}


def facts(state):
    return {table: sorted(map(repr, query(state, sql))) for table, sql in FACTS.items()}


def lost(state, before):
    """What was stored before and is not there any more."""
    aside = sorted(path.name for path in state.glob("baselined.db.*"))
    problems = [f"moved aside: {aside}"] if aside else []
    if before.last_run and not has_records(state):
        return problems + ["the database is gone"]
    after = stored(state)
    if not after.commits >= before.commits:
        problems.append(f"{len(before.commits - after.commits)} commits that were stored are gone")
    if after.last_run < before.last_run:
        problems.append(f"the run log ends with {after.last_run}, it was at {before.last_run}")
    return problems


def after_crash(state, history, before):
    """Of a database just after a crash, which nothing has opened since. before: what was stored when
    the victim began; the repository has not changed since."""
    problems = lost(state, before)
    if not has_records(state):
        return problems
    problems += consistent(state, history)
    after = stored(state)
    new = refs_after(before, history.repository)
    if after.refs not in (before.refs, new):
        problems.append(f"the refs are neither those of before nor those of now: {len(after.refs)}, "
                        f"not {len(before.refs)} or {len(new)}")
    if after.refs != before.refs and not after.commits >= history.reachable():
        problems.append("refs are stored without all of their commits")
    return problems


def consistent(state, history):
    """What holds at any moment."""
    problems = [row[0] for row in query(state, "PRAGMA integrity_check") if row[0] != "ok"]
    version = query(state, "PRAGMA user_version")[0][0]
    for table, since in (("setting", 2), ("http_validator", 3)):
        if bool(query(state, f"SELECT 1 FROM sqlite_schema WHERE name = '{table}'")) != (
                version >= since):
            problems.append(f"half an upgrade: version {version}, {table}")
    listed = stored_commits(state)
    alive = set(listed)
    if len(listed) != len(alive):
        problems.append(f"{len(listed) - len(alive)} commits are stored more than once")
    if not alive <= history.ever.keys():
        problems.append(f"{len(alive - history.ever.keys())} stored commits were never there")
    orphans = [sha for sha in alive & history.ever.keys()
               if not alive.issuperset(history.ever[sha])]
    if orphans:
        problems.append(f"{len(orphans)} commits were committed before their parents")
    return problems


def after_recovery(site, history, before):
    """Of a site that collected again, undisturbed, after a crash. before: what was stored then."""
    problems = after_crash(site.state, history, before)
    missing = (before.commits | history.reachable()) - set(stored_commits(site.state))
    if missing:
        problems.append(f"{len(missing)} {CURSOR_AHEAD}")
    expected = refs_after(before, history.repository)
    found = stored(site.state).refs
    if found != expected:
        problems.append(f"{len(expected - found)} refs are not stored, {len(found - expected)} not "
                        f"removed: {sorted(expected ^ found)[0]}")
    again = site.collect()
    if any(again[key] for key in ("inserted", "updated", "removed")):
        problems.append(f"collecting once more changed rows: {again}")
    return problems + after_rebuild(site)


def after_rebuild(site):
    """Facts that grew with the records equal facts that are derived from nothing."""
    site.run("kpi")
    followed = facts(site.state)
    config = site.config.read_text()
    with tempfile.TemporaryDirectory(prefix="baselined-rebuilt-") as folder:
        copy = pathlib.Path(folder) / "state"
        shutil.copytree(site.state, copy, ignore=shutil.ignore_patterns("control.sock"))
        change(copy, "DROP TABLE derive_state")
        try:
            site.config.write_text(config.replace(f'"{site.state}"', f'"{copy}"'))
            site.run("kpi")
        finally:
            site.config.write_text(config)
        derived = facts(copy)
    return [f"facts differ from a derivation from nothing: {table}" for table in FACTS
            if followed[table] != derived[table]]
