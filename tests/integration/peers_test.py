"""Sources that misbehave in every way that we know of: a run ends in time, says why, sends its
credential nowhere else, and what was stored stays as it was: a failed page is never a zero."""
import base64
import concurrent.futures
import contextlib
import datetime
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import traceback
import unittest

from harness import DEADLINE, IntegrationTest, wait_for
from http_site import IS_SANITIZED, LOOPBACK, HttpSite, collector, connection
from peer import Authority, Peer, always, answer
from peer_cases import CASES, NAMES, good, later, page

AT_ONCE = 6  # cases; most of them wait
TOKEN = "canary-of-the-peers-5c1f2d"
CREDENTIAL = {False: f"Bearer {TOKEN}".encode(), True: base64.b64encode(f"me:{TOKEN}".encode())}
GRACE = 1  # s after its timeout in which a run has to be over
# Those that cost the most, all in one daemon, which shall not need more than this.
TOGETHER = ("accepts and hangs", "one byte of a body per second", "header flood", "endless headers",
            "1xx flood", "garbage instead of HTTP", "truncated", "chunked, and hangs",
            "endless trailers", "endless chunk extension", "endless body", "gzip bomb",
            "empty 200", "500 storm, no time", "redirect loop", "redirect to another host",
            "Link to another origin", "the same page for ever", "deep JSON", "404")
PEAK_KIB = 256 * 1024
ONLY = os.environ.get("BL_PEER_CASE")  # a pattern: a part of the cases


