"""Looks for secrets in bytes, in every form that they could have been written in."""
import base64
import contextlib
import pathlib
import urllib.parse

FRAGMENT = 16  # bytes of a secret that was cut are a leak too
LARGEST_MAPPING = 64 << 20  # of our programs; what is larger is the shadow of a sanitizer


def forms_of(secret):
    """Each form of a secret, by name. A secret is text."""
    raw = secret.encode()
    forms = {"raw": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode(),
             "lower case": raw.lower(), "UTF-16": secret.encode("utf-16-le")}
    for begin in range(0, len(raw) - FRAGMENT + 1, FRAGMENT // 2):
        forms[f"fragment at {begin}"] = raw[begin:begin + FRAGMENT]
        forms[f"fragment at {begin} in lower case"] = raw[begin:begin + FRAGMENT].lower()
    for before in range(3):
        # What is the same in base64 wherever the secret stands.
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            forms[f"{name} at {before}"] = encode(b"\0" * before + raw)[first:last]
    quoted = urllib.parse.quote(secret, safe="")
    forms["URL"] = quoted.encode()
    forms["url"] = _lower_escapes(quoted).encode()
    forms["lower case in a URL"] = quoted.lower().encode()
    forms["form"] = urllib.parse.quote_plus(secret).encode()
    forms["JSON"] = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"/", b"\\/")
    return forms


def _lower_escapes(quoted):
    first, *rest = quoted.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


class Scanner:
    def __init__(self, secrets):
        self.forms = [(name, form, text) for name, secret in secrets.items()
                      for form, text in forms_of(secret).items()]

    def hits(self, data, where):
        """What was found in these bytes, told without the secret."""
        return [f"{where}: {name} as {form} at {data.find(text)}"
                for name, form, text in self.forms if text in data]

    def hits_in_folder(self, folder):
        """Names too. What vanishes meanwhile has no bytes that are left."""
        found = []
        for path in sorted(pathlib.Path(folder).rglob("*")):
            found += self.hits(str(path.relative_to(folder)).encode(), f"the name of {path}")
            if path.is_file():
                with contextlib.suppress(FileNotFoundError):
                    found += self.hits(path.read_bytes(), path)
        return found

    def hits_in_process(self, pid, with_memory):
        found = []
        for name in ("cmdline", "environ"):
            found += self.hits(pathlib.Path(f"/proc/{pid}/{name}").read_bytes(), f"{name} of {pid}")
        for mapping, data in memory_of(pid) if with_memory else ():
            found += self.hits(data, f"memory of {pid}, {mapping}")
        return found


def memory_of(pid):
    """(line of its maps, bytes) of every mapping that can be read."""
    lines = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in lines:
            begin, end = (int(part, 16) for part in line.split(" ")[0].split("-"))
            if line.split(" ")[1][0] != "r" or end - begin > LARGEST_MAPPING:
                continue
            with contextlib.suppress(OSError, ValueError):  # of the kernel
                memory.seek(begin)
                data = bytearray()
                while begin + len(data) < end and (more := memory.read(end - begin - len(data))):
                    data += more
                yield line, bytes(data)
