"""Apache DevLake's GitLab fixtures in a GitLab, with the pages of `../shared/tools/replay.py`. What
the fixtures lack is made of what they have: jobs below their pipelines, one place for a pipeline."""
import importlib.util
import pathlib
import re
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from gitlab_server import Gitlab, serving  # noqa: E402, F401

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
FIXTURES = SHARED / "data" / "devlake"
PROJECTS = {12345678: "gitlab-data/snowflake_spend", 44: "merico/pip_test"}


def is_there():
    return (SHARED / "tools" / "replay.py").exists() and FIXTURES.exists()


def _replay():
    spec = importlib.util.spec_from_file_location("replay", SHARED / "tools" / "replay.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Fixtures(Gitlab):
    def __init__(self):
        super().__init__(PROJECTS)
        for project in self.projects.values():
            project["http_url_to_repo"] = f"https://gitlab.com/{project['path_with_namespace']}.git"
        self.replay = _replay()
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            everything = self.replay.load(str(FIXTURES))
        self.lists = {path.removeprefix("/api/v4"): items
                      for (vendor, path), items in everything.items() if vendor == "gitlab"}
        for project in PROJECTS:
            self._add_pipelines(f"/projects/{project}/pipelines", f"/projects/{project}/jobs")

    def _add_pipelines(self, root, jobs):
        """Every pipeline has its place in the list, its details and its jobs."""
        known = {item["id"]: item for item in self.of(root)}
        for path in [path for path in self.lists if re.fullmatch(rf"{root}/\d+", path)]:
            for item in self.lists.pop(path):
                known[item["id"]] = {**known.get(item["id"], {}), **item}
        for job in self.of(jobs):
            known.setdefault(job["pipeline"]["id"], job["pipeline"])
        self.lists[root] = list(known.values())
        for number in known:
            self.lists[f"{root}/{number}/jobs"] = [job for job in self.of(jobs)
                                                   if job["pipeline"]["id"] == number]

    def page(self, items, asked, most):
        if not items:  # of which replay.py knows nothing
            return 200, [], {}
        query = {name: [value] for name, value in asked.items() if name != "updated_after"}
        query["per_page"] = [str(min(int(asked.get("per_page", 20)), most))]
        return self.replay.answer({("gitlab", "/list"): items}, "/list", query)
