"""Deployments and lead times from plain git commands: an independent calculation.

    plain_git.py REPOSITORY --tags 'v*' [--tags ...] | --branch main

Prints JSON: commits, deployments (each with name, sha, finished_at, shipped) and lead_times, both
of the whole history. It shares nothing with the program: refs come from `git for-each-ref`, what a
deployment shipped from `git rev-list HEAD --not EARLIER...`.
"""
import argparse
import fnmatch
import json
import subprocess


class Repository:
    def __init__(self, path):
        self.path = path

    def git(self, *arguments, text=None):
        command = ["git", "-c", "safe.directory=*", "--no-replace-objects", "-C", self.path, *arguments]
        return subprocess.run(command, input=text, capture_output=True, check=True,
                              encoding="utf-8", errors="replace").stdout

    def commit_count(self):
        return int(self.git("rev-list", "--count", "--all"))

    def commit_times(self):
        """sha -> committer time in seconds, in an order where parents come first."""
        lines = self.git("log", "--all", "--topo-order", "--reverse", "--format=%H %ct").split("\n")
        return {sha: int(time) for sha, time in (line.split() for line in lines if line)}

    def tags(self, patterns):
        """(name, commit, time) of every tag that leads to a commit and matches."""
        lines = self.git("for-each-ref", "refs/tags", "--format=%(refname:strip=2)%09%(objecttype)"
                         "%09%(objectname)%09%(*objecttype)%09%(*objectname)%09%(taggerdate:unix)")
        found = []
        for line in lines.splitlines():
            name, kind, sha, target_kind, target, tagged = line.split("\t")
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                continue
            if kind == "tag" and target_kind == "tag":  # a tag on a tag: peel it whole
                target = self.git("rev-parse", name + "^{}").strip()
                target_kind = self.git("cat-file", "-t", target).strip()
            if kind == "commit":
                found.append((name, sha, None))
            elif kind == "tag" and target_kind == "commit":
                found.append((name, target, int(tagged) if tagged else None))
        return found

    def first_parents(self, branch):
        return [(branch, sha, None)
                for sha in self.git("rev-list", "--first-parent", branch).split()]

    def new_commits(self, head, seen_heads):
        heads = "\n".join([head] + ["^" + seen for seen in seen_heads]) + "\n"
        return self.git("rev-list", "--stdin", text=heads).split()


def deployments_of(candidates, times):
    """In time order; the same commit several times in a row is one deployment.

    A tag without a time of its own has its commit's, unless another tag tells one for that commit.
    """
    order = {sha: index for index, sha in enumerate(times)}
    told = {sha for _, sha, time in candidates if time is not None}
    dated = sorted((times[sha] if time is None else time, order[sha], name, sha)
                   for name, sha, time in candidates
                   if sha in times and (time is not None or sha not in told))
    kept = []
    for time, _, name, sha in dated:
        if not kept or kept[-1]["sha"] != sha:
            kept.append({"name": name, "sha": sha, "finished_at": time})
    return kept


def ship_by_rev_list(repository, deployments, times):
    """What each deployment shipped first, and the lead times of all but the first one's."""
    lead_times, seen = [], []
    for number, deployment in enumerate(deployments):
        new = repository.new_commits(deployment["sha"], seen)
        deployment["shipped"] = len(new)
        seen.append(deployment["sha"])
        if number > 0:
            lead_times += [max(0, deployment["finished_at"] - times[sha]) for sha in new]
    return lead_times


def calculate(path, tags=(), branch=None):
    repository = Repository(path)
    times = repository.commit_times()
    candidates = repository.first_parents(branch) if branch else repository.tags(tags)
    deployments = deployments_of(candidates, times)
    lead_times = ship_by_rev_list(repository, deployments, times)
    return {"commits": repository.commit_count(), "deployments": deployments,
            "lead_times": sorted(lead_times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository")
    parser.add_argument("--tags", action="append", default=[])
    parser.add_argument("--branch")
    options = parser.parse_args()
    print(json.dumps(calculate(options.repository, options.tags, options.branch), indent=1))


if __name__ == "__main__":
    main()
