"""The daemon as an operator and a Prometheus meet it: start, reload, requests, stop, crash."""
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import unittest

from harness import (BASELINED, DEADLINE, FULL, GitRepository, IntegrationTest, recent_history, wait_for,
                     workers_of)


def wait_for_numbers(site):
    """They are computed after the run is counted and answered."""
    wait_for("the numbers", lambda: "baselined_dora_commit_lead_time_seconds{" in
             site.get("/metrics")[1])


class Daemon(IntegrationTest):
    def started(self, **options):
        self.repository = recent_history(self.folder / "shop")
        return self.site([self.repository.path], **options).start()

    def test_it_collects_by_itself_and_shows_the_numbers(self):
        site = self.started()
        wait_for("the first scheduled run",
                 lambda: 'baselined_kpi_sample_size{kpi="dora_commit_lead_time"' in
                 site.get("/metrics")[1])
        self.assertIn('outcome="ok"', site.get("/metrics")[1])
        self.assertEqual(site.get("/livez")[0], 200)
        self.assertEqual(site.get("/nothing")[0], 404)
        status = json.loads(site.get("/status")[1])
        self.assertEqual(status["collectors"][0]["name"], "code")

    def test_commands_go_through_the_running_daemon(self):
        site = self.started()
        self.assertEqual(site.collect()["outcome"], "ok")
        status = wait_for("the run in the status", lambda: self.success_in(site))
        self.assertEqual(status["plugin"], "git")
        self.assertEqual(status["state"], "waiting")
        self.assertIsNotNone(status["next_run"])
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 3)

    def success_in(self, site):
        collector = site.json("status")["collectors"][0]
        return collector if collector["last_success"] else None

    def test_it_ends_cleanly_on_sigterm_and_starts_again_with_everything(self):
        site = self.started()
        site.collect()
        self.assertEqual(site.stop(), 0)
        self.assertFalse((site.state / "control.sock").exists())
        self.assertEqual(site.json("store", "info")["records"]["commit/1"], 10)
        site.start()
        self.assertIn("baselined_dora_commit_lead_time_seconds{", site.get("/metrics")[1])

    def test_after_kill_9_a_new_one_goes_on(self):
        site = self.started()
        site.collect()
        site.stop(signal.SIGKILL)
        site.start()
        self.assertEqual(site.collect()["inserted"], 0)
        self.assertTrue(site.json("store", "check")["ok"])

    def damage(self, database, what):
        with database.open("r+b") as file:
            if what == "a damaged page":
                file.seek(3 * 4096)
                file.write(b"\xff" * 4096)
            elif what == "garbage":
                file.truncate(0)
                file.write(b"garbage " * 4096)
            else:
                file.truncate(database.stat().st_size // 2 // 4096 * 4096)

    def test_a_damaged_database_is_moved_aside_and_all_is_collected_again(self):
        site = self.started()
        site.collect()
        before = site.kpi("dora_deployment_frequency", "--window", "28d")["stats"]
        site.stop()
        for number, what in enumerate(("a damaged page", "garbage", "half the file"), 1):
            self.damage(site.state / "baselined.db", what)
            refused = site.run("kpi", check=False)
            self.assertEqual(refused.returncode, 1, what)
            self.assertIn("damaged", refused.stderr)
            site.start()
            self.assertIn("everything is collected again", site.log.read_text(), what)
            wait_for_numbers(site)
            self.assertEqual(site.kpi("dora_deployment_frequency", "--window", "28d")["stats"],
                             before, what)
            self.assertIn(f"\nbaselined_store_damaged_copies {number}\n", site.get("/metrics")[1])
            copies = site.json("store", "info")["damaged_copies"]
            self.assertEqual(len(copies), number)
            self.assertIn(copies[-1], site.run("store", "info").stdout)
            self.assertEqual(site.stop(), 0)
            self.next_second()

        # By now something damages it: another copy would only fill the disk.
        self.damage(site.state / "baselined.db", "garbage")
        refused = site.run("run", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("baselined.db.damaged-* are kept beside it already", refused.stderr)
        self.assertEqual((site.state / "baselined.db").read_bytes()[:8], b"garbage ")

    def next_second(self):
        """Copies are named by the second."""
        now = int(time.time())
        wait_for("the next second", lambda: int(time.time()) != now)

    def test_the_log_of_a_database_that_was_emptied_or_removed_is_moved_aside(self):
        site = self.started()
        site.collect()
        database = site.state / "baselined.db"
        for number, (what, how) in enumerate((("was emptied", lambda: os.truncate(database, 0)),
                                              ("is missing", database.unlink)), 1):
            site.stop(signal.SIGKILL)
            log = (site.state / "baselined.db-wal").read_bytes()
            how()
            self.next_second()
            site.start()
            self.assertIn(f"baselined.db {what}, and its write-ahead log is still there",
                          site.log.read_text())
            wait_for_numbers(site)
            lost = site.json("store", "info")["lost_logs"]
            self.assertEqual(len(lost), number, what)
            with open(lost[-1], "rb") as file:
                self.assertEqual(file.read(), log)
        self.assertEqual(site.json("store", "info")["damaged_copies"], [])
        self.assertEqual(site.stop(), 0)
        self.assertTrue(site.json("store", "check")["ok"])

    def test_a_state_directory_that_vanishes_is_told_and_nothing_goes_into_a_lost_file(self):
        site = self.started()
        self.assertEqual(site.collect()["outcome"], "ok")
        wait_for_numbers(site)
        (site.state / "baselined.db").rename(site.state / "elsewhere.db")
        self.repository.commit(int(time.time()) - 3600)
        lost = json.loads(site.run("collect", "code", "--json", check=False).stdout)
        self.assertEqual(lost["outcome"], "transient")
        self.assertIn("was removed or replaced", lost["message"])
        told, = site.json("status")["collectors"]
        self.assertEqual((told["state"], told["reason"]), ("failing", lost["message"]))
        # A reader of another file in its place would tear at what it shares with the writer.
        refusals = lambda: site.sample("baselined_kpi_refresh_failures_total")
        so_far = refusals()
        shutil.copy(site.state / "elsewhere.db", site.state / "baselined.db")
        site.daemon.send_signal(signal.SIGHUP)
        wait_for("its refusal", lambda: refusals() > so_far)
        self.assertEqual(site.log.read_text().count("KPIs: "), 1)  # which is news once
        (site.state / "baselined.db").unlink()
        self.assertIn("baselined_dora_commit_lead_time_seconds{", site.get("/metrics")[1])
        (site.state / "elsewhere.db").rename(site.state / "baselined.db")
        self.assertEqual(site.collect()["inserted"], 2)  # the commit, the branch where it is now
        self.assertIsNone(site.json("status")["collectors"][0]["reason"])
        self.assertEqual(site.stop(), 0)

    def test_a_daemon_whose_control_socket_is_gone_is_not_said_to_be_gone(self):
        site = self.started()
        (site.state / "control.sock").unlink()
        self.assertIn(f"no daemon answers, but process {site.daemon.pid} writes to the database",
                      site.run("status").stdout)
        site.stop()
        self.assertIn("no daemon is running", site.run("status").stdout)

    def test_a_state_directory_that_comes_back_is_used_again_without_a_command(self):
        self.repository = recent_history(self.folder / "shop")
        site = self.site([self.repository.path])
        site.write([self.repository.path], 'deployment_tags = "v*"', every="1s")
        site.start()
        ran = lambda: site.sample("baselined_collector_runs_total", collector="code", outcome="ok")
        wait_for("a run", ran)
        wait_for_numbers(site)
        away = site.folder / "away"
        site.state.rename(away)
        told = wait_for("the status to tell", lambda: self.reason_in(site))
        self.assertIn("was removed or replaced", told)
        self.assertIn("baselined_dora_commit_lead_time_seconds{", site.get("/metrics")[1])
        self.repository.commit(int(time.time()) - 3600)
        before = ran()
        away.rename(site.state)
        wait_for("a run", lambda: ran() > before)
        wait_for("the commit", lambda: site.json("store", "info")["records"]["commit/1"] == 11)
        wait_for("the status to be well", lambda: self.reason_in(site) is None)
        self.assertEqual(site.stop(), 0)

    def reason_in(self, site):
        return json.loads(site.get("/status")[1])["collectors"][0]["reason"]

    def test_a_backup_is_restored_as_the_readme_says_and_goes_on_from_there(self):
        site = self.started()
        site.collect()
        database = site.state / "baselined.db"
        copy = self.folder / "copy.db"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
            reader.execute("VACUUM INTO ?", (str(copy),))
        self.repository.commit(int(time.time()) - 3600)
        site.collect()
        rows = site.json("store", "info")["records"]
        site.stop(signal.SIGKILL)
        copy.rename(database)
        for command in (("collect", "code"), ("kpi",), ("store", "info")):
            refused = site.run(*command, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("baselined.db-wal is the log of another database", refused.stderr)
        site.start()
        self.assertIn("the log was moved to", site.log.read_text())
        self.assertEqual(site.collect()["outcome"], "ok")
        self.assertEqual(site.stop(), 0)
        self.assertEqual(len(site.json("store", "info")["lost_logs"]), 1)
        self.assertEqual(site.json("store", "info")["records"], rows)
        self.assertTrue(site.json("store", "check")["ok"])

    def test_signals_that_come_together_end_it_too(self):
        site = self.started()
        for together in ((signal.SIGTERM, signal.SIGINT), (signal.SIGHUP, signal.SIGTERM),
                         (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)):
            if site.daemon is None:
                site.start()
            for signals in (signal.SIGSTOP, *together, signal.SIGCONT):
                site.daemon.send_signal(signals)
            self.assertEqual(site.daemon.wait(20), 0, together)
            site.daemon = None

    def test_a_reload_takes_a_new_mapping_and_refuses_a_wrong_one(self):
        site = self.started()
        site.collect()
        site.write([self.repository.path], 'deployment_branches = ["main"]')
        done = site.run("collect", "code", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("another configuration", done.stderr)

        site.daemon.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: "reload: 1 collectors" in site.log.read_text())
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 10)
        self.assertIn("baselined_config_last_reload_successful 1", site.get("/metrics")[1])

        site.write([self.repository.path], "deploymnet_tags = 1")
        site.daemon.send_signal(signal.SIGHUP)
        wait_for("the refusal", lambda: "going on with the old one" in site.log.read_text())
        self.assertIn("did you mean", site.log.read_text())
        self.assertEqual(site.get("/livez")[0], 200)
        self.assertIn("baselined_config_last_reload_successful 0", site.get("/metrics")[1])

    def test_a_reload_without_a_configuration_goes_on_with_the_old_one(self):
        site = self.started()
        away = site.config.with_suffix(".away")
        site.config.rename(away)
        site.daemon.send_signal(signal.SIGHUP)
        wait_for("the refusal", lambda: "going on with the old one" in site.log.read_text())
        self.assertIn(f"{site.config}: cannot be read: No such file", site.log.read_text())
        self.assertEqual(site.get("/livez")[0], 200)
        self.assertIn("baselined_config_last_reload_successful 0", site.get("/metrics")[1])
        away.rename(site.config)
        self.assertEqual(site.collect()["outcome"], "ok")
        site.daemon.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: "baselined_config_last_reload_successful 1" in
                 site.get("/metrics")[1])

    def test_a_storm_of_reloads_is_a_few(self):
        site = self.started()
        for _ in range(1000):
            site.daemon.send_signal(signal.SIGHUP)
        loads = wait_for("a reload", lambda: "reload: 1 collectors" in site.log.read_text()) - 1
        while loads != site.log.read_text().count("reload: 1 collectors"):
            loads = site.log.read_text().count("reload: 1 collectors")
            time.sleep(0.5)
        self.assertLess(loads, 200)
        self.assertEqual(site.stop(), 0)

    def test_a_second_daemon_on_the_same_state_is_refused(self):
        site = self.started()
        done = site.run("run", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(site.state), done.stderr)
        self.assertEqual(site.get("/livez")[0], 200)

    def test_a_port_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            repository = recent_history(self.folder / "shop")
            site = self.site([repository.path])
            site.write([repository.path], "", listen=f"127.0.0.1:{port}")
            done = site.run("run", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"127.0.0.1:{port}", done.stderr)

    def busy_site(self):
        """Whose collection takes long enough to be met under way."""
        self.repository = GitRepository(self.folder / "busy")
        self.repository.grow(20_000)
        return self.site([self.repository.path])

    @contextlib.contextmanager
    def a_run_stands_still(self, site):
        """A run that has listed the refs already; its answer can be read afterwards."""
        wait_for("the first run", lambda: self.success_in(site))
        answer = site.ask("code", FULL)
        self.assertIn("progress", next(answer))
        worker, = workers_of(site.daemon.pid)
        os.kill(worker, signal.SIGSTOP)
        try:
            yield answer
            self.assertEqual(workers_of(site.daemon.pid), [worker])
        finally:
            os.kill(worker, signal.SIGCONT)

    def test_who_asks_during_a_run_gets_one_right_after_it_that_sees_what_is_new(self):
        site = self.busy_site().start()
        with self.a_run_stands_still(site) as first:
            self.repository.commit(int(time.time()))
            second = site.ask("code")
            self.assertEqual(site.json("status")["collectors"][0]["state"], "running")
        *_, before = first
        *_, seen = second
        self.assertEqual(before["inserted"], 0)
        self.assertEqual(seen["outcome"], "ok")
        self.assertEqual((seen["rows"]["commit/1"], seen["inserted"]), (1, 2))  # and the branch

    def test_a_reload_does_not_disturb_a_run(self):
        site = self.busy_site().start()
        with self.a_run_stands_still(site) as answer:
            site.write([self.repository.path], 'deployment_tags = "v2"')
            site.daemon.send_signal(signal.SIGHUP)
            wait_for("the reload", lambda: "reload: 1 collectors" in site.log.read_text())
        *_, done = answer
        self.assertEqual((done["outcome"], done["unchanged"]), ("ok", 20_001))

    def test_two_who_ask_at_once_are_both_answered(self):
        site = self.started()
        wait_for("the first run", lambda: self.success_in(site))
        self.repository.commit(int(time.time()) - 3600)
        command = [str(BASELINED), "collect", "code", "--json", "--config", str(site.config)]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        answers = [json.loads(each.communicate(timeout=DEADLINE)[0]) for each in both]
        self.assertEqual([answer["outcome"] for answer in answers], ["ok", "ok"])
        self.assertEqual(sum(answer["inserted"] for answer in answers), 2)  # commit and branch

    def test_a_daemon_that_starts_during_a_collection_by_hand_says_who_writes(self):
        site = self.busy_site()
        by_hand = subprocess.Popen([str(BASELINED), "collect", "code", "--config",
                                    str(site.config)], stdout=subprocess.DEVNULL)
        worker, = wait_for("its worker", lambda: workers_of(by_hand.pid), every=0.005)
        os.kill(worker, signal.SIGSTOP)
        try:
            refused = site.run("run", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"process {by_hand.pid} holds it", refused.stderr)
        finally:
            os.kill(worker, signal.SIGCONT)
        self.assertEqual(by_hand.wait(DEADLINE), 0)
        site.start()
        self.assertEqual(site.json("store", "info")["records"]["commit/1"], 20_000)

    def test_it_leaves_no_process_behind(self):
        site = self.started()
        site.collect()
        pid = site.daemon.pid
        wait_for("the worker to be gone", lambda: not self.children(pid))

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()


if __name__ == "__main__":
    unittest.main()
