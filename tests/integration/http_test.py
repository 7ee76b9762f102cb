"""A collector over HTTP: from a connection of the configuration to rows, metrics and cassettes."""
import contextlib
import datetime
import http.server
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import BUILD, IntegrationTest, free_port, wait_for
from peer import Authority

PLUGINS = BUILD / "tests" / "integration" / "plugins"
TOKEN = "canary-0123456789"


def sha(number):
    return f"{number:040x}"


class Source(http.server.ThreadingHTTPServer):
    """Tags in pages of two, for whoever knows the token. It remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = TOKEN
        self.tags = [f"v{number}" for number in range(5)]
        self.statuses = []  # of the next answers, before the right ones
        self.asked = []     # (path, headers)
        self.when_asked = lambda: None
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def end(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"),
                            ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        source = self.server
        source.asked.append((self.path, dict(self.headers)))
        source.when_asked()
        if self.headers.get("Authorization") != f"Bearer {source.token}":
            return self.answer(401)
        if source.statuses:
            status, *headers = source.statuses.pop(0)
            return self.answer(status, b"{}", headers)
        page = int(self.path.partition("page=")[2] or 1)
        etag = f'"{len(source.tags)}"'
        if self.headers.get("If-None-Match") == etag:
            return self.answer(304)
        items = [{"name": name, "sha": sha(number)} for number, name in enumerate(source.tags)]
        body = {"items": items[2 * page - 2:2 * page], "next": "", "total": len(items)}
        headers = [("ETag", etag), ("RateLimit-Remaining", "41")]
        if 2 * page < len(items):
            headers.append(("Link", f'<{source.url}/tags?page={page + 1}>; rel="next"'))
        return self.answer(200, json.dumps(body).encode(), headers)


class Http(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source = Source()
        self.addCleanup(self.source.end)
        self.token = self.folder / "token"
        self.write_token(TOKEN)

    def write_token(self, token):
        new = self.token.with_suffix(".new")
        new.touch(0o600)
        new.write_text(token + "\n")
        new.replace(self.token)

    def http_site(self, connection="", collector="", options='path = "/tags"', every="300h"):
        site = self.site([])
        site.config.write_text(f"""
