"""What must hold after any crash, asked of the database and of plain git. An empty list: it holds.

Nothing here uses code of the program: SQLite's own shell library and git say what is there.
"""
import contextlib
import shutil
import sqlite3

SERVICE = "(SELECT s.name FROM fact_service s WHERE s.id = service)"
REPOSITORY = "(SELECT r.identity FROM fact_repository r WHERE r.id = repository)"
DEPLOYMENT = ("(SELECT p.origin || p.name || p.finished_at || '#' || (SELECT count(*)"
              " FROM fact_deployment q WHERE q.repository = p.repository AND q.id < p.id)"
              " FROM fact_deployment p WHERE p.id = {})")

# Fact tables without the numbers that depend on the order in which they were made.
FACTS = (
    "SELECT name, deployment_rule FROM fact_service",
    f"SELECT identity, {SERVICE}, sources, reason FROM fact_repository",
    f"SELECT {SERVICE}, contract, repository, complete_from, complete_until, reason FROM fact_input",
    f"SELECT commit_id, {SERVICE}, {REPOSITORY}, committed_at, is_bot, "
    f"{DEPLOYMENT.format('deployment')}, shipped_at, lead_us, clamped, shipped_is_guess,"
    " generation, hex(parents) FROM fact_commit",
    f"SELECT {REPOSITORY}, finished_at, generation, origin, name, commit_id, is_guess"
    " FROM fact_candidate",
    f"SELECT {REPOSITORY}, {DEPLOYMENT.format('d.id')}, {SERVICE}, environment, hex(sha), commit_id,"
    f" origin, name, finished_at, is_seed, is_rollback, {DEPLOYMENT.format('d.previous')}, shipped,"
    " gap_us, is_guess FROM fact_deployment d",
    f"SELECT {SERVICE}, {REPOSITORY}, fact, at, reason, n, origin, name, commit_id"
    " FROM fact_exclusion",
    f"SELECT {REPOSITORY}, name, commit_id FROM fact_branch_tip",
    f"SELECT {REPOSITORY}, hex(sha), origin, name FROM fact_missing",
)


def query(state, sql):
    """All rows, through a connection that cannot write."""
    with contextlib.closing(sqlite3.connect(f"file:{state}/baselined.db?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def stored_commits(state):
    """Every alive commit as often as it stands there."""
    return [row[0].lower() for row in
            query(state, "SELECT hex(sha) FROM record_commit_1 WHERE removed_at IS NULL")]


def commits_of(repository):
    """{sha: parents} of everything that any ref reaches."""
    lines = repository.git("rev-list", "--all", "--parents").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines}


def facts(state):
    return [sorted(map(repr, query(state, sql))) for sql in FACTS]


def after_crash(state, history):
    """Of a database just after a crash. history: {sha: parents} of all that was ever collectable."""
    problems = [row[0] for row in query(state, "PRAGMA integrity_check") if row[0] != "ok"]
    version, has_settings = query(state, "SELECT user_version, EXISTS (SELECT 1 FROM sqlite_schema"
                                         " WHERE name = 'setting') FROM pragma_user_version")[0]
    if has_settings != (version >= 2):
        problems.append(f"half an upgrade: version {version}")
    stored = stored_commits(state)
    alive = set(stored)
    if len(stored) != len(alive):
        problems.append(f"{len(stored) - len(alive)} commits are stored more than once")
    if not alive <= history.keys():
        problems.append(f"{len(alive - history.keys())} stored commits were never there")
    orphans = [sha for sha in alive & history.keys() if not alive.issuperset(history[sha])]
    if orphans:
        problems.append(f"{len(orphans)} commits were committed before their parents")
    return problems


def after_recovery(site, repository, kept):
    """Of a site that collected again, undisturbed, after a crash. kept: what was stored before."""
    problems = after_crash(site.state, {**kept, **commits_of(repository)})
    expected = kept.keys() | commits_of(repository).keys()
    missing = expected - set(stored_commits(site.state))
    if missing:
        problems.append(f"{len(missing)} commits are missing although the cursor is behind them")
    tags = set(repository.git("for-each-ref", "--format=%(refname:short)", "refs/tags").split())
    stored_tags = {row[0] for row in query(
        site.state, "SELECT name FROM record_ref_1 WHERE removed_at IS NULL AND kind ="
                    " (SELECT id FROM text WHERE value = 'tag')")}
    if tags != stored_tags:
        problems.append(f"tags not stored: {sorted(tags - stored_tags)[:5]}, "
                        f"not deleted: {sorted(stored_tags - tags)[:5]}")
    again = site.collect()
    if any(again[key] for key in ("inserted", "updated", "removed")):
        problems.append(f"collecting once more changed rows: {again}")
    return problems + after_rebuild(site)


def after_rebuild(site):
    """Facts that grew with the records equal facts that are derived from nothing."""
    site.run("kpi")
    followed = facts(site.state)
    copy = site.state.with_name("rebuilt")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(site.state, copy, ignore=shutil.ignore_patterns("control.sock"))
    with contextlib.closing(sqlite3.connect(copy / "baselined.db")) as db, db:
        db.execute("DROP TABLE derive_state")
    config = site.config.read_text()
    try:
        site.config.write_text(config.replace(f'"{site.state}"', f'"{copy}"'))
        site.run("kpi")
    finally:
        site.config.write_text(config)
    return [f"facts differ from a derivation from nothing: {sql.rsplit('FROM ', 1)[1]}"
            for sql, ours, theirs in zip(FACTS, followed, facts(copy)) if ours != theirs]
