"""Secrets that a hostile source sends back, and a plugin that puts what it gets wherever it can: no
byte of them may be left anywhere, in any form that they could have been written in."""
import base64
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import resource
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import unittest

from canary import Scanner, forms_of, memory_of
from harness import DEADLINE, IntegrationTest, wait_for, workers_of
from http_site import IS_SANITIZED, HttpSite, collector, connection
from peer import Peer, answer

KINDS = ("bearer", "plain", "basic", "header", "oauth2", "aws")
# With what base64 and URLs write otherwise, upper and lower case, and long enough to be cut.
SECRETS = {name: f"Canary-{name.replace(' ', '-')}/+={secrets.token_urlsafe(24)}&%Z"
           for name in ("bearer", "basic", "header", "oauth2 client", "oauth2 access", "aws key",
                        "aws secret", "aws session")}
# One that can be the name of a host or a header too.
SECRETS["plain"] = "CanaryPlain" + secrets.token_hex(12) + "Zz"

MARK = b"what-came-before-the-secrets"  # where this is, the answer was


def secrets_of(kind):
    return [secret for name, secret in SECRETS.items() if name.split()[0] == kind]


def without_controls(data):
    return data.replace(b"\r", b"").replace(b"\n", b"")


class Echo:
    """A source that knows the secrets of a connection and sends them back, in the way that the path
    names: /KIND/WAY. What asks for /KIND/echo?part=second waits until `is_released`."""

    def __init__(self):
        self.is_released = threading.Event()
        self.waiting = set()  # kinds

    def __call__(self, talk, request):
        _, kind, way, *_ = [*request.target.split("?")[0].split("/"), ""]
        known = " ".join(secrets_of(kind)) or "none"
        forms = b" ".join(form for secret in secrets_of(kind)
                          for name, form in forms_of(secret).items()
                          if name.split()[0] in ("raw", "hex", "HEX", "base64", "base64url", "URL",
                                                 "url", "form", "JSON"))
        sent = " ".join(request.header(name) for name in
                        ("authorization", "x-token", "x-amz-security-token"))
        whole = forms + b" " + sent.encode() + b" " + base64.b64encode(known.encode())
        quoted = forms_of(secrets_of(kind)[0])["URL"].decode() if secrets_of(kind) else ""
        if request.target.endswith("?part=second"):
            if way == "echo":
                self.waiting.add(kind)
                self.is_released.wait(3 * DEADLINE)
            way = "error"
        ways = self.ways(kind, known, whole, quoted)
        talk.send(ways.get(way, ways["error"]))

    @staticmethod
    def ways(kind, known, whole, quoted):
        """What is answered in each way: with the secrets themselves, with all their forms, and with
        the first of them as a part of a URL."""
        host = known if known.isalnum() else known.encode().hex()
        text = without_controls(whole).decode("latin-1")
        parts = [text[at:at + 6000] for at in range(0, len(text), 6000)]
        token = SECRETS["oauth2 access"]
        return {
            "token": answer(f'{{"access_token":"{token}","expires_in":3600}}'.encode(),
                            f"X-Echo: {token}"),
            "refused-token": answer(
                b'{"error":"' + whole + b'","error_description":"' + whole + b'"}',
                status=f"400 {known}"),
            "echo": answer(
                b'{"' + MARK + b'":"' + whole + b'"}', f'ETag: "{known}"',
                f"Last-Modified: {known}", f"Location: /{quoted}",
                f"WWW-Authenticate: Basic {known}", f"Set-Cookie: a={known}",
                f"Link: <{quoted}>; rel=prev", f"{quoted}: {known}",
                *(f"X-Echo: {part}" for part in parts), status=f"200 {known}"),
            "error": answer(b"<h1>Not found</h1>" + whole, f"X-Echo: {known}", kind="text/html",
                            status=f"404 {known}"),
            "status": answer(whole, status=f"500 {known}"),
            "type": answer(whole, kind=known),
            "long-type": answer(whole, kind="x" * 40 + known),
            "401": answer(whole, f'WWW-Authenticate: Bearer realm="{known}"',
                          status=f"401 {known}"),
            "429": answer(whole, f"Retry-After: {known}", f"X-RateLimit-Remaining: {known}",
                          status=f"429 {known}"),
            "redirect": answer(whole, f"Location: http://{quoted}.example/{quoted}",
                               status="302 Found"),
            "redirect-host": answer(whole, f"Location: http://{host}.example/", status="302 Found"),
            "redirect-here": answer(whole, f"Location: /{kind}/error/{quoted}?{quoted}",
                                    status="302 Found"),
            "link": answer(b'{"items":[]}', f'Link: </error/{quoted}>; rel="next"'),
            "link-away": answer(b'{"items":[]}',
                                f'Link: <http://{quoted}.example/{quoted}>; rel="next"'),
            "garbage": f"HTTP/1.1 {known}\r\n\r\n".encode() + whole,
            "length": answer(whole, f"Content-Length: {known}"),
            "encoding": answer(whole, f"Content-Encoding: {known}"),
            "transfer": answer(whole, f"Transfer-Encoding: {known}"),
            "chunk": answer(known.encode() + b"\r\n" + whole, "Transfer-Encoding: chunked"),
            "header-name": answer(whole, f"{quoted}: 1", f"X: {quoted}"),
        }


