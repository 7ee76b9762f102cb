"""All figures that the design asks for, measured side by side in one run; see README.md.

  bench.py [--quick] [REPOSITORY]

REPOSITORY: a real history of 80,000 commits or more; without it one is made. --quick: a tenth of
everything, to see that the bench itself works; nothing is judged then. Exit 1: a figure was missed.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import history  # noqa: E402
from harness import BASELINED, BUILD, Site, recent_history, wait_for  # noqa: E402

PROGRAMS = BUILD / "tests" / "bench"
GIT_LOG = ["log", "--format=%H %P %at %ct %ae", "--all"]
TICKS = os.sysconf("SC_CLK_TCK")


class Figures:
    """What was measured against what was asked for, one line each."""

    def __init__(self, slack):
        self.slack = slack
        self.missed = 0

    def add(self, what, value, unit, bar=None, at_least=False, beside=""):
        if bar is not None:
            bar = bar / self.slack if at_least else bar * self.slack
        if bar is None:
            verdict = ""
        elif value >= bar if at_least else value <= bar:
            verdict = f"{'>=' if at_least else '<='} {bar:g}  met"
        else:
            verdict = f"{'>=' if at_least else '<='} {bar:g}  NOT MET"
            self.missed += 1
        print(f"{what:<58} {value:>11,.4g} {unit:<9} {verdict:<22} {beside}", flush=True)


def status_of(process, name):
    """A line of /proc/PID/status, in its own unit; 0 when the process is gone."""
    try:
        text = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def children_of(process):
    try:
        return pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def switches(process):
    """How often its threads went to sleep and were woken."""
    return sum(status_of(f"{process}/task/{thread}", "voluntary_ctxt_switches")
               for thread in os.listdir(f"/proc/{process}/task"))


class Measured:
    """One command: its output, wall time and the peak memory of itself and its children, MiB."""

    def __init__(self, command):
        self.memory = self.worker_memory = 0
        begin = time.monotonic()
        running = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        watcher = threading.Thread(target=self._watch, args=(running,))
        watcher.start()
        self.output, _ = running.communicate()
        self.seconds = time.monotonic() - begin
        watcher.join()
        if running.returncode != 0:
            raise RuntimeError(f"{command}: exit {running.returncode}\n{self.output}")

    def _watch(self, running):
        while running.poll() is None:
            self.memory = max(self.memory, status_of(running.pid, "VmHWM") / 1024)
            for child in children_of(running.pid):
                self.worker_memory = max(self.worker_memory, status_of(child, "VmHWM") / 1024)
            time.sleep(0.005)


@contextlib.contextmanager
def daemon(site):
    site.start()
    try:
        yield site.daemon.pid
    finally:
        site.stop()


def first_collection(figures, folder, repository):
    """Of a whole history, beside git reading the same one."""
    ratios, seconds, memory, worker = [], [], 0, 0
    for attempt in range(3):
        site = Site(folder / f"first{attempt}", [repository])
        git = Measured(["git", "-C", repository, *GIT_LOG])
        ours = Measured([BASELINED, "collect", "code", "--config", site.config, "--json"])
        commits = json.loads(ours.output)["rows"]["commit/1"]
        if commits != git.output.count("\n"):
            raise RuntimeError(f"{commits} commits collected, git has another number")
        ratios.append(ours.seconds / git.seconds)
        seconds.append(ours.seconds)
        memory, worker = max(memory, ours.memory), max(worker, ours.worker_memory)
    figures.add(f"first collection and KPIs of {commits:,} commits", statistics.median(ratios),
                "git logs", 2, beside=f"{statistics.median(seconds):.2f} s")
    figures.add("  memory of the daemon", memory, "MiB", 64)
    figures.add("  memory of the worker", worker, "MiB", 300)
    nothing = [Measured([BASELINED, "collect", "code", "--config", site.config, "--json"])
               for _ in range(5)]
    changed = json.loads(nothing[-1].output)
    if changed["inserted"] + changed["updated"] + changed["removed"] != 0:
        raise RuntimeError(f"nothing was new, yet rows changed: {changed}")
    figures.add("nothing new", statistics.median(run.seconds for run in nothing) * 1000, "ms", 100)


def ask(site, request):
    """The last line of the daemon's answer to a request on its control socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(site.state / "control.sock"))
        connection.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(connection.makefile().read().splitlines()[-1])


def deployments_in(body):
    found = re.search(r'^baselined_kpi_sample_size\{kpi="dora_deployment_frequency",'
                      r'service="shop",window="91d"\} (\d+)', body, re.MULTILINE)
    return int(found.group(1)) if found else 0