def wanted():
    """The cases that are asked for and that this machine can play, by name."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        has_ipv6 = True
    except OSError:
        has_ipv6 = False
    return {name: case for name, case in CASES.items()
            if re.search(ONLY or "", name) and (has_ipv6 or ":" not in case.other)}


class Attempt:
    """One case: a collection that succeeds, one that is attacked, one that succeeds again."""

    def __init__(self, name, case, folder, authority):
        self.name, self.case, self.authority = name, case, authority
        self.site = HttpSite(folder)
        self.token = self.site.secret("token", TOKEN)
        # Of the attacked run. A sanitizer needs more until a worker is ready.
        self.timeout = case.timeout + (6 if IS_SANITIZED else 0)
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
            self.expect(CREDENTIAL[case.oauth2] in peer.everything(), "no credential arrived")
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
            self.expect(self.site.status_of("tags")["state"] == "waiting", "it is failing still")
        return self.problems

    def configure(self, base_url, networks=LOOPBACK, timeout=DEADLINE):
        case = self.case
        more = case.more
        if case.tls:
            more += f'\nca_file = "{self.authority.ca}"'
        path = f"/{'conditional' if case.mode == 'conditional' else 'tags'}"
        auth = f'{{ kind = "bearer", token = {self.token} }}'
        if case.oauth2:
            auth = (f'{{ kind = "oauth2_client_credentials", token_url = "{base_url}/token", '
                    f'client_id = "me", client_secret = {self.token} }}')
        self.site.write_text(
            connection("forge", base_url, auth, networks, more)
            + collector("tags", "forge", case.mode, path, f"{timeout}s"))

    def attack(self, peer, other):
        case = self.case
        peer.script = lambda talk, request: case.does(talk, request, other)
        if case.tls:
            peer.tls = None if case.tls == "none" else getattr(self.authority, case.tls)
        if case.is_deaf:
            peer.stop_accepting()
        base = case.base.format(other=other.port) if case.base else peer.url
        if case.tls == "none":
            base = base.replace("http:", "https:")
        self.configure(base, case.networks, self.timeout)
        return self.site.outcome("tags", *(["--full"] if case.full else []))

    def judge(self, attacked, first, peer):
        case, (report, done) = self.case, attacked
        if report is None:
            self.problems.append(f"no report: exit {done.returncode}, {done.stderr}")
            return
        self.expect(re.fullmatch(case.outcome, report["outcome"]), f"another outcome: {report}")
        limit = self.timeout + GRACE
        self.expect(report["seconds"] <= limit, f"a run of more than {limit} s: {report}")
        # The program itself is slow under a sanitizer: as slow as it was before.
        self.expect(done.seconds <= limit + 2 * first.seconds + 1, f"it took {done.seconds} s")
        self.expect(IS_SANITIZED or done.peak_bytes <= first.peak_bytes + case.memory,
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
        def attempt(numbered):
            number, (name, case) = numbered
            try:
                return name, Attempt(name, case, self.folder / str(number), self.authority).run()
            except Exception:  # of one case: the others are told too
                return name, [traceback.format_exc()]

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for name, problems in pool.map(attempt, enumerate(wanted().items())):
                with self.subTest(name):
                    self.assertEqual(problems, [], "\n".join(problems))

    def test_the_addresses_that_are_refused_are_reached_where_they_are_allowed(self):
        """Or their cases would show nothing."""
        networks = ("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")
        for number, (name, case) in enumerate(wanted().items()):
            if not case.base:
                continue
            with self.subTest(name), Peer(good(), address=case.other) as other:
                site = HttpSite(self.folder / str(number))
                site.write_text(
                    connection("forge", case.base.format(other=other.port), '{ kind = "none" }',
                               networks) + collector("tags", "forge"))
                report, done = site.outcome("tags")
                self.assertTrue(report, done)
                self.assertTrue(other.requests, report)

    def test_the_environment_changes_nothing(self):
        """Neither a proxy nor a credential nor trust comes from it, and no key goes there."""
        keys = self.folder / "keys"
        (self.folder / ".netrc").write_text("default login me password of-the-environment\n")
        (self.folder / ".curlrc").write_text('user = "me:of-the-environment"\n')
        for number, tls in enumerate((None, self.authority.valid, self.authority.self_signed)):
            with self.subTest(tls=number), Peer(good(), tls) as peer, Peer() as other:
                names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
                site = HttpSite(self.folder / str(number))
                site.how = {"env": {
                    "PATH": os.environ["PATH"], "HOME": str(self.folder),
                    "SSLKEYLOGFILE": str(keys), "CURL_HOME": str(self.folder),
                    "CURL_SSL_VERIFYPEER": "0",
                    "SSL_CERT_FILE": str(self.authority.folder / "self.pem"),
                    "CURL_CA_BUNDLE": str(self.authority.folder / "self.pem"),
                    **{name: other.url for name in names}}}
                auth = f'{{ kind = "bearer", token = {site.secret("token", TOKEN)} }}'
                is_trusted = tls is not self.authority.self_signed
                more = f'ca_file = "{self.authority.ca}"' if is_trusted else ""
                site.write_text(connection("forge", peer.url, auth, more=more)
                                + collector("tags", "forge"))
                report, done = site.outcome("tags")
                self.assertEqual(report["outcome"], "ok" if is_trusted else "transient", done)
                self.assertEqual(CREDENTIAL[False] in peer.everything(), is_trusted)
                self.assertNotIn(b"Basic", peer.everything())
                self.assertEqual(other.received, [])
                self.assertFalse(keys.exists(), "the keys of TLS were written")

    def test_beside_a_ca_file_the_authorities_of_the_system_count_for_nothing(self):
        system = self.folder / "certs"
        system.mkdir()
        name = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", self.authority.ca],
                              capture_output=True, text=True, check=True).stdout.strip()
        for name in (f"{name}.0", "ca-certificates.crt"):
            shutil.copy(self.authority.ca, system / name)
        as_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        other = f'ca_file = "{self.authority.folder / "self.pem"}"'
        for number, (more, outcome) in enumerate((("", "ok"), (other, "transient"))):
            with self.subTest(outcome), Peer(good(), self.authority.valid) as peer:
                site = HttpSite(self.folder / str(number))
                site.command = ["unshare", "--mount", *as_user, "sh", "-c",
                                'mount --bind "$0" /etc/ssl/certs && exec "$@"', str(system),
                                *site.command]
                auth = f'{{ kind = "bearer", token = {site.secret("token", TOKEN)} }}'
                site.write_text(connection("forge", peer.url, auth, more=more)
                                + collector("tags", "forge"))
                report, done = site.outcome("tags")
                self.assertEqual(report["outcome"], outcome, done)
                self.assertEqual(CREDENTIAL[False] in peer.everything(), outcome == "ok")

    def test_who_is_told_to_come_back_later_does_not_come_before(self):
        waits = {  # header: the wait in seconds that is believed
            "X: none": (30, 120), "Retry-After: -5": (30, 120), "Retry-After: soon": (30, 120),
            "Retry-After: 600": (590, 700), f"Retry-After: {later(600)}": (580, 700),
            f"Retry-After: {'9' * 30}": (3600, 8 * 86400),
            "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT": (3600, 8 * 86400)}
        names = [f"c{number}" for number in range(len(waits))]
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(Peer(always(answer(b"{}", header, status="429 Too Many"))))
                     for header in waits]
            site = self.site_of(zip(names, peers), every="1s").start()
            wait_for("each to have failed",
                     lambda: set(self.states(site).values()) == {"failing"})
            time.sleep(3)
            now = datetime.datetime.now(datetime.timezone.utc)
            for name, peer, (header, (least, most)) in zip(names, peers, waits.items()):
                with self.subTest(header):
                    self.assertEqual(len(peer.requests), 1)
                    found = site.status_of(name)["next_run"]
                    wait = (datetime.datetime.fromisoformat(found) - now).total_seconds()
                    self.assertTrue(least - 10 <= wait <= most, found)

    def test_an_etag_that_is_too_long_to_be_sent_back_is_not_kept(self):
        def script(talk, request):
            if len(request.head) > 8192:
                talk.send(answer(b"", status="431 Request Header Fields Too Large", kind=""))
            else:
                talk.send(answer(page(["v1"]), f'ETag: "{"e" * 20000}"'))

        with Peer(script) as peer:
            site = HttpSite(self.folder / "site")
            site.write_text(connection("forge", peer.url, '{ kind = "none" }')
                            + collector("tags", "forge", "conditional"))
            for _ in range(2):
                report, done = site.outcome("tags")
                self.assertEqual(report["outcome"], "ok", done)

    def test_bad_peers_of_one_daemon_hurt_their_own_runs_only(self):
        names = [f"c{number}" for number in range(len(TOGETHER))]
        with contextlib.ExitStack() as stack:
            other = stack.enter_context(Peer())
            peers = [stack.enter_context(Peer(good())) for _ in names]
            well = stack.enter_context(Peer(good()))
            site = self.site_of(zip([*names, "good"], [*peers, well]))
            site.start()
            self.assertEqual({self.ask(site, name)["outcome"] for name in names}, {"ok"})
            for peer, case in zip(peers, TOGETHER):
                does = CASES[case].does
                peer.script = lambda talk, request, does=does: does(talk, request, other)
            before, slowest = self.good_runs(site), 0
            with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
                asked = [pool.submit(self.ask, site, name) for name in names]
                while not all(each.done() for each in asked):
                    began = time.monotonic()
                    self.assertEqual(site.get("/readyz")[0], 200)
                    self.assertEqual(site.get("/metrics")[0], 200)
                    slowest = max(slowest, time.monotonic() - began)
            self.assertLess(slowest, 5)  # of both; the floods come from this very process
            for case, each in zip(TOGETHER, asked):
                with self.subTest(case):
                    self.assertRegex(each.result()["outcome"], f"^({CASES[case].outcome})$")
                    self.assertRegex(each.result()["message"], CASES[case].says)
            wait_for("the good one to go on", lambda: self.good_runs(site) >= before + 2)
            self.assertEqual(
                site.sample("baselined_collector_consecutive_failures", collector="good"), 0)
            for name in names:  # what failed longest ago may be tried again by now
                self.assertGreater(site.sample("baselined_collector_consecutive_failures",
                                               collector=name), 0)
            self.assertEqual(other.received, [])
            status = pathlib.Path(f"/proc/{site.daemon.pid}/status").read_text()
            peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
            self.assertTrue(IS_SANITIZED or peak_kib < PEAK_KIB, status)
            self.assertNotIn(TOKEN, site.clean_metrics())
            for peer in peers:
                peer.script = good([*NAMES, "v5"])
            self.assertEqual({self.ask(site, name)["outcome"] for name in names}, {"ok"})
            self.assertEqual(site.stop(), 0)

    def site_of(self, peers, every="300h"):
        """A site with a collector and a connection for each of these names and peers."""
        site = HttpSite(self.folder / "together")
        self.sites.append(site)
        auth = f'{{ kind = "bearer", token = {site.secret("token", TOKEN)} }}'
        site.write_text("".join(
            connection(name, peer.url, auth, more="max_response_mib = 16")
            + collector(name, name, timeout="9s", every="1s" if name == "good" else every)
            for name, peer in peers))
        return site

    @staticmethod
    def ask(site, name):
        *_, report = site.ask(name)
        return report

    @staticmethod
    def good_runs(site):
        return site.sample("baselined_collector_runs_total", collector="good", outcome="ok") or 0

    @staticmethod
    def states(site):
        return {each["name"]: each["state"] for each in site.json("status")["collectors"]}


if __name__ == "__main__":
    unittest.main()