WAYS = sorted(set(Echo.ways("", "", b"", "")) - {"token", "refused-token"})


class Canary(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.scanner = Scanner(SECRETS)
        self.cores = self.folder / "cores"
        self.cores.mkdir()
        self.site = HttpSite(self.folder / "site")
        self.sites.append(self.site)
        self.site.log_level = "debug"
        self.spoken = {}  # all that a command printed
        self.echo = Echo()

    # ---- the scanner itself -------------------------------------------------------------------

    def test_the_scanner_finds_what_is_planted_in_every_form_and_place(self):
        for name, secret in SECRETS.items():
            for form, data in forms_of(secret).items():
                with self.subTest(f"{name} as {form}"):
                    self.assertTrue(self.scanner.hits(b"before " + data + b" after", "bytes"))
            for before in range(3):
                data = base64.b64encode(b"x" * before + secret.encode() + b"tail")
                self.assertTrue(self.scanner.hits(data, "bytes"))
            self.assertTrue(self.scanner.hits(secret[5:30].encode(), "a part"))
        for nothing in (b"", b"Canary-bearer", os.urandom(100_000)):
            self.assertEqual(self.scanner.hits(nothing, "bytes"), [])

    def test_the_scanner_finds_what_is_planted_in_a_database_and_in_a_name(self):
        with contextlib.closing(sqlite3.connect(self.folder / "a.db")) as database:
            database.execute("CREATE TABLE a (b TEXT)")
            database.execute("INSERT INTO a VALUES (?)", (SECRETS["basic"],))
            database.commit()
        self.assertTrue(self.scanner.hits_in_folder(self.folder))
        (self.folder / "a.db").unlink()
        self.assertEqual(self.scanner.hits_in_folder(self.folder), [])
        (self.folder / SECRETS["basic"].encode().hex()[:200]).touch()
        self.assertTrue(self.scanner.hits_in_folder(self.folder))

    def sleeper(self, program, *arguments, **how):
        """A process that is ready, and waits."""
        process = subprocess.Popen(
            [sys.executable, "-c", program + "\nprint(flush=True)\nsys.stdin.read()", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        process.stdout.readline()
        return process

    def test_the_scanner_finds_what_is_planted_in_a_process(self):
        secret = SECRETS["header"]
        for what, arguments, environment in (("cmdline", [secret], {}),
                                             ("environ", [], {"A": secret})):
            process = self.sleeper("import sys", *arguments, env={**os.environ, **environment})
            self.assertTrue(any(hit.startswith(what) for hit in
                                self.scanner.hits_in_process(process.pid, False)))
        program = f"import sys\na = bytes.fromhex({secret[::-1].encode().hex()!r})[::-1]"
        process = self.sleeper(program)
        self.assertEqual(self.scanner.hits_in_process(process.pid, False), [])
        self.assertTrue(any("header as raw" in hit for hit in
                            self.scanner.hits_in_process(process.pid, True)))

    def test_the_scanner_finds_what_is_planted_in_a_core(self):
        if not self.leaves_cores():
            self.skipTest("this kernel hands cores to a program")
        secret = SECRETS["header"]
        process = self.sleeper(
            f"import sys\na = bytes.fromhex({secret[::-1].encode().hex()!r})[::-1]", **self.dumps())
        process.send_signal(signal.SIGABRT)
        process.wait(DEADLINE)
        self.assertTrue(self.scanner.hits_in_folder(self.cores))

    # ---- a configuration that is wrong --------------------------------------------------------

    def test_a_secret_in_the_wrong_place_of_the_configuration_is_not_repeated(self):
        secret = SECRETS["plain"]
        file = self.site.secret("plain", secret)
        (self.site.folder / "several-lines").write_text(f"{secret}\n{secret}\n")
        several = f'{{ file = "{self.site.folder}/several-lines" }}'
        url = "https://source.example"
        for wrong in (
                connection("a", url, f'{{ kind = "bearer", token = "{secret}" }}'),
                connection("a", url, f'{{ kind = "bearer", token = {{ file = "{secret}" }} }}'),
                connection("a", url, f'{{ kind = "bearer", token = {{ env = "{secret}" }} }}'),
                connection("a", url,
                           f'{{ kind = "bearer", token = {{ credential = "/{secret}" }} }}'),
                connection("a", url, f'{{ kind = "bearer", token = ["{secret}"] }}'),
                connection("a", url, f'{{ kind = "bearer", password = "{secret}" }}'),
                connection("a", url, f'{{ kind = "{secret}" }}'),
                connection("a", url, f'"{secret}"'),
                connection("a", url, f'{{ kind = "bearer", token = "{secret} }}'),
                connection("a", f"https://me:{secret}@source.example", '{ kind = "none" }'),
                connection("a", f"https://{secret}@source.example", '{ kind = "none" }'),
                connection("a", f"{url}/?token={secret}", '{ kind = "none" }'),
                connection("a", url, '{ kind = "none" }', more=f'proxy = "http://a:{secret}@b"'),
                connection("a", url, '{ kind = "none" }', more=f'client_key = "{secret}"'),
                connection("a", url, f'{{ kind = "bearer", token = {file}, extra = "{secret}" }}'),
                connection("a", url, f'{{ kind = "bearer", token = {several} }}')
                + collector("a", "a")):
            with self.subTest(wrong.replace(secret, "SECRET")):
                self.site.write_text(wrong)
                done = self.site.measured("check")
                said = (done.stdout + done.stderr).encode()
                self.assertEqual(self.scanner.hits(said, "check"), [], said)

    # ---- what this test does with cores -------------------------------------------------------

    @staticmethod
    def leaves_cores():
        """Does a process that is killed leave its core where it was started?"""
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
        return not pattern.startswith(("|", "/"))

    def dumps(self):
        """For subprocess: cores are on, and come into the folder of this test."""
        def limit():
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

        return {"cwd": self.cores, "preexec_fn": limit}

    # ---- the site -----------------------------------------------------------------------------

    def configure(self, url):
        names = {name: self.site.secret(name.replace(" ", "-"), value)
                 for name, value in SECRETS.items()}
        oauth2 = (f'{{ kind = "oauth2_client_credentials", token_url = "{url}/oauth2/%s", '
                  f'client_id = "me", client_secret = {names["oauth2 client"]} }}')
        auths = {
            "bearer": f'{{ kind = "bearer", token = {names["bearer"]} }}',
            "plain": f'{{ kind = "bearer", token = {names["plain"]} }}',
            "basic": f'{{ kind = "basic", user = "me", password = {names["basic"]} }}',
            "header": f'{{ kind = "header", header = "X-Token", value = {names["header"]} }}',
            "oauth2": oauth2 % "token",
            "aws": f'{{ kind = "aws_sigv4", region = "eu-west-1", service = "execute-api", '
                   f'access_key_id = {names["aws key"]}, '
                   f'secret_access_key = {names["aws secret"]}, '
                   f'session_token = {names["aws session"]} }}'}
        blocks = connection("refused", f"{url}/oauth2", oauth2 % "refused-token")
        blocks += collector("refused", "refused", "echo", "/echo")
        for kind, way in itertools.product(auths, WAYS):
            name = f"{kind}_{way}"  # each with its own connection: a 429 stops all of a connection
            blocks += connection(name, f"{url}/{kind}", auths[kind])
            blocks += collector(name, name, "link" if way.startswith("link") else "echo", f"/{way}",
                                timeout="5m" if way == "echo" else "3s")
        self.site.write_text(blocks)

    def collectors(self):
        return ["refused", *(f"{kind}_{way}" for kind in KINDS for way in WAYS)]

    def say(self, *arguments):
        """Runs a command and keeps what it prints."""
        done = self.site.measured(*arguments)
        self.spoken[" ".join(arguments)] = done
        return done

    def start(self):
        self.site.start(**self.dumps())

    def no_hits(self, when):
        found = self.scanner.hits_in_folder(self.site.state)
        found += self.scanner.hits_in_folder(self.cores)
        found += self.scanner.hits(self.site.log.read_bytes(), "the log")
        for name, done in self.spoken.items():
            found += self.scanner.hits(done.stdout.encode(), f"stdout of {name}")
            found += self.scanner.hits(done.stderr.encode(), f"stderr of {name}")
        with self.subTest(when):
            self.assertEqual(found, [], "\n".join([str(len(found)), *map(str, found)]))

    # ---- the test -----------------------------------------------------------------------------

    def test_no_secret_that_a_source_sends_back_is_left_anywhere(self):
        with Peer(self.echo) as peer:
            self.addCleanup(self.echo.is_released.set)
            self.configure(peer.url)
            self.start()
            self.attack_the_daemon()
            self.no_hits("while the daemon runs")
            self.site.daemon.send_signal(signal.SIGSEGV)
            self.site.daemon.wait(DEADLINE)
            self.site.daemon = None
            self.no_hits("after the end of the daemon")
            for way in WAYS:
                self.say("collect", f"bearer_{way}")
            for kind in KINDS:
                self.say("collect", f"{kind}_echo", "--dry-run")
                self.say("collect", f"{kind}_echo", "--record", str(self.site.state / kind))
            self.say("status")
            self.no_hits("after commands without a daemon")
            self.it_was_an_attack(peer)

    def attack_the_daemon(self):
        waits = [name for name in self.collectors() if name.endswith("_echo")]
        with concurrent.futures.ThreadPoolExecutor(len(waits)) as waiting, \
                concurrent.futures.ThreadPoolExecutor(4) as asking:
            said = [(waiting if name in waits else asking).submit(
                self.say, "collect", name, "--json") for name in self.collectors()]
            wait_for("a worker of each kind to wait", lambda: self.echo.waiting == set(KINDS))
            self.look_into_processes()
            self.echo.is_released.set()
            for each in said:
                each.result()
        for path in ("/metrics", "/status"):
            with self.subTest(path):
                page = self.site.get(path)[1]
                self.assertTrue(page)
                self.assertEqual(self.scanner.hits(page.encode(), path), [])
        for command in (["status"], ["status", "--json"], ["check"], ["store", "info"]):
            self.say(*command)

    def look_into_processes(self):
        pid = self.site.daemon.pid
        found = self.scanner.hits_in_process(pid, False)
        victims = workers_of(pid)
        self.assertGreaterEqual(len(victims), len(KINDS))
        is_root, marks = os.geteuid() == 0, 0
        for worker in victims:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += self.scanner.hits_in_process(worker, is_root)
                marks += is_root and any(MARK in data for _, data in memory_of(worker))
        if is_root and not IS_SANITIZED:  # whose heap may stand in one huge mapping
            self.assertGreaterEqual(marks, len(KINDS))
            # Who has them: the scanner would find them here.
            self.assertTrue(self.scanner.hits_in_process(pid, True))
        with self.subTest("processes"):
            self.assertEqual(found, [], "\n".join(found))
        for number, worker in enumerate(victims):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, (signal.SIGKILL, signal.SIGABRT, signal.SIGCONT)[number % 3])

    def it_was_an_attack(self, peer):
        """Each secret that is sent was sent, and something was stored."""
        everything = peer.everything()
        for kind in ("bearer", "header", "oauth2 access"):
            self.assertIn(SECRETS[kind].encode(), everything, kind)
        self.assertIn(base64.b64encode(f"me:{SECRETS['basic']}".encode()), everything)
        for way in WAYS:
            self.assertIn(f" /bearer/{way}".encode(), everything)
        self.assertGreater(len(self.site.names("record_ref_1", "name")), 0)
        for name in self.collectors():
            report = self.spoken[f"collect {name} --json"].stdout
            self.assertIn('"outcome"', report, name)
            self.assertNotIn('"outcome": "config"', report, name)


if __name__ == "__main__":
    unittest.main()
