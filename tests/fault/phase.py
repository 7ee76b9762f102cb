"""In which phase of its work a program was killed, read from what it left behind."""
import audit

# In the order of a first start. Each must be hit; "not begun" is a kill before the writer lock.
PHASES = ("no schema", "migrating", "collecting", "between barriers", "deriving", "idle")
SCHEMA_VERSION = 3


def holder(state):
    """The process that took the writer lock last."""
    try:
        return int((state / "lock").read_text() or 0)
    except FileNotFoundError:
        return 0


def derive_state(state):
    """What the facts were derived from; empty where there are none."""
    if not audit.query(state, "SELECT 1 FROM sqlite_schema WHERE name = 'derive_state'"):
        return {}
    return dict(audit.query(state, "SELECT key, value FROM derive_state"))


def derived_mapping(state):
    return derive_state(state).get("mapping")


def of(state, pid, before, old_mapping):
    """before: what was stored when this process began. old_mapping: what the facts were derived
    with then, where the mapping has changed."""
    if holder(state) != pid:
        return "not begun"
    if not audit.has_records(state):
        return "no schema"
    if audit.query(state, "PRAGMA user_version")[0][0] < SCHEMA_VERSION:
        return "migrating"
    run = audit.query(state, "SELECT started_at FROM run_log WHERE outcome IS NULL"
                             f" AND id > {before.last_run}")
    if run and has_checkpoint(state):
        return "between barriers"
    if run and last_barrier(state) < run[0][0]:
        return "collecting"
    is_old = old_mapping is not None and derived_mapping(state) == old_mapping
    return "deriving" if is_old or is_behind(state) else "idle"


def has_checkpoint(state):
    """Barriers are stored, and the last one of their run is not."""
    return bool(audit.query(state, "SELECT 1 FROM open_item WHERE contract = 'commit/1'"))


def last_barrier(state):
    return audit.query(state, "SELECT coalesce(max(updated_at), 0) FROM cursor")[0][0]


def is_behind(state):
    """Facts that have not followed the records."""
    derived = derive_state(state)
    if not derived:
        return True
    commits, refs, changes = audit.query(
        state, "SELECT (SELECT coalesce(max(id), 0) FROM record_commit_1),"
               " (SELECT coalesce(max(id), 0) FROM record_ref_1),"
               " (SELECT count(*) FROM record_change)")[0]
    return changes > 0 or (int(derived["record_commit_1"]), int(derived["record_ref_1"])) != (
        commits, refs)
