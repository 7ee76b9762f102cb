"""The daemon while it starts: signals at every moment, and several that want the same state."""
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import unittest

from harness import BASELINED, DEADLINE, IntegrationTest, get, port_in, recent_history, wait_for

STEPS = 20  # moments of a sweep


class Start(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.repository = recent_history(self.folder / "shop")
        self.shop = self.site([self.repository.path])

    def moments(self):
        """Seconds after the start of a program, to one and a half times what a start takes here."""
        started = time.monotonic()
        self.shop.start()
        whole = time.monotonic() - started
        self.shop.collect()
        self.assertEqual(self.shop.stop(), 0)
        return [1.5 * whole * step / STEPS for step in range(STEPS + 1)]

    def begin(self, log, **variables):
        with log.open("w") as file:
            return subprocess.Popen([str(BASELINED), "run", "--config", str(self.shop.config)],
                                    stdout=file, stderr=file, env={**os.environ, **variables})

    def test_sigterm_at_any_moment_ends_it_cleanly(self):
        codes = set()
        for moment in self.moments():
            daemon = self.begin(self.shop.log)
            time.sleep(moment)
            daemon.terminate()
            codes.add(daemon.wait(DEADLINE))
        self.assertEqual(codes, {0, -signal.SIGTERM})  # before it can take the signal, and after
        self.assertEqual(self.shop.collect()["inserted"], 0)
        self.assertTrue(self.shop.json("store", "check")["ok"])

    def test_a_reload_that_is_asked_for_at_any_moment_is_not_lost(self):
        site = self.shop
        ended = 0
        for moment in self.moments():
            site.write([self.repository.path], 'deployment_tags = "v*"')
            site.daemon = self.begin(site.log)
            time.sleep(moment)
            site.write([self.repository.path], 'deployment_tags = "v2"')
            site.daemon.send_signal(signal.SIGHUP)
            wanted = hashlib.sha256(site.config.read_bytes()).hexdigest()
            wait_for(f"the reload that was asked for {moment} s after the start",
                     lambda: site.daemon.poll() is not None or self.hash_in_force(site) == wanted)
            if site.daemon.poll() is None:
                self.assertEqual(site.stop(), 0)
            else:  # before main() nothing can be done
                self.assertEqual(site.daemon.returncode, -signal.SIGHUP, site.log.read_text())
                ended += 1
                site.daemon = None
        self.assertLess(ended, STEPS / 2)

    def hash_in_force(self, site):
        port = port_in(site.log)
        body = get(f"http://127.0.0.1:{port}/status")[1] if port else ""
        return json.loads(body)["daemon"]["config_hash"] if body else None

    def test_a_hangup_does_not_end_it_once_main_has_begun(self):
        site = self.shop
        site.daemon = self.begin(site.log)
        wait_for("main()", lambda: self.holds_sighup(site.daemon.pid))
        while not port_in(site.log):
            site.daemon.send_signal(signal.SIGHUP)
            self.assertIsNone(site.daemon.poll(), site.log.read_text())
        self.assertEqual(site.stop(), 0)

    def holds_sighup(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            masks = dict(line.split(":") for line in file if line.startswith("Sig"))
        return any(int(masks[mask], 16) & 1 for mask in ("SigBlk", "SigCgt"))

    def test_a_service_manager_hears_that_it_is_ready_once_it_can_take_a_reload(self):
        site = self.shop
        for name in (str(self.folder / "notify"), f"@baselined-test-{os.getpid()}"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name.replace("@", "\0"))
                manager.settimeout(DEADLINE)
                site.daemon = self.begin(site.log, NOTIFY_SOCKET=name)
                self.assertEqual(manager.recv(100), b"READY=1")
                self.assertEqual(get(f"http://127.0.0.1:{port_in(site.log)}/livez")[0], 200)
                site.write([self.repository.path], f'deployment_tags = "{name[:1]}*"')
                site.daemon.send_signal(signal.SIGHUP)
                wanted = hashlib.sha256(site.config.read_bytes()).hexdigest()
                wait_for("the reload", lambda of=wanted: self.hash_in_force(site) == of)
                self.assertEqual(site.stop(), 0)

    def test_a_service_manager_that_does_not_listen_is_no_reason_to_end(self):
        for name in (str(self.folder / "nobody"), "x" * 200):
            self.shop.start(env={**os.environ, "NOTIFY_SOCKET": name})
            self.assertIn("NOTIFY_SOCKET=" + name, self.shop.log.read_text())
            self.assertEqual(self.shop.stop(), 0)

    def test_a_service_manager_that_is_busy_hears_it_later(self):
        name = str(self.folder / "notify")
        with (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
              socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others):
            manager.bind(name)
            manager.settimeout(DEADLINE)
            others.setblocking(False)
            waiting = 0
            with contextlib.suppress(BlockingIOError):
                while others.sendto(b"STATUS=busy", name):
                    waiting += 1
            self.shop.daemon = self.begin(self.shop.log, NOTIFY_SOCKET=name)
            wait_for("the start", lambda: port_in(self.shop.log))
            time.sleep(0.2)  # it may have been just about to say it
            self.shop.daemon.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            for _ in range(waiting):
                self.assertEqual(manager.recv(100), b"STATUS=busy")
            self.assertEqual(manager.recv(100), b"READY=1")
        self.assertEqual(self.shop.stop(), 0)

    def test_of_two_that_start_at_the_same_moment_exactly_one_lives(self):
        for turn in range(20):
            logs = [self.folder / f"log{number}" for number in range(2)]
            both = [self.begin(log) for log in logs]
            try:
                loser = wait_for("one to give up",
                                 lambda both=both: next((each for each in both
                                                         if each.poll() is not None), None))
                winner, = (each for each in both if each is not loser)
                said = logs[both.index(loser)].read_text()
                self.assertEqual(loser.returncode, 1, said)
                self.assertIn("a running daemon, or a command that writes", said)
                log = logs[both.index(winner)]
                port = wait_for("the other one to listen", lambda log=log: port_in(log))
                self.assertEqual(get(f"http://127.0.0.1:{port}/livez")[0], 200, turn)
                winner.terminate()
                self.assertEqual(winner.wait(DEADLINE), 0)
            finally:
                for each in both:
                    each.kill()
                    each.wait()
        self.assertTrue(self.shop.json("store", "check")["ok"])


if __name__ == "__main__":
    unittest.main()
