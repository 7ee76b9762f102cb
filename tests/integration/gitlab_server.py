"""A GitLab in memory, as its documentation has it: order, filters and pages of lists, and nothing
else. Tests put items into its lists, and may change them while they are read."""
import contextlib
import http.server
import json
import re
import threading
import urllib.parse

BELOW = ("commits", "notes", "resource_state_events", "closed_by", "jobs", "bridges",
         "merge_requests")


class Gitlab:
    def __init__(self, projects):
        """projects: {id: "group/name"}"""
        self.projects = {number: {"id": number, "path_with_namespace": path,
                                  "http_url_to_repo": f"https://gitlab.test/{path}.git"}
                         for number, path in projects.items()}
        self.root = None        # where it is served
        self.lists = {}         # path below the API: items
        self.timelines = {}     # of incidents by the ids of their issues: events
        self.graphql = None     # called with the variables, instead
        self.commits = {}       # of every repository: id: item
        self.refused = {}       # pattern of a path: (status, body)
        self.headers = {}       # of every answer
        self.before = None      # called with path and query before each answer
        self.hidden = None      # whether the token may not see an item of a page

    def of(self, path):
        return self.lists.setdefault(path, [])

    def _shown(self, project):
        return {"web_url": f"{self.root}/{project['path_with_namespace']}", **project}

    def _project(self, name):
        return next((project for number, project in self.projects.items()
                     if name in (str(number), project["path_with_namespace"])), None)

    def answer(self, path, query, most):
        """(status, body, headers)"""
        asked = {name: values if name.endswith("[]") else values[0]
                 for name, values in query.items()}
        if self.before:
            self.before(path, asked)
        for pattern, (status, body) in self.refused.items():
            if re.search(pattern, path):
                return status, body, {}
        found = re.fullmatch(r"/projects/([^/]+)", path)
        if found:
            project = self._project(urllib.parse.unquote(found[1]))
            return (200, self._shown(project), {}) if project else (
                404, {"message": "404 Not Found"}, {})
        found = re.fullmatch(r"/groups/([^/]+)/projects", path)
        if found:
            group = urllib.parse.unquote(found[1]) + "/"
            return self.page([self._shown(project) for project in self.projects.values()
                              if project["path_with_namespace"].startswith(group)], asked, most)
        if re.fullmatch(r"/projects/\d+/repository/commits", path):
            return self.history(asked, most)
        found = re.fullmatch(r"/projects/\d+/repository/commits/(\w+)", path)
        if found:
            return (200, self.commits[found[1]], {}) if found[1] in self.commits else (
                404, {"message": "404 Commit Not Found"}, {})
        if re.fullmatch(r"/projects/\d+/repository/(branches|tags)", path):
            return self.page(self.of(path), asked, most)
        found = re.fullmatch(r"(/projects/\d+/repository/(?:branches|tags))/([^/]+)", path)
        if found:
            name = urllib.parse.unquote(found[2])
            item = next((item for item in self.of(found[1]) if item["name"] == name), None)
            return (200, item, {}) if item else (404, {"message": "404 Not Found"}, {})
        if re.fullmatch(r"/projects/\d+/\w+", path):
            items = self.of(path)
            if path.endswith("/pipelines"):  # children stand in a list of their own
                wanted = asked.get("source")
                items = [item for item in items if (item.get("source") == wanted if wanted else
                                                    item.get("source") != "parent_pipeline")]
            return self.page(_filtered(items, asked), asked, most)
        if re.fullmatch(r"/projects/\d+/\w+/\d+", path):
            return self.one(path)
        if path.rsplit("/", 1)[1] in BELOW and self.one(path.rsplit("/", 1)[0])[0] == 200:
            return self.page(self.of(path), asked, most)
        return 404, {"message": "404 Not found"}, {}

    def query(self, variables, most):
        """Of GraphQL the one question that the collector has."""
        project = self._project(variables["project"])
        issue = int(variables["incident"].removeprefix("gid://gitlab/Issue/"))
        if project is None:
            return {"data": {"project": None}}
        events = self.timelines.get(issue, [])
        begin = int(variables.get("after", 0))
        end = begin + most
        return {"data": {"project": {"incidentManagementTimelineEvents": {
            "nodes": events[begin:end],
            "pageInfo": {"hasNextPage": end < len(events), "endCursor": str(end)}}}}}

    def one(self, path):
        place, number = path.rsplit("/", 1)
        key = "iid" if place.endswith(("merge_requests", "issues")) else "id"
        for item in self.of(place):
            if isinstance(item, dict) and str(item.get(key)) == number:
                return 200, item, {}
        return 404, {"message": "404 Not found"}, {}

    def ancestors(self, sha):
        found, wait = set(), [sha]
        while wait:
            sha = wait.pop()
            if sha in self.commits and sha not in found:
                found.add(sha)
                wait.extend(self.commits[sha]["parent_ids"])
        return found

    def history(self, asked, most):
        """Of a commit or a range; of one that is not there it is empty. Without a count every full
        page has a next one."""
        base, _, head = asked.get("ref_name", "").rpartition("..")
        missing = head not in self.commits or (base and base not in self.commits)
        shown = set() if missing else self.ancestors(head) - self.ancestors(base)
        if not head:
            shown = set(self.commits)
        items = sorted((self.commits[sha] for sha in shown),
                       key=lambda item: (item["committed_date"], item["id"]), reverse=True)
        size = min(int(asked.get("per_page", 20)), most)
        number = int(asked.get("page", 1))
        items = items[(number - 1) * size:number * size]
        return 200, items, {"X-Next-Page": str(number + 1) if len(items) == size else ""}

    def page(self, items, asked, most):
        size = min(int(asked.get("per_page", 20)), most)
        number = int(asked.get("page", 1))
        following = str(number + 1) if number * size < len(items) else ""
        shown = [item for item in items[(number - 1) * size:number * size]
                 if not (self.hidden and self.hidden(item))]
        return 200, shown, {"X-Next-Page": following}


