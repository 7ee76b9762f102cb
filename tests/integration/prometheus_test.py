"""A real Prometheus scrapes the daemon; PromQL answers what the command line answers."""
import json
import subprocess
import unittest
import urllib.parse

from harness import IntegrationTest, free_port, get, recent_history, wait_for


class RealPrometheus(IntegrationTest):
    def start_prometheus(self, target):
        folder = self.folder / "prometheus"
        folder.mkdir()
        (folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: baselined
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
""")
        port = free_port()
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return port

    def query(self, port, expression):
        status, body = get(f"http://127.0.0.1:{port}/api/v1/query?"
                           + urllib.parse.urlencode({"query": expression}))
        result = json.loads(body)["data"]["result"] if status == 200 else []
        return float(result[0]["value"][1]) if result else None

    def test_promql_and_the_command_line_agree(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path]).start()
        site.collect()
        port = self.start_prometheus(site.port)
        lead_time = 'baselined_dora_commit_lead_time_seconds{service="shop",window="28d",stat="%s"}'
        wait_for("the first scrape", lambda: self.query(port, lead_time % "median"))

        shown = site.kpi("dora_commit_lead_time", "--window", "28d")
        for stat in ("median", "p75", "p90"):
            self.assertEqual(self.query(port, lead_time % stat), shown["stats"][stat], stat)
        frequency = site.kpi("dora_deployment_frequency", "--window", "28d")
        series = 'baselined_dora_deployment_frequency_per_day{service="shop",window="28d",stat="%s"}'
        for stat in ("value", "lower", "upper"):
            self.assertAlmostEqual(self.query(port, series % stat), frequency["stats"][stat],
                                   places=12)
        self.assertEqual(
            self.query(port, 'baselined_kpi_sample_size{kpi="dora_commit_lead_time",'
                             'service="shop",window="28d"}'), shown["n"])
        self.assertEqual(self.query(port, 'up{job="baselined"}'), 1)
        self.assertEqual(
            self.query(port, 'baselined_collector_runs_total{collector="code",outcome="internal"}'),
            0)

    def test_the_metrics_page_is_clean_for_promtool(self):
        repository = recent_history(self.folder / "shop")
        site = self.site([repository.path]).start()
        site.collect()
        wait_for("KPIs on the page",
                 lambda: "baselined_dora_commit_lead_time_seconds{" in site.get("/metrics")[1])
        site.clean_metrics()


if __name__ == "__main__":
    unittest.main()
