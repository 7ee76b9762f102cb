"""Fails on an include that packaging/cmake/layers.txt does not allow, and on a circle in it."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')
# Libraries that only some modules may see, however they are linked.
ONLY = {
    "boost/beast": {"net"},
    "boost/asio": {"net", "host", "control", "main"},
    "boost/dll": {"worker"},
    "sqlite3.h": {"store"},
    "curl/": {"broker"},
    "baselined/cassette.h": {"broker"},
    "git2": set(),
    "prometheus/": {"expose"},
    "toml++": {"base", "config", "records", "kpi"},
    "date/": {"base"},
    "openssl/": {"base", "broker"},
}


def read_layers():
    layers = {}
    for line in (ROOT / "packaging/cmake/layers.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            module, allowed = line.split(":")
            layers[module] = allowed.split()
    return layers


def circles(layers):
    done, path, found = set(), [], []

    def visit(module):
        if module in path:
            found.append("circle: " + " -> ".join(path[path.index(module):] + [module]))
            return
        if module in done or module not in layers:
            return
        path.append(module)
        for dependency in layers[module]:
            visit(dependency)
        path.pop()
        done.add(module)

    for module in layers:
        visit(module)
    return found


def daemon_includes(layers):
    for file in sorted((ROOT / "daemon").rglob("*.[hc]*")):
        if file.suffix not in (".h", ".cpp"):
            continue
        module = file.relative_to(ROOT / "daemon").parts[0]
        allowed = layers.get(module)
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            name, place = match.group(1), f"{file.relative_to(ROOT)}:{number}"
            if allowed is None:
                yield f"{place}: module {module} is not in layers.txt"
            elif name.startswith("daemon/"):
                target = name.split("/")[1]
                if target != module and target not in allowed and "*" not in allowed:
                    yield f"{place}: {module} must not use {target}"
            for prefix, modules in ONLY.items():
                if name.startswith(prefix) and module not in modules:
                    yield f"{place}: {module} must not include <{name}>"


def plugin_includes():
    for folder in ("plugins", "sdk"):
        for file in sorted((ROOT / folder).rglob("*.[hc]*")):
            if file.suffix not in (".h", ".hpp", ".cpp"):
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match and match.group(1).startswith("daemon/"):
                    yield f"{file.relative_to(ROOT)}:{number}: sees the SDK only, not {match.group(1)}"


def main():
    layers = read_layers()
    findings = circles(layers) + list(daemon_includes(layers)) + list(plugin_includes())
    print("\n".join(findings))
    return 1 if findings else 0


sys.exit(main())