def _filtered(items, asked):
    order = asked.get("order_by", "")
    if "iids[]" in asked:
        items = [item for item in items if str(item["iid"]) in asked["iids[]"]]
    if order:  # a null is the highest
        items = sorted(items, key=lambda item: (item.get(order) is None, item.get(order) or 0),
                       reverse=asked.get("sort") == "desc")
    if "updated_after" in asked:  # and after nothing
        items = [item for item in items
                 if (item.get("updated_at") or "") >= asked["updated_after"][:23]]
    return items


@contextlib.contextmanager
def serving(gitlab, limit_every=0, most=100):
    """(base URL, list of what was asked for). `most`: items of a page."""
    asked = []
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def do_GET(self):
            with lock:
                asked.append(self.path)
                url = urllib.parse.urlsplit(self.path)
                if limit_every and len(asked) % limit_every == 0:
                    answer = 429, {"message": "Retry later"}, {"Retry-After": "0"}
                else:
                    answer = gitlab.answer(url.path.removeprefix("/api/v4"),
                                           urllib.parse.parse_qs(url.query), most)
            self.reply(*answer)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked.append(self.path)
                if gitlab.before:
                    gitlab.before(self.path, body["variables"])
                answer = (next((refused for pattern, refused in gitlab.refused.items()
                                if re.search(pattern, self.path)), None)
                          or (200, (gitlab.graphql or gitlab.query)(body["variables"], most)))
            self.reply(*answer, {})

        def reply(self, status, body, headers):
            data = json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {"Date": self.date_time_string(), **headers,
                                **gitlab.headers}.items():
                self.send_header(name, str(value))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    root = f"http://127.0.0.1:{server.server_address[1]}"
    gitlab.root = root
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{root}/api/v4", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