def new_deployment(figures, site, repository, number):
    """From the end of a collection that found one new commit with a tag to new metrics."""
    with daemon(site):
        config_hash = ask(site, {"command": "status"})["daemon"]["config_hash"]
        after, whole = [], []
        for attempt in range(5):
            before = deployments_in(site.get("/metrics")[1])
            at = int(time.time()) - 40 * 86400 + attempt
            commit = subprocess.run(
                ["git", "-C", repository, "-c", "user.name=R", "-c", "user.email=r@example.org",
                 "commit-tree", "-p", "refs/heads/main", "-m", "new", "main^{tree}"],
                env={**os.environ, "GIT_COMMITTER_DATE": f"{at} +0000"}, text=True,
                capture_output=True, check=True).stdout.strip()
            subprocess.run(["git", "-C", repository, "update-ref", "refs/heads/main", commit],
                           check=True)
            subprocess.run(
                ["git", "-C", repository, "-c", "user.name=R", "-c", "user.email=r@example.org",
                 "tag", "-a", "-m", "new", f"v{number + attempt + 1}", commit],
                env={**os.environ, "GIT_COMMITTER_DATE": f"{at + 1} +0000"}, check=True)
            begin = time.monotonic()
            answer = []
            asking = threading.Thread(target=lambda into=answer: into.append(ask(
                site, {"command": "collect", "collector": "code", "config_hash": config_hash})))
            asking.start()
            wait_for("the deployment in /metrics",
                     lambda seen=before: deployments_in(site.get("/metrics")[1]) > seen, 0.002)
            seconds = time.monotonic() - begin
            asking.join()
            whole.append(seconds)
            after.append(seconds - answer[0]["seconds"])
    figures.add("one new deployment: from stored rows to new metrics",
                statistics.median(after) * 1000, "ms", 50,
                beside=f"{statistics.median(whole) * 1000:.0f} ms with its collection")


def large_history(figures, folder, commits, tags):
    repository = history.make(folder / "large.git", commits, tags)
    site = Site(folder / "large", [repository])
    Measured([BASELINED, "collect", "code", "--config", site.config, "--json"])
    site.write([repository], 'deployment_tags = "v?*"')  # another mapping: all facts again
    derived = Measured([BASELINED, "kpi", "--config", site.config, "--json"])
    figures.add(f"facts and KPIs of {commits:,} commits, {tags:,} deployments", derived.seconds, "s",
                20)
    figures.add("  memory", derived.memory, "MiB", 512)
    new_deployment(figures, site, repository, tags)


def forge_history(figures, folder, changes):
    """Facts and KPIs with changes, deployments of a forge and incidents in play."""
    site = folder / "forge"
    site.mkdir()
    Measured([PROGRAMS / "derive_bench", "fill", site, changes])
    measured = Measured([PROGRAMS / "derive_bench", "measure", site, changes])
    done = json.loads(measured.output)
    figures.add(f"facts and KPIs of {10 * changes:,} commits, {changes:,} changes",
                done["scratch_seconds"], "s", 30,
                beside=f"{done['scratch_cpu_seconds']:.2f} s of CPU")
    figures.add("  memory", measured.memory, "MiB", 512)
    for name, what in (("deployment", "deployment of ten changes"),
                       ("change", "change with its deployment"), ("incident", "incident")):
        figures.add(f"  one more {what}, to new metrics", done[f"{name}_seconds"] * 1000, "ms", 50,
                    beside=f"{done[f'{name}_cpu_seconds'] * 1000:.0f} ms of CPU")


def store(figures, rows):
    done = json.loads(Measured([PROGRAMS / "store_bench", rows]).output)
    figures.add("rows of 25 columns, from a worker into the store", rows / done["collect_seconds"],
                "rows/s", 180_000, at_least=True,
                beside=f"one INSERT of SQLite: {rows / done['sqlite_seconds']:,.0f}")
    done = json.loads(Measured([PROGRAMS / "wire_bench", 10 * rows]).output)
    figures.add("rows of 8 cells through the wire", done["rows"] / done["rows_seconds"], "rows/s",
                5_000_000, at_least=True,
                beside=f"the bytes alone: {done['rows'] / done['copy_seconds']:,.0f}")


def spawning(figures, count):
    done = json.loads(Measured([PROGRAMS / "spawn_bench", count]).output)
    figures.add("a worker from start to end, sandbox and plugin loaded", done["worker_ms"], "ms", 3,
                beside=f"a program that does nothing: {done['nothing_ms']:.2f} ms")


