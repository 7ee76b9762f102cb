"""Sources that misbehave in every way that we know of: a run ends in time, says why, sends its
credential nowhere else, and what was stored stays as it was: a failed page is never a zero."""
import concurrent.futures
import os
import re
import traceback
import unittest

from harness import IntegrationTest
from http_site import LOOPBACK, HttpSite, collector, connection
from peer import Authority, Peer
from peer_cases import CASES, NAMES, NEVER, good

AT_ONCE = 6  # cases; most of them wait
TOKEN = "canary-of-the-peers-5c1f2d"
GRACE = 1  # s after its timeout in which a run has to be over
ONLY = os.environ.get("BL_PEER_CASE")  # a pattern: a part of the cases


class Attempt:
    """One case: a collection that succeeds, one that is attacked, one that succeeds again."""

    def __init__(self, name, case, folder, authority):
        self.name, self.case, self.authority = name, case, authority
        self.site = HttpSite(folder)
        self.token = self.site.secret("token", TOKEN)
        self.problems = []

    def expect(self, is_right, what):
        if not is_right:
            self.problems.append(what)

    def run(self):
        case = self.case
        valid = self.authority.valid if case.tls else None
        with Peer(good(), valid) as peer, Peer(address=case.other) as other:
            self.configure(peer.url)
            first = self.succeed("before", NAMES)
            before = self.stored()
            self.expect(TOKEN.encode() in peer.everything(), "the credential did not arrive")
            peer.requests.clear()
            attacked = self.attack(peer, other)
            self.judge(attacked, first, peer)
            if case.outcome != "ok":
                after = self.stored()
                self.expect(before.keys() == after.keys(), "other tables")
                for table, rows in before.items():
                    self.expect(rows == after[table], f"{table} changed: {rows} -> {after[table]}")
            self.expect(not other.received, f"the other origin was reached: {other.received}")
            peer.script, peer.tls = good([*NAMES, "v5"]), valid
            peer.accept_again()
            self.configure(peer.url)
            self.succeed("again", [*NAMES, "v5"])
        return self.problems

    def configure(self, base_url, networks=LOOPBACK):
        case = self.case
        more = case.more
        if case.tls:
            more += f'\nca_file = "{self.authority.ca}"'
        path = f"/{'conditional' if case.mode == 'conditional' else 'tags'}"
        self.site.write_text(
            connection("forge", base_url, f'{{ kind = "bearer", token = {self.token} }}',
                       networks, more)
            + collector("tags", "forge", case.mode, path, f"{case.timeout}s"))

    def attack(self, peer, other):
        case = self.case
        peer.script = lambda talk, request: case.does(talk, request, other)
        if case.tls:
            peer.tls = None if case.tls == "none" else getattr(self.authority, case.tls)
        if case.is_deaf:
            peer.stop_accepting()
        if case.base:
            self.configure(case.base.format(other=other.port), case.networks)
        elif case.tls == "none":
            self.configure(peer.url.replace("http:", "https:"))
        return self.site.outcome("tags", *(["--full"] if case.full else []))

    def judge(self, attacked, first, peer):
        case, (report, done) = self.case, attacked
        if report is None:
            self.problems.append(f"no report: exit {done.returncode}, {done.stderr}")
            return
        self.expect(re.fullmatch(case.outcome, report["outcome"]), f"another outcome: {report}")
        limit = case.timeout + GRACE
        self.expect(report["seconds"] <= limit, f"a run of more than {limit} s: {report}")
        # The program itself is slow under a sanitizer: as slow as it was before.
        self.expect(done.seconds <= limit + 2 * first.seconds + 1, f"it took {done.seconds} s")
        self.expect(done.peak_bytes <= first.peak_bytes + case.memory,
                    f"{done.peak_bytes >> 20} MiB instead of {first.peak_bytes >> 20}")
        if case.requests is not None:
            self.expect(len(peer.requests) <= case.requests, f"{len(peer.requests)} requests")
        for request in peer.requests:
            self.expect(not request.header("cookie"), f"a cookie was sent: {request.head}")
        if case.outcome == "ok":
            self.expect(self.names() == NAMES, f"other rows: {self.names()}")
            return
        message = report["message"] or ""
        self.expect(re.search(case.says, message), f"another message: {message}")
        self.expect(re.search(r"connection forge: |plugin org\.example\.http: ", message),
                    f"neither connection nor plugin: {message}")
        self.expect(TOKEN not in message + done.stdout + done.stderr, "the credential is told")
        self.expect(done.returncode == 1, f"exit {done.returncode}")
        status = self.site.status_of("tags")
        self.expect((status["state"], status["reason"]) == ("failing", message),
                    f"another status: {status}")

    def succeed(self, when, names):
        report, done = self.site.outcome("tags")
        self.expect(report and report["outcome"] == "ok", f"{when}: {report} {done.stderr}")
        self.expect(self.names() == names, f"{when}: {self.names()}")
        self.expect(self.site.status_of("tags")["state"] == "waiting", f"{when}: not waiting")
        return done

    def stored(self):
        return {table: rows for table, rows in self.site.stored().items() if table != "setting"}

    def names(self):
        return self.site.names("record_ref_1", "name")


class Peers(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder / "authority")

    def test_each_bad_peer_fails_its_run_in_time_with_its_reason_and_changes_nothing(self):
        wanted = {name: case for name, case in CASES.items() if re.search(ONLY or "", name)}

        def attempt(numbered):
            number, (name, case) = numbered
            try:
                return name, Attempt(name, case, self.folder / str(number), self.authority).run()
            except Exception:  # of one case: the others are told too
                return name, [traceback.format_exc()]

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for name, problems in pool.map(attempt, enumerate(wanted.items())):
                with self.subTest(name):
                    self.assertEqual(problems, [], "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