[daemon]
state_dir   = "{site.state}"
plugin_dirs = ["{PLUGINS}"]
[web]
listen = "127.0.0.1:0"
[[connection]]
name = "forge"
base_url = "{self.source.url}"
allow_http = true
allow_networks = ["127.0.0.1/32"]
auth = {{ kind = "bearer", token = {{ file = "{self.token}" }} }}
{connection}
[[collector]]
name = "tags"
plugin = "http_plugin"
allow = ["http"]
connection = "forge"
every = "{every}"
options = {{ {options} }}
{collector}
""")
        return site

    def outcome(self, site, *arguments):
        return json.loads(site.run("collect", "tags", "--json", *arguments, check=False).stdout)

    def reason(self, site):
        """Why the collector waits. /status has it a moment after the metrics."""
        return wait_for("the status to say why",
                        lambda: json.loads(site.get("/status")[1])["collectors"][0]["reason"])

    def stored(self, site):
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            return [name for name, in database.execute("SELECT name FROM view_ref_1 ORDER BY 1")]

    def test_pages_become_rows_with_the_credential_that_the_plugin_never_had(self):
        site = self.http_site()
        self.assertEqual(self.outcome(site)["outcome"], "ok")
        self.assertEqual(self.stored(site), self.source.tags)
        self.assertEqual([path for path, _ in self.source.asked],
                         ["/tags", "/tags?page=2", "/tags?page=3"])
        for _, headers in self.source.asked:
            self.assertEqual(headers["Authorization"], f"Bearer {TOKEN}")
            self.assertIn("baselined/", headers["User-Agent"])

    def test_what_did_not_change_is_not_sent_again_and_its_rows_stay(self):
        site = self.http_site(options='path = "/tags", mode = "conditional"')
        self.assertEqual(self.outcome(site)["inserted"], 2)
        self.assertNotIn("If-None-Match", self.source.asked[-1][1])
        again = self.outcome(site)
        self.assertEqual((again["outcome"], again["rows"]), ("ok", {"ref/1": 0}))
        self.assertEqual(self.source.asked[-1][1]["If-None-Match"], '"5"')
        self.assertEqual(len(self.stored(site)), 2)
        self.assertEqual(self.outcome(site, "--full")["unchanged"], 2)
        self.assertNotIn("If-None-Match", self.source.asked[-1][1])

    def test_a_source_that_moved_and_options_that_changed_are_asked_for_everything(self):
        options = 'path = "/tags", mode = "conditional"'
        site = self.http_site(options=options)
        self.outcome(site)
        other = Source()
        self.addCleanup(other.end)
        other.tags = [f"w{number}" for number in range(5)]  # its ETag is the same by chance
        site.config.write_text(site.config.read_text().replace(self.source.url, other.url))
        self.assertEqual(self.outcome(site)["inserted"], 2)
        self.assertNotIn("If-None-Match", other.asked[-1][1])
        self.assertEqual(self.stored(site), ["v0", "v1", "w0", "w1"])
        site.config.write_text(site.config.read_text().replace('"conditional"', '"echo"'))
        self.outcome(site)
        self.assertNotIn("If-None-Match", other.asked[1][1])

    def test_a_collector_whose_credential_is_refused_runs_again_when_there_is_another_one(self):
        self.write_token("expired-0123")
        site = self.http_site().start()
        wait_for("the credential to be refused", lambda: site.sample(
            "baselined_collector_parked", collector="tags", reason="auth") == 1)
        self.assertIn("HTTP 401", self.reason(site))
        status = json.loads(site.get("/status")[1])["collectors"][0]
        self.assertEqual(status["state"], "parked")
        asked = len(self.source.asked)
        time.sleep(6)  # longer than it takes to look at the file
        self.assertEqual(len(self.source.asked), asked, "nothing is asked with what was refused")
        self.write_token(TOKEN)
        wait_for("a run with the other credential", lambda: site.sample(
            "baselined_collector_runs_total", collector="tags", outcome="ok"))
        self.assertEqual(site.sample("baselined_collector_parked", collector="tags",
                                     reason="auth"), 0)

    def test_a_secret_that_is_not_there_yet_is_waited_for(self):
        self.token.unlink()
        site = self.http_site().start()
        wait_for("the secret to be missed", lambda: site.sample(
            "baselined_collector_parked", collector="tags", reason="auth") == 1)
        self.assertIn(str(self.token), self.reason(site))
        self.write_token(TOKEN)
        wait_for("a run with it", lambda: site.sample(
            "baselined_collector_runs_total", collector="tags", outcome="ok"))

    def test_metrics_tell_what_a_connection_came_to(self):
        site = self.http_site().start()
        wait_for("a run", lambda: site.sample("baselined_collector_runs_total", collector="tags",
                                              outcome="ok"))
        for name, labels, value in (
                ("requests_total", {"status": "2xx"}, 3), ("requests_total", {"status": "5xx"}, 0),
                ("requests_total", {"status": "none"}, 0), ("retries_total", {}, 0),
                ("requests_in_flight", {}, 0), ("ratelimit_remaining", {}, 41)):
            self.assertEqual(site.sample(f"baselined_connection_{name}", connection="forge",
                                         **labels), value, name)
        for name in ("received_bytes_total", "request_seconds_total"):
            self.assertGreater(site.sample(f"baselined_connection_{name}", connection="forge"), 0)
        site.clean_metrics()

    def test_a_source_that_fails_for_a_moment_is_asked_again(self):
        self.source.statuses = [(503,), (502,)]
        self.assertEqual(self.outcome(self.http_site())["outcome"], "ok")

    def test_an_answer_that_came_while_the_daemon_was_stopped_is_taken(self):
        site = self.http_site(connection='timeout = "4s"')

        def stop():  # past half of the timeout, in which an answer has to begin
            self.source.when_asked = lambda: None
            time.sleep(1.2)
            site.daemon.send_signal(signal.SIGSTOP)
            threading.Timer(1.5, site.daemon.send_signal, [signal.SIGCONT]).start()

        self.source.when_asked = stop
        site.start()
        wait_for("the run", lambda: site.sample("baselined_collector_runs_total",
                                                collector="tags", outcome="ok"))
        pages = [path for path, _ in self.source.asked]
        self.assertEqual(len(pages), len(set(pages)), pages)

    def test_a_source_that_asks_for_more_time_than_there_is_fails_the_run_and_says_until_when(self):
        self.source.statuses = [(429, ("Retry-After", "3600"))]
        site = self.http_site().start()
        wait_for("the run to be put off", lambda: site.sample(
            "baselined_collector_runs_total", collector="tags", outcome="rate_limited"))
        self.assertIn("HTTP 429", self.reason(site))
        blocked = site.sample("baselined_connection_blocked_until_timestamp_seconds",
                              connection="forge")
        self.assertAlmostEqual(blocked, time.time() + 3600, delta=60)

    def test_a_run_that_waits_for_its_source_says_so(self):
        self.source.statuses = [(429, ("Retry-After", "6"))]
        site = self.http_site().start()
        wait_for("the wait to be told", lambda: re.search(
            rf"connection forge: GET {self.source.url}/tags: HTTP 429.*; asked again in 6s",
            site.log.read_text()))
        wait_for("the run", lambda: site.sample("baselined_collector_runs_total",
                                                collector="tags", outcome="ok"))

    def test_a_source_that_speaks_http_2_alone_is_understood(self):
        folder = self.folder / "h2"
        authority = Authority(folder)
        items = [{"name": name, "sha": sha(number)} for number, name in enumerate(self.source.tags)]
        (folder / "tags.json").write_text(json.dumps({"items": items, "next": "", "total": 5}))
        types = folder / "mime.types"
        types.write_text("application/json json\n")
        port = free_port()
        server = subprocess.Popen(
            ["nghttpd", "--address=127.0.0.1", f"--htdocs={folder}", f"--mime-types-file={types}",
             str(port), str(folder / "valid.key"), str(folder / "valid.pem")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        site = self.http_site(connection=f'ca_file = "{authority.ca}"',
                              options='path = "/tags.json"')
        site.config.write_text(site.config.read_text().replace(
            self.source.url, f"https://127.0.0.1:{port}"))
        wait_for("nghttpd to listen", lambda: self.outcome(site)["outcome"] == "ok")
        self.assertEqual(self.stored(site), self.source.tags)

    def test_requests_of_one_run_have_a_limit_that_its_message_names(self):
        site = self.http_site(collector="limits = { requests = 2 }")
        outcome = self.outcome(site)
        self.assertEqual(outcome["outcome"], "limit")
        self.assertIn("set requests in [collector.limits] of collector tags", outcome["message"])
        self.assertEqual(len(self.source.asked), 2)
        self.assertEqual(self.stored(site), [])

    def test_a_reload_changes_where_a_connection_leads(self):
        site = self.http_site(every="1s").start()
        wait_for("a run", lambda: self.source.asked)
        other = Source()
        self.addCleanup(other.end)
        site.config.write_text(site.config.read_text().replace(self.source.url, other.url))
        site.daemon.send_signal(1)
        wait_for("the other source to be asked", lambda: other.asked)

    def test_a_state_directory_that_goes_during_a_run_is_looked_for_again_in_seconds(self):
        site = self.http_site()
        away = site.folder / "away"

        def move():
            self.source.when_asked = lambda: None
            site.state.rename(away)

        self.source.when_asked = move
        site.start()
        self.assertIn("was removed or replaced", self.reason(site))
        told, = json.loads(site.get("/status")[1])["collectors"]
        next_run = datetime.datetime.fromisoformat(told["next_run"].replace("Z", "+00:00"))
        self.assertLess(next_run.timestamp() - time.time(), 6)
        away.rename(site.state)
        wait_for("a run", lambda: site.sample("baselined_collector_runs_total", collector="tags",
                                              outcome="ok"))
        self.assertEqual(self.stored(site), self.source.tags)

    def test_environment_variables_lead_nowhere(self):
        site = self.http_site()
        elsewhere = {name: "http://127.0.0.1:9" for name in
                     ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")}
        site.how = {"env": {**os.environ, **elsewhere}}
        self.assertEqual(self.outcome(site)["outcome"], "ok")

    def test_what_was_recorded_is_replayed_without_the_source(self):
        site = self.http_site()
        tape = self.folder / "tape"
        recorded = site.run("collect", "tags", "--dry-run", "--record", str(tape)).stdout
        self.assertEqual(recorded.count("\n"), 5)
        asked = len(self.source.asked)
        self.assertEqual(site.run("collect", "tags", "--dry-run", "--replay", str(tape)).stdout,
                         recorded)
        self.assertEqual(self.outcome(site, "--replay", str(tape))["inserted"], 5)
        self.assertEqual(len(self.source.asked), asked)
        for file in tape.iterdir():
            self.assertNotIn(TOKEN, file.read_text())
            self.assertNotIn("uthorization", file.read_text())
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_a_replay_says_which_request_was_not_recorded_and_which_answer_was_not_asked_for(self):
        site = self.http_site()
        tape = self.folder / "tape"
        site.run("collect", "tags", "--dry-run", "--record", str(tape))
        config = site.config.read_text()
        site.config.write_text(config.replace('"/tags"', '"/tags", mode = "conditional"'))
        done = site.run("collect", "tags", "--dry-run", "--replay", str(tape), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 of the recorded exchanges were not asked for: 0002.json: GET ", done.stderr)
        site.config.write_text(config.replace('"/tags"', '"/other"'))
        done = site.run("collect", "tags", "--dry-run", "--replay", str(tape), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no answer to GET /other; expected next: GET /tags (0001.json)",
                      done.stderr)

    def test_a_recording_beside_a_daemon_stores_nothing_and_says_why_where_it_would(self):
        site = self.http_site().start()
        self.assertEqual(site.run("collect", "tags", "--dry-run", "--record",
                                  str(self.folder / "tape")).returncode, 0)
        done = site.run("collect", "tags", "--record", str(self.folder / "other"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"process \d+")


if __name__ == "__main__":
    unittest.main()
