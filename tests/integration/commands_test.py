"""The command line as a newcomer meets it: help, mistakes, exit codes, listings."""
import contextlib
import fcntl
import json
import os
import sqlite3
import struct
import subprocess
import unittest

from harness import BASELINED, IntegrationTest, recent_history


NOBODY = 65534
# Every command that reads a configuration.
CONFIGURED = (["run"], ["check"], ["collect", "code"], ["kpi"], ["kpi", "show", "commit_activity"],
              ["status"], ["store", "info"], ["store", "check"], ["plugins", "list"],
              ["plugins", "show", "git"])


def run(*arguments, **more):
    return subprocess.run([str(BASELINED), *arguments], capture_output=True, text=True, timeout=60,
                          **more)


class Commands(IntegrationTest):
    def test_help_names_every_command(self):
        text = run("--help").stdout
        for command in ("run", "check", "collect", "plugins", "status", "kpi", "store"):
            self.assertIn(f"\n  {command} ", text)

    def test_help_of_a_subcommand_does_not_speak_of_its_command(self):
        said = "Without a subcommand"
        self.assertIn(said, run("kpi", "--help").stdout)
        self.assertNotIn(said, run("kpi", "show", "--help").stdout)
        self.assertNotIn(said, run("kpi", "list", "--help").stdout)

    def test_help_says_where_every_key_is(self):
        self.assertIn("daemon/config/README.md", run("check", "--help").stdout)
        self.assertNotIn("daemon/config/README.md", run("run", "--help").stdout)

    def test_wrong_usage_is_exit_2(self):
        for arguments in ([], ["colect"], ["collect"], ["kpi", "show"], ["run", "--nope"],
                          ["kpi", "--from", "2026-01-01"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)

    def test_a_mistyped_command_or_option_is_named_with_what_was_meant(self):
        for arguments, said in ((["colect", "x"], "'colect' (did you mean 'collect'?)"),
                                (["store", "inof"], "'inof' (did you mean 'info'?)"),
                                (["run", "--confg", "x"], "'--confg' (did you mean '--config'?)"),
                                (["kpi", "shw"], "'shw' (did you mean 'show'?)"),
                                (["kpi", "--window", "7d", "lst"], "'lst' (did you mean 'list'?)"),
                                (["kpi", "-c", "x", "shw", "x"], "'shw' (did you mean 'show'?)"),
                                (["kpi", "--wndow=7d"], "'--wndow' (did you mean '--window'?)"),
                                (["kpi", "show", "x", "--widow", "7d"], "'--widow'"),
                                (["frobnicate"], "unknown command 'frobnicate'")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr)

    def test_a_window_or_time_that_makes_no_sense_is_exit_2(self):
        site = self.site([recent_history(self.folder / "shop").path])
        for arguments in (["kpi", "--window", ""], ["kpi", "--window", "7x"],
                          ["kpi", "--window", "0d"], ["kpi", "--from", "", "--to", ""],
                          ["kpi", "--from", "yesterday", "--to", "2026-01-01"],
                          ["kpi", "--from", "2026-02-01", "--to", "2026-01-01"],
                          ["kpi", "--from", "2026-02-01", "--to", "9999-01-01"],
                          ["collect", "code", "--since", "yesterday"],
                          ["collect", "code", "--since", "2026-02-01", "--until", "2026-01-01"]):
            self.assertEqual(site.run(*arguments, check=False).returncode, 2, arguments)

    def test_a_missing_configuration_is_exit_78_and_named(self):
        for command in ("run", "check", "status", "kpi"):
            done = run(command, "--config", "/nonexistent.toml")
            self.assertEqual(done.returncode, 78, command)
            self.assertIn("/nonexistent.toml", done.stderr)

    def test_a_configuration_that_may_not_be_read_is_exit_78_and_says_so(self):
        config = self.folder / "secret.toml"
        config.write_text("")
        config.chmod(0)
        self.folder.chmod(0o755)
        as_whom = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}  # root reads all
        try:
            subprocess.run([str(BASELINED), "--version"], check=True, capture_output=True, **as_whom)
        except PermissionError:
            self.skipTest("the program lies where nobody else may run it")
        for command in CONFIGURED:
            done = run(*command, "--config", str(config), **as_whom)
            self.assertEqual((done.returncode, done.stdout), (78, ""), command)
            self.assertIn(f"{config}: cannot be read: Permission denied", done.stderr)

    def test_a_wrong_configuration_is_exit_78_for_every_command(self):
        site = self.site([self.folder])
        site.config.write_text(site.config.read_text().replace("state_dir ", "state_dri "))
        for command in CONFIGURED:
            done = site.run(*command, check=False)
            self.assertEqual((done.returncode, done.stdout), (78, ""), command)
            self.assertIn("state_dri", done.stderr)
            self.assertIn(f"{site.config}:3:1: ", done.stderr)

    def test_an_empty_file_name_is_said(self):
        for arguments in (["kpi", "--config", ""], ["check", "-c", ""], ["plugins", "list", "-c", ""]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("--config: no file is named", done.stderr)

    def test_check_reports_all_mistakes_with_their_places(self):
        config = self.folder / "wrong.toml"
        config.write_text('[daemon]\nstate_dri = "/tmp/x"\n\n[[collector]]\nname = "a"\n'
                          'plugin = "gti"\nevery = 5\n')
        done = run("check", "--config", str(config))
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{config}:2:1: ", done.stderr)
        self.assertIn("did you mean", done.stderr)
        self.assertIn(f"{config}:7:", done.stderr)
        report = json.loads(run("check", "--json", "--config", str(config)).stdout)
        self.assertFalse(report["ok"])
        self.assertGreaterEqual(len(report["problems"]), 3)
        self.assertEqual(run("run", "--config", str(config)).stderr.splitlines(),
                         done.stderr.splitlines()[:-1])

    def test_a_capability_that_was_not_granted_names_the_line_to_add(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.config.write_text(site.config.read_text().replace('allow  = ["fs_read"]\n', ""))
        done = site.run("collect", "code", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn('allow = ["fs_read"]', done.stderr)

    def test_the_sample_of_a_plugin_is_a_working_configuration(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        shown = site.run("plugins", "show", "git").stdout
        sample = shown[shown.index("[[collector]]"):]
        head = site.config.read_text().split("[[collector]]")[0]
        site.config.write_text(head + sample)
        done = site.run("check")
        self.assertIn("ok", done.stdout)

    def test_plugins_are_listed(self):
        site = self.site([self.folder])
        self.assertIn("commit/1", site.run("plugins", "list").stdout)
        self.assertEqual(site.json("plugins", "list")[0]["name"], "git")

    def test_an_unknown_name_is_wrong_usage_and_told_with_what_there_is(self):
        site = self.site([recent_history(self.folder / "shop").path])
        site.collect()
        for arguments, said in ((["collect", "cdoe"], "'cdoe' (did you mean 'code'?); known: code"),
                                (["collect", "forge"], "no collector 'forge'; known: code"),
                                (["kpi", "show", "dora_deploy_frequency"],
                                 "(did you mean 'dora_deployment_frequency'?)"),
                                (["kpi", "show", "dora"], "no KPI 'dora'; see: baselined kpi list"),
                                (["kpi", "--service", "shpo"], "'shpo' (did you mean 'shop'?)"),
                                (["kpi", "show", "commit_activity", "--service", "web"],
                                 "there is no service 'web'; known: shop"),
                                (["plugins", "show", "gitt"],
                                 "(did you mean 'git'?); see: baselined plugins list")):
            done = site.run(*arguments, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(said, done.stderr)

    def test_a_window_that_is_none_is_told_with_what_is_one(self):
        site = self.site([self.folder])
        for name, said in (("ALL", ", nor 'all', the whole history (did you mean 'all'?)"),
                           ("28", "(did you mean '28d'?)"),
                           ("forever", "'forever' is not a window such as 7d, 28d or 91d")):
            done = site.run("kpi", "--window", name, check=False)
            self.assertEqual(done.returncode, 2, name)
            self.assertIn(said, done.stderr)

    def test_an_end_that_is_no_local_midnight_is_shown_with_its_time(self):
        site = self.site([recent_history(self.folder / "shop").path])
        site.collect()

        def heading(begin, end):
            return site.run("kpi", "--from", begin, "--to", end).stdout.splitlines()[0]

        self.assertRegex(heading("2026-01-01T00:00:00+01:00", "2026-01-02T00:00:00Z"),
                         " 2025-12-31T23:00:00Z to 2026-01-02$")
        self.assertRegex(heading("2026-01-01", "2026-01-02"), " 2026-01-01 to 2026-01-02$")
        site.config.write_text(site.config.read_text().replace(
            "[daemon]", '[daemon]\ntimezone = "Europe/Amsterdam"'))
        self.assertRegex(heading("2026-01-01T00:00:00+01:00", "2026-01-02T00:00:00Z"),
                         " 2026-01-01 to 2026-01-02T00:00:00Z$")

    def test_nothing_collected_yet_is_said_and_not_zero(self):
        site = self.site([self.folder / "shop"])
        done = site.run("kpi", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("baselined collect", done.stderr)
        self.assertEqual(site.json("status")["collectors"][0]["state"], "never_run")

    def test_what_an_ok_run_warned_about_is_in_the_status(self):
        site = self.site([self.folder / "none" / "*.git"])
        self.assertEqual(site.collect()["outcome"], "ok")
        collector = site.json("status")["collectors"][0]
        self.assertEqual(collector["state"], "waiting")
        self.assertIn("*.git' matches no repository", collector["reason"])
        self.assertIn("*.git' matches no repository", site.run("status").stdout)
        site.write([recent_history(self.folder / "shop").path], 'deployment_tags = "v*"')
        site.collect()
        self.assertIsNone(site.json("status")["collectors"][0]["reason"])

    def test_values_come_as_table_json_and_csv(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        self.assertRegex(site.run("kpi").stdout, r"shop +dora_deployment_frequency +\S+/day \(n")
        csv = site.run("kpi", "--csv", "--window", "28d").stdout.splitlines()
        self.assertEqual(csv[0], "kpi,version,service,window,from,to,stat,value,n,provisional,"
                                 "excluded,adjusted")
        self.assertTrue(any(line.startswith("dora_commit_lead_time,1,shop,28d,") for line in csv))
        result = site.kpi("dora_commit_lead_time")
        for key in ("kpi", "version", "unit", "kind", "service", "from", "to", "n", "stats",
                    "excluded", "provisional", "coverage"):
            self.assertIn(key, result)
        none = site.kpi("time_between_deployments", "--from", "2001-01-01", "--to", "2001-02-01")
        self.assertIsNone(none["stats"]["median"])

    def test_values_with_guessed_times_are_marked(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path], mapping='deployment_branches = "main"')
        site.collect()
        table = site.run("kpi", "--window", "28d").stdout
        self.assertRegex(table, r"dora_commit_lead_time +0s \(n 9\) ~")
        self.assertEqual(table.count("~"), 5, table)  # four values and what it means
        self.assertIn("\n~ a deployment without a time of its own counts at its commit's time: "
                      "lead times are at least this, days and gaps may be others\n", table)
        self.assertIn("adjusted     9 deployment_time_from_commit\n",
                      site.run("kpi", "show", "dora_commit_lead_time").stdout)
        self.assertEqual(site.kpi("dora_commit_lead_time")["adjusted"],
                         {"deployment_time_from_commit": 9})
        site.write([repository.path], 'deployment_tags = "v*"')
        self.assertNotIn("~", site.run("kpi").stdout)

    def test_output_that_cannot_be_written_is_a_failure(self):
        for arguments in (["kpi", "list"], ["--help"], ["--version"], ["kpi", "--help"]):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([str(BASELINED), *arguments], stdout=full, text=True,
                                      stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn("standard output", done.stderr)

    def test_coverage_names_its_repository(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        self.assertIn(f"commit/1 of {repository.path} read until",
                      site.run("kpi", "show", "commit_activity").stdout)

    def test_the_store_can_be_looked_at_and_checked(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path])
        site.collect()
        self.assertIn("commit/1", site.run("store", "info").stdout)
        self.assertIn("no corruption found", site.run("store", "check").stdout)


class StateDirectory(IntegrationTest):
    """What commands say of a state directory that is not as they left it."""

    READING = (["kpi"], ["status"], ["store", "info"], ["store", "check"])
    WRITING = (["collect", "code"], ["run"])
    COMMANDS = (*READING, ["collect", "code"])  # the daemon moves what is damaged aside

    def collected(self):
        site = self.site([recent_history(self.folder / "shop").path])
        site.collect()
        return site

    def refuse(self, site, commands, said, code):
        for command in commands:
            done = site.run(*command, check=False)
            self.assertEqual((done.returncode, done.stdout), (code, ""), command)
            self.assertIn(said, done.stderr)

    def test_a_state_directory_that_is_a_file_is_said_by_all(self):
        site = self.site([self.folder])
        site.state.write_text("a file")
        self.refuse(site, self.READING + self.WRITING, "is not a directory", 78)

    def test_a_state_directory_in_which_others_may_write_is_refused_by_all(self):
        site = self.collected()
        for mode in (0o777, 0o770):
            site.state.chmod(mode)
            self.refuse(site, self.READING + self.WRITING, f"chmod go-w {site.state}", 78)
        site.state.chmod(0o755)
        site.run("kpi")

    def test_an_emptied_database_is_refused_by_commands(self):
        site = self.collected()
        os.truncate(site.state / "baselined.db", 0)
        self.refuse(site, self.COMMANDS, "was emptied", 1)

    def test_a_database_that_vanished_is_refused_by_commands(self):
        site = self.collected()
        os.unlink(site.state / "baselined.db")
        self.refuse(site, self.COMMANDS, "is missing", 1)

    def test_a_newer_database_is_refused_by_all_and_left_alone(self):
        site = self.collected()
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            database.execute("PRAGMA user_version = 99")
        self.refuse(site, self.READING + self.WRITING, "schema version 99", 1)

    def test_what_is_no_database_is_refused_by_commands(self):
        site = self.collected()
        (site.state / "baselined.db").write_text("garbage " * 1000)
        self.refuse(site, self.COMMANDS, "not a database", 1)

    def test_damage_met_while_reading_says_what_to_do(self):
        site = self.collected()
        with open(site.state / "baselined.db", "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (os.path.getsize(file.name) - 4096))
        self.refuse(site, (["kpi"], ["status"]), "estore a backup", 1)

    def test_no_number_comes_from_a_database_with_a_damaged_page(self):
        site = self.collected()
        site.run("kpi")
        with open(site.state / "baselined.db", "r+b") as file:
            file.seek(10 * 4096)
            file.write(os.urandom(8192))
        self.refuse(site, (["kpi"],), "damaged", 1)

    # A new key would give every person a new pseudonym, and nobody would notice.
    def test_a_lost_key_is_not_replaced(self):
        site = self.collected()
        key = site.state / "pseudonym.key"
        content = key.read_bytes()
        key.unlink()
        self.refuse(site, self.WRITING, "pseudonym.key: is missing", 78)
        self.assertFalse(key.exists())
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        self.refuse(site, self.WRITING, "another key", 78)
        key.write_bytes(content)
        key.chmod(0o600)
        self.assertEqual(site.collect()["outcome"], "ok")

    def test_values_are_not_answered_stale_while_another_process_writes(self):
        site = self.collected()
        site.config.write_text(site.config.read_text().replace('"v*"', '"v2"'))
        with open(site.state / "lock", "r+b") as lock:
            whole_file = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(lock, fcntl.F_OFD_SETLK, whole_file)
            self.refuse(site, (["kpi"],), "is not derived yet", 1)
        self.assertEqual(site.kpi("dora_deployment_frequency")["n"], 1)

    def test_facts_that_cannot_be_derived_are_a_failure_in_status_too(self):
        site = self.collected()
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            with database:
                database.execute("DROP TABLE fact_candidate")
        subprocess.run(["git", "-C", str(self.folder / "shop"), "tag", "v10"], check=True)
        done = site.run("collect", "code", check=False)
        self.assertEqual(done.returncode, 1)
        collector = site.json("status")["collectors"][0]
        self.assertEqual(collector["state"], "failing")
        self.assertIn("fact_candidate", collector["reason"])

    def test_a_run_that_was_killed_shows_in_status(self):
        site = self.collected()
        with contextlib.closing(sqlite3.connect(site.state / "baselined.db")) as database:
            with database:
                database.execute("INSERT INTO run_log (collector, mode, started_at) "
                                 "VALUES ('code', 'incremental', 0)")
        collector = site.json("status")["collectors"][0]
        self.assertEqual(collector["state"], "failing")
        self.assertIn("1970-01-01T00:00:00Z has no end", collector["reason"])
        self.assertEqual(site.collect()["outcome"], "ok")
        self.assertEqual(site.json("status")["collectors"][0]["state"], "waiting")


if __name__ == "__main__":
    unittest.main()