def many_services(folder, count):
    """A site of this many services, each with a repository of its own."""
    first = recent_history(folder / "repositories" / "0").path
    for number in range(1, count):
        shutil.copytree(first, first.parent / str(number))
    services = "\n".join(f'[[service]]\nname = "service-{number:04}"\nrepositories = ["*/{number}"]'
                         '\ndeployment_tags = "v*"' for number in range(1, count))
    site = Site(folder / "site", [])
    site.write([first.parent / "*"], 'deployment_tags = "v*"', extra=services, repositories="*/0")
    site.collect()
    return site


def series_in(body):
    return sum(not line.startswith("#") for line in body.splitlines())


def scrapes(figures, folder, repository):
    sample = many_services(folder / "sample", 10)
    with daemon(sample):
        body = sample.get("/metrics")[1]
    site = many_services(folder / "few", 10 * 100_000 // len(body))
    with daemon(site):
        done = json.loads(Measured([PROGRAMS / "scrape_bench", site.port, 3]).output)
        figures.add(f"scrapes of {done['bytes'] // 1000} kB", done["per_second"], "1/s", 10_000,
                    at_least=True, beside=f"the bytes alone: {done['reference_per_second']:,.0f}")
    site = many_services(folder / "many", 10 * 10_000 // series_in(body))
    with daemon(site) as process:
        body = site.get("/metrics")[1]
        figures.add(f"a scrape of {series_in(body):,} series, {len(body) // 1000} kB",
                    scrape_cost(site, process, {}), "ms CPU", 0.5)
        figures.add("  compressed", scrape_cost(site, process, {"Accept-Encoding": "gzip"}),
                    "ms CPU", 0.5)
    under_load(figures, folder, repository)


def scrape_cost(site, process, headers, count=1000):
    """Milliseconds of CPU that one scrape costs the daemon."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    before = cpu_seconds(process)
    for _ in range(count):
        connection.request("GET", "/metrics", headers=headers)
        connection.getresponse().read()
    cost = cpu_seconds(process) - before
    connection.close()
    return cost / count * 1000


def under_load(figures, folder, repository):
    """Scrapes while a whole history is collected and its facts are derived."""
    site = Site(folder / "load", [repository])
    times = []
    with daemon(site):
        connection = http.client.HTTPConnection("127.0.0.1", site.port)
        body = ""
        while not re.search(r"^baselined_kpi_sample_size\{", body, re.MULTILINE):
            begin = time.monotonic()
            connection.request("GET", "/metrics")
            body = connection.getresponse().read().decode()
            times.append(time.monotonic() - begin)
            time.sleep(0.005)
        connection.close()
    figures.add("99 of 100 scrapes during a collection and its facts",
                statistics.quantiles(times, n=100)[98] * 1000, "ms", 10,
                beside=f"{len(times)} scrapes, worst {max(times) * 1000:.1f} ms")


def idle(figures, folder, seconds):
    recent_history(folder / "quiet")
    site = Site(folder / "idle", [folder / "quiet"])
    site.collect()
    with daemon(site) as process:
        wait_for("the first collection", lambda: 'outcome="ok"' in site.get("/metrics")[1])
        time.sleep(5)
        before = switches(process)
        time.sleep(seconds)
        figures.add("idle: wake-ups", (switches(process) - before) / seconds, "1/s", 0.5)
        figures.add("idle: memory of its own (RssAnon)", status_of(process, "RssAnon") / 1024, "MiB",
                    4, beside=f"{status_of(process, 'VmRSS') / 1024:.1f} MiB with shared libraries")


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("repository", nargs="?", type=pathlib.Path)
    options = arguments.parse_args()
    scale = 10 if options.quick else 1
    # The bars are for the full sizes, on a quiet machine. What misses five times as much at a tenth of
    # the size grows faster than what it works on.
    figures = Figures(slack=5 if options.quick else 1)
    with tempfile.TemporaryDirectory(prefix="baselined-bench-") as name:
        folder = pathlib.Path(name)
        repository = options.repository or history.make(folder / "first.git", 100_000 // scale, 500)
        idle(figures, folder, 60 // scale)
        spawning(figures, 500 // scale)
        store(figures, 1_000_000 // scale)
        scrapes(figures, folder, repository)
        first_collection(figures, folder, repository)
        large_history(figures, folder, 1_000_000 // scale, 10_000 // scale)
        forge_history(figures, folder, 100_000 // scale)
    print(f"{figures.missed} not met" if figures.missed else "all met")
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
