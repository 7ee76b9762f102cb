"""What a source may do to a collector, and what has to come of it: one table.

A case is what the peer does instead of answering well, the outcome that the run must have, and a
pattern of what its report must say. `other` is a second peer at another origin, which nobody may
ever connect to.
"""
import dataclasses
import gzip
import json
import re
import time
import typing
import zlib
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

from http_site import LOOPBACK, MIB
from peer import answer

NAMES = [f"v{number}" for number in range(1, 5)]
NEVER = "v9"  # a row of a run that fails: not to be stored
PAGE_SIZE = 2


def page(names, **more):
    items = [{"name": name, "sha": f"{sum(name.encode()):040x}"} for name in names]
    return json.dumps({"items": items, **more}).encode()


def good(names=NAMES):
    """A source that behaves, in every mode of the plugin at once."""

    def script(talk, request):
        if request.target == "/token":
            talk.send(answer(b'{"access_token":"an-access-token","expires_in":3600}'))
            return
        query = parse_qs(urlsplit(request.target).query)
        begin = int(next(iter(query.values()), ["0"])[0])
        end = begin + PAGE_SIZE
        is_whole = "conditional" in request.target
        part = names if is_whole else names[begin:end]
        is_last = is_whole or end >= len(names)
        etag = f'"{len(names)}"'
        if is_whole and request.header("if-none-match") == etag:
            talk.send(answer(b"", f"ETag: {etag}", status="304 Not Modified", kind=""))
            return
        url = f"{talk.scheme}://{request.header('host')}{urlsplit(request.target).path}?page={end}"
        links = [] if is_last else [f'Link: <{url}>; rel="next"']
        body = page(part, next="" if is_last else str(end), total=len(names))
        talk.send(answer(body, f"ETag: {etag}", *links))

    return script


# ---- scripts: what a case does with a request ----------------------------------------------------

def send(data):
    return lambda talk, request, other: talk.send(data)


def send_and_hang(data):
    def script(talk, request, other):
        talk.send(data)
        talk.hang()

    return script


def send_for_ever(head, data, every=0.0):
    def script(talk, request, other):
        if talk.send(head):
            talk.send_for_ever(data, every)

    return script


def drip(data):
    def script(talk, request, other):
        for byte in data:
            if not talk.send(bytes([byte])):
                return
            time.sleep(1)

    return script


def send_and_reset(data):
    def script(talk, request, other):
        talk.send(data)
        time.sleep(0.1)  # a reset takes away what was not read yet
        talk.reset()

    return script


def redirect(location, status="302 Found"):
    """To a place, with {other} for host and port of the other origin, {own} for those of this."""

    def script(talk, request, other):
        where = location.format(other=f"127.0.0.1:{other.port}", own=request.header("host"),
                                port=request.header("host").rpartition(":")[2])
        talk.send(answer(b"", f"Location: {where}", status=status, kind=""))

    return script


def link(target):
    """A first page that is fine, and a next one there."""

    def script(talk, request, other):
        where = target.format(other=f"127.0.0.1:{other.port}", own=request.header("host"))
        # Never the same bytes: that would be found too.
        talk.send(answer(page([NEVER], at=time.monotonic_ns()), f'Link: <{where}>; rel="next"'))

    return script


def then(first, second):
    """The first page is fine and names a second one, which is not."""

    def script(talk, request, other):
        (first if "?" not in request.target else second)(talk, request, other)

    return script


def well(talk, request, other):
    good()(talk, request)


def once(first):
    """The first request of all is answered so; what comes then, well."""
    is_left = [True]

    def script(talk, request, other):
        (first if is_left else well)(talk, request, other)
        is_left.clear()

    return script


def other_page(body, *headers):
    """What is wrong comes with the second page."""
    return then(link("/tags?page=2"), send(answer(body, *headers)))


def cookies(talk, request, other):
    """Every page tries to leave cookies, some of them with another origin's name."""
    names = ("a=1; Path=/", "b=1; Domain=localhost", "c=1; Domain=127.0.0.1; Max-Age=99999",
             "__Host-d=1; Secure; Path=/", "Authorization=Bearer stolen", "e=" + "x" * 4000)

    class Baited:
        scheme = talk.scheme

        def send(self, data):
            head, _, body = data.partition(b"\r\n\r\n")
            lines = [head, *(f"Set-Cookie: {name}".encode() for name in names)]
            return talk.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    good()(Baited(), request)


def elsewhere(talk, request, other):
    """It advertises another origin in every way that is no redirect."""
    head, _, body = answer(page(NAMES, total=len(NAMES))).partition(b"\r\n\r\n")
    place = f"http://127.0.0.1:{other.port}/tags"
    for line in (f'Alt-Svc: http/1.1="127.0.0.1:{other.port}"; ma=86400',
                 f"Refresh: 0; url={place}", f"Content-Location: {place}", f"Location: {place}",
                 "Strict-Transport-Security: max-age=99999", f'Link: <{place}>; rel="prefetch"'):
        head += b"\r\n" + line.encode()
    talk.send(head + b"\r\n\r\n" + body)


def endless_pages(talk, request, other):
    """Each has rows of its own and names another one."""
    number = int(parse_qs(urlsplit(request.target).query).get("page", ["0"])[0])
    talk.send(answer(page([f"{NEVER}-{number}"] * 100),
                     f'Link: </tags?page={number + 1}>; rel="next"'))


def no_more_for(seconds):
    return ("X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 0",
            f"X-RateLimit-Reset: {time.time() + seconds:.0f}")


def granted_no_more(talk, request, other):
    """A page that is fine, and the last one that it gives for a while."""
    talk.send(answer(page([NEVER]), 'Link: </tags?a=2>; rel="next"', *no_more_for(300)))


def shrinking(talk, request, other):
    begins = parse_qs(urlsplit(request.target).query).get("offset")
    talk.send(answer(page([NEVER, "v8"], total=5) if not begins else page(["v7"], total=3)))


def repeated(talk, request, other):
    """Rows come twice and in another order, as when they move while they are read."""
    if "?" not in request.target:
        where = f"http://{request.header('host')}/tags?page=2"
        talk.send(answer(page(["v4", "v2", "v3", "v2"]), f'Link: <{where}>; rel="next"'))
    else:
        talk.send(answer(page(["v3", "v1", "v4"], total=4)))


def not_asked_for(talk, request, other):
    """Nothing changed, to a request that did not ask whether anything had."""
    if request.header("if-none-match") or request.header("if-modified-since"):
        raise AssertionError("this run asks conditionally")
    talk.send(answer(b"", 'ETag: "4"', status="304 Not Modified", kind=""))


def bomb(kind="gzip"):
    """1 MiB of zeros, compressed, again and again: a thousand times larger than it is."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b'{"items":[') + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    start = answer(b"", "Transfer-Encoding: chunked", f"Content-Encoding: {kind}")
    return send_for_ever(start + chunk(head), chunk(zeros))


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def later(seconds):
    return formatdate(time.time() + seconds, usegmt=True)


PACKED = gzip.compress(page([NEVER] * 100))
CHUNKED = answer(b"", "Transfer-Encoding: chunked")
# s, in which a request is made four times whatever the waits between: where the last one is cut
# short, the reason is another.
FOUR_TIMES = 9
ORIGINS = r"redirects to .*, which is not this connection's http://127\.0\.0\.1:\d+"
REFUSED = r"address, which is refused unless the connection allows it"


@dataclasses.dataclass
class Case:
    does: typing.Callable
    outcome: str
    says: str = ""
    mode: str = "link"
    timeout: int = 2
    requests: typing.Optional[int] = None  # at most this many arrive
    full: bool = False  # the run reads everything again
    more: str = ""  # of the connection
    tls: str = ""  # the certificate while it behaves badly; it is valid else
    base: str = ""  # what base_url is meanwhile, with {other} for the port of the other peer
    networks: tuple = LOOPBACK
    other: str = "127.0.0.1"  # where the other peer listens
    is_deaf: bool = False  # nothing is accepted
    oauth2: bool = False  # the credential is changed for an access token at /token
    memory: int = 48 * MIB  # that a process may need beyond what it needs for a good run


# What a source says that wants no more requests.
def limited(*headers, status="429 Too Many Requests", requests=1, **more):
    body = b'{"items":[],"message":"slow down"}'
    return Case(send(answer(body, *headers, status=status)), "rate_limited",
                rf"HTTP {status[:3]}: the source wants no more requests", requests=requests, **more)


def address(base, other="127.0.0.1"):
    return Case(send(b""), "config", REFUSED, base=base, other=other, networks=())


def token(does, outcome, says, **more):
    """What the server of access tokens does. The source itself is not asked then."""
    return Case(does, outcome, f"POST http://127.0.0.1:[0-9]+/token: .*({says})", oauth2=True,
                **more)


def invalid(body, says="the page of tags is no JSON object"):
    return Case(send(answer(body)), "data", says, requests=1)


CASES = {
    # It does not answer.
    "never accepts": Case(send(b""), "transient", "cannot connect in time", is_deaf=True),
    "accepts and hangs": Case(send_and_hang(b""), "transient", "no whole answer in time"),
    "one byte per second": Case(
        drip(answer(page([NEVER]))),
        "transient", "no whole answer in time"),
    "one byte of a body per second": Case(
        send_for_ever(answer(b"", "Content-Length: 1000000"), b" ", 1), "transient",
        "no whole answer in time"),
    "closes without an answer": Case(send(b""), "transient",
                                     "closed without an answer after 4 attempts", requests=4,
                                     timeout=FOUR_TIMES),
    # Its head is no head.
    "header flood": Case(send_for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100), "data",
                         "larger than 64 KiB or 200 headers", requests=1),
    "endless headers": Case(send_for_ever(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 4096), "data",
                            "larger than 64 KiB or 200 headers", requests=1),
    "1xx flood": Case(send_for_ever(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100), "data",
                      "larger than 64 KiB or 200 headers", requests=1),
    "a header's name that is no text": Case(
        lambda talk, request, other: talk.send(answer(page(NAMES), "X-\xff: a")), "ok"),
    "switches protocols": Case(
        send_and_hang(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"),
        "transient", "no whole answer in time"),
    "garbage instead of HTTP": Case(send(bytes(range(256)) * 40), "data", "does not speak HTTP",
                                    requests=1),
    "HTTP/0.9": Case(send(page([NEVER])), "data", "does not speak HTTP", requests=1),
    "HTTP/7.7": Case(send(b"HTTP/7.7 200 OK\r\n\r\n" + page([NEVER])), "data",
                     "does not speak HTTP", requests=1),
    "status 000": Case(send(answer(page([NEVER]), status="000 Oops")), "data",
                       "does not speak HTTP", requests=1),
    "status 600": Case(send(answer(page([]), status="600 Oops")), "transient", "HTTP 600",
                       timeout=FOUR_TIMES),
    "status of four digits": Case(send(answer(page([NEVER]), status="2000 OK")), "data",
                                  "does not speak HTTP", requests=1),
    "NUL in a header": Case(send(answer(page([NEVER]), "X-A: a\0b")), "data",
                            "the head of the answer is broken|does not speak HTTP", requests=1),
    # Its body is no body.
    "truncated": Case(send(answer(page([NEVER]), "Content-Length: 5000")), "transient",
                      "the answer ends too early", timeout=FOUR_TIMES),
    "two lengths": Case(
        send(answer(page([NEVER]), f"Content-Length: {len(page([NEVER]))}", "Content-Length: 9")),
        "data", "the head of the answer is broken", requests=1),
    "negative length": Case(send(answer(page([NEVER]), "Content-Length: -5")), "data",
                            "does not speak HTTP", requests=1),
    "bad chunk size": Case(send(CHUNKED + chunk(page([NEVER])) + b"zz\r\n"), "transient",
                           "exchange failed|ends too early", timeout=FOUR_TIMES),
    "huge chunk size": Case(send(CHUNKED + b"ffffffffffffffffff\r\n" + page([NEVER])), "transient",
                            "exchange failed|ends too early", timeout=FOUR_TIMES),
    "chunked with no end": Case(send(CHUNKED + chunk(page([NEVER]))), "transient",
                                "the answer ends too early|exchange failed", timeout=FOUR_TIMES),
    "chunked, and hangs": Case(send_and_hang(CHUNKED + chunk(page([NEVER]))), "transient",
                               "no whole answer in time"),
    "endless chunk extension": Case(send_for_ever(CHUNKED + b"5;", b"a" * 65536), "transient",
                                    "no whole answer in time"),
    "endless trailers": Case(send_for_ever(CHUNKED + b"0\r\n", b"X-A: b\r\n" * 100), "data",
                             "larger than 64 KiB or 200 headers"),
    "reset in mid-body": Case(
        send_and_reset(answer(b'{"items":[', "Content-Length: 5000")), "transient",
        "exchange failed|ends too early", timeout=FOUR_TIMES),
    "endless body": Case(send_for_ever(CHUNKED, chunk(b" " * 65536)), "limit",
                         "larger than 16 MiB: to allow more, set max_response_mib", timeout=20,
                         more="max_response_mib = 16", memory=80 * MIB),
    "endless body without a length": Case(
        send_for_ever(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 65536),
        "limit", "larger than 16 MiB: to allow more, set max_response_mib", timeout=20,
        more="max_response_mib = 16", memory=80 * MIB),
    "gzip bomb": Case(bomb(), "data", "grows to more than .* times its bytes", requests=1),
    "gzip of the transfer": Case(
        send(answer(chunk(PACKED) + b"0\r\n\r\n", "Transfer-Encoding: gzip, chunked")), "data",
        "encoded in a way that was not asked for", requests=1),
    "gzip in gzip": Case(
        send(answer(gzip.compress(PACKED), "Content-Encoding: gzip, gzip")), "data",
        "encoded in a way that was not asked for", requests=1),
    "broken gzip": Case(
        send(answer(PACKED[:60] + b"\xff" * 20 + PACKED[80:], "Content-Encoding: gzip")),
        "transient", "the compressed answer is broken", timeout=FOUR_TIMES),
    "half a gzip": Case(send(answer(PACKED[:60], "Content-Encoding: gzip")), "transient",
                        "the compressed answer is broken or ends too early", timeout=FOUR_TIMES),
    "no gzip at all": Case(send(answer(page([NEVER]), "Content-Encoding: gzip")), "transient",
                           "the compressed answer is broken", timeout=FOUR_TIMES),
    # It answers something else.
    "wrong Content-Type": Case(send(answer(page([NEVER]), kind="application/octet-stream")), "data",
                               "answered application/octet-stream instead of JSON", requests=1),
    "HTML with status 200": Case(
        send(answer(b"<html><title>Log in</title></html>", kind="text/html; charset=utf-8")),
        "data", "answered text/html instead of JSON", requests=1),
    "HTML that says it is JSON": invalid(b"<html><title>Log in</title></html>"),
    "empty 200": Case(send(answer(b"")), "data", "answered nothing instead of JSON", requests=1),
    "204": Case(send(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), "data",
                "the page of tags is no JSON object|HTTP 204|answered nothing", requests=1),
    "206": Case(send(answer(page([NEVER]), "Content-Range: bytes 0-9/99999",
                            status="206 Partial Content")), "data", "HTTP 206", requests=1),
    "304 that was not asked for": Case(not_asked_for, "data", "HTTP 304|304", requests=1),
    "304 to a full run": Case(not_asked_for, "data", "HTTP 304|304", mode="conditional", full=True,
                              requests=1),
    "304 that was asked for": Case(well, "ok", mode="conditional"),
    "broken JSON with an ETag": Case(send(answer(b'{"items":[', 'ETag: "v9"')), "data",
                                     "no JSON object", mode="conditional", requests=1),
    "404 with an ETag": Case(send(answer(page([]), 'ETag: "v9"', status="404 Not Found")), "data",
                             "HTTP 404", mode="conditional", requests=1),
    "401": Case(send(answer(b"{}", 'WWW-Authenticate: Basic realm="x"', "WWW-Authenticate: NTLM",
                            "WWW-Authenticate: Negotiate", status="401 Unauthorized")), "auth",
                "HTTP 401: is the credential right", requests=1),
    "403": Case(send(answer(page([]), status="403 Forbidden")), "auth", "HTTP 403", requests=1),
    "404": Case(send(answer(page([]), status="404 Not Found")), "data", "HTTP 404", requests=1),
    "407": Case(send(answer(page([]), "Proxy-Authenticate: Basic", status="407 Proxy")), "data",
                "HTTP 407", requests=1),
    # It wants no more.
    "429": limited(),
    "429, negative": limited("Retry-After: -5"),
    "429, dated": limited(f"Retry-After: {later(3000)}"),
    "429, dated in the past": limited(f"Retry-After: {later(-3600)}", requests=4),
    "429, zero": limited("Retry-After: 0", requests=4),
    "429, absurd": limited("Retry-After: 99999999999999999999999999"),
    "429, unreadable": limited("Retry-After: after lunch"),
    "429, year 9999": limited("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
    "403 with remaining 0": limited(*no_more_for(3000), status="403 Forbidden"),
    "429 on the second page": Case(
        then(link("/tags?page=2"), send(answer(b"{}", status="429 Too Many Requests"))),
        "rate_limited", "HTTP 429", requests=2),
    # It is ill.
    "500 storm": Case(send(answer(page([]), status="500 Oops")), "transient",
                      "HTTP 500 after 4 attempts", timeout=FOUR_TIMES, requests=4),
    "500 storm, no time": Case(send(answer(page([]), status="500 Oops")), "transient",
                               "HTTP 500|answer in time|connect in time", requests=4),
    "503 with Retry-After": Case(
        send(answer(page([]), "Retry-After: 120", status="503 Service Unavailable")), "transient",
        "HTTP 503", requests=1),
    "500 once": Case(once(send(answer(b"{}", status="500 Oops"))), "ok", timeout=FOUR_TIMES),
    "429 once": Case(
        once(send(answer(b"{}", "Retry-After: 1", status="429 Slow down"))), "ok",
        timeout=FOUR_TIMES),
    "reset once": Case(
        once(send_and_reset(answer(b'{"items":[', "Content-Length: 50"))), "ok",
        timeout=FOUR_TIMES),
    "closes without an answer once": Case(once(send(b"")), "ok", timeout=FOUR_TIMES),
    "no more after the first page": Case(granted_no_more, "rate_limited",
                                         "the source wants no more requests for", requests=1),
    "500 on the second page": Case(
        then(link("/tags?page=2"), send(answer(page([]), status="500 Oops"))), "transient",
        "HTTP 500", timeout=FOUR_TIMES),
    # It sends away.
    "redirect loop": Case(redirect("/tags"), "data", "redirects more than 3 times", requests=4),
    "redirect to another host": Case(redirect("http://{other}/tags"), "data", ORIGINS, requests=1),
    "308 to another host": Case(redirect("http://{other}/tags", "308 Permanent Redirect"), "data",
                                ORIGINS, requests=1),
    "redirect without a scheme": Case(redirect("//{other}/tags"), "data", ORIGINS, requests=1),
    "redirect with a user": Case(redirect("http://{own}@{other}/tags"), "data",
                                 f"{ORIGINS}|no URL of HTTP", requests=1),
    "redirect with backslashes": Case(redirect("http:\\\\{other}\\tags"), "data",
                                      f"{ORIGINS}|no URL of HTTP|HTTP 302|redirects", requests=4),
    "redirect to a slash and a backslash": Case(
        redirect("/\\{other}/tags"), "data", f"{ORIGINS}|no URL of HTTP|redirects", requests=4),
    "redirect to the same host by another name": Case(
        redirect("http://localhost:{port}/tags"), "data", ORIGINS, requests=1),
    "redirect to another port": Case(redirect("http://127.0.0.1:1/tags"), "data", ORIGINS,
                                     requests=1),
    "redirect on the second page": Case(
        then(link("/tags?page=2"), redirect("http://{other}/tags")), "data", ORIGINS, requests=2),
    "redirect after a redirect": Case(
        then(redirect("/tags?page=2"), redirect("http://{other}/tags")), "data", ORIGINS,
        requests=2),
    "downgrade": Case(redirect("http://{other}/tags"), "data",
                      r"redirects to http://127\.0\.0\.1:\d+ without TLS", tls="valid", requests=1),
    "redirect to metadata": Case(redirect("http://169.254.169.254/latest/meta-data/"), "data",
                                 ORIGINS, requests=1),
    "redirect to file": Case(redirect("file:///etc/passwd"), "data", "no URL of HTTP", requests=1),
    "redirect to gopher": Case(redirect("gopher://{other}/_GET"), "data", "no URL of HTTP",
                               requests=1),
    "redirect to an empty place": Case(redirect(""), "data",
                                       "redirects more than 3 times|HTTP 302|no URL of HTTP",
                                       requests=4),
    "redirect to a choice": Case(redirect("http://{other}/tags", "300 Multiple Choices"), "data",
                                 "HTTP 300", requests=1),
    "two redirects": Case(
        send(answer(b"", "Location: /tags", "Location: http://127.0.0.1:1/", status="302 Found")),
        "data", f"redirects more than 3 times|{ORIGINS}", requests=4),
    "redirect to nowhere": Case(send(answer(page([]), status="302 Found")), "data", "HTTP 302",
                                requests=1),
    "use this proxy": Case(redirect("http://{other}", "305 Use Proxy"), "data", "HTTP 305",
                           requests=1),
    "cookies": Case(cookies, "ok"),
    "advertises another origin": Case(elsewhere, "ok"),
    # Its pages do not fit together.
    "page loop by Link": Case(link("http://{own}/tags"), "data", "its pages go in circles",
                              requests=2),
    "page loop of two": Case(
        then(link("/tags?page=2"), link("/tags")), "data", "its pages go in circles", requests=2),
    "the same page for ever": Case(
        lambda talk, request, other: talk.send(answer(
            page([NEVER] * 3), f'Link: </tags?page={time.monotonic_ns()}>; rel="next"')), "data",
        "answered two pages with the same bytes", requests=2),
    "endless pages": Case(endless_pages, "transient",
                          "time is over|answer in time|connect in time"),
    "repeating token": Case(
        lambda talk, request, other: talk.send(answer(
            page([NEVER], next="again", at=time.monotonic_ns()))), "data",
        "its pages go in circles", mode="token", requests=2),
    "Link to another origin": Case(link("http://{other}/tags?page=2"), "data",
                                   "asked for a URL at .*, but this connection is", requests=1),
    "Link without a scheme": Case(link("//{other}/tags?page=2"), "data",
                                  "outside|asked for|cannot be used|HTTP|circles|bytes",
                                  requests=3),
    "Link with a user": Case(link("http://{own}@{other}/tags"), "data", "asked for", requests=1),
    "Link to metadata": Case(link("http://169.254.169.254/latest/"), "data",
                             "asked for a URL at http://169.254.169.254:80", requests=1),
    "shrinking total": Case(shrinking, "data", "total changed from 5 to 3", mode="offset",
                            requests=2),
    "fewer rows than it says": Case(send(answer(page([NEVER], total=4))), "data",
                                    "has 4 tags, but its pages hold 1", requests=1),
    "duplicated and reordered rows": Case(repeated, "ok"),
    "another form in mid-pages": Case(
        other_page(b'{"values":[{"title":"v8"}],"isLastPage":true}'), "data",
        "another form: no items", requests=2),
    "another form of items in mid-pages": Case(
        other_page(b'{"items":[{"title":"v8","id":7}]}'), "data", "another form: no name",
        requests=2),
    "an error as a page": Case(other_page(b'{"error":"try again"}'), "data", "another form",
                               requests=2),
    "no page as a page": Case(other_page(b"null"), "data", "no JSON object", requests=2),
    # Its JSON is a trap.
    "deep JSON": invalid(b"[" * 100_000),
    "deep JSON, closed": invalid(b'{"items":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "duplicate keys": Case(
        send(answer(b'{"items":[{"name":"v9","sha":"00"}],"total":1,"items":[]}')), "data",
        "has 1 tags, but its pages hold 0", requests=1),
    "1e999": invalid(b'{"items":[],"total":1e999}', "no whole number as total|no JSON object"),
    "1e999999999999": invalid(b'{"items":[],"total":1e999999999999}',
                              "no whole number as total|no JSON object"),
    "lone surrogate": invalid(b'{"items":[{"name":"\\ud800","sha":"00"}]}'),
    "invalid UTF-8": invalid(b'{"items":[{"name":"\xff\xfe","sha":"00"}]}'),
    "no object id": Case(send(answer(b'{"items":[{"name":"v9","sha":"0xyz"}]}')), "data",
                         "stream refs: column (target|sha)", requests=1),
    "JSON after a BOM": invalid(b"\xef\xbb\xbf" + page([NEVER])),
    "JSON in UTF-16": invalid(page([NEVER]).decode().encode("utf-16")),
    "half a JSON": invalid(page([NEVER] * 3)[:-5]),
    "two JSONs": invalid(page([NEVER]) * 2),
    # It is the server of access tokens that misbehaves.
    "token: hangs": token(send_and_hang(b""), "transient", "no whole answer in time"),
    "token: redirect to another host": token(
        redirect("http://{other}/token", "307 Temporary Redirect"), "auth", "HTTP 307", requests=1),
    "token: redirect to itself": token(redirect("/token"), "auth", "HTTP 302", requests=1),
    "token: HTML with status 200": token(
        send(answer(b"<html>Log in</html>", kind="text/html")), "data", "without an access token",
        requests=1),
    "token: an empty answer": token(send(answer(b"")), "data", "without an access token",
                                    requests=1),
    "token: a number": token(send(answer(b'{"access_token":5}')), "data", "without an access token",
                             requests=1),
    "token: another header in it": token(
        send(answer(b'{"access_token":"a\\r\\nX-A: b"}')), "data", "without an access token",
        requests=1),
    "token: deep JSON": token(send(answer(b"[" * 60_000)), "data", "without an access token",
                              requests=1),
    "token: endless": token(send_for_ever(CHUNKED, chunk(b" " * 4096)), "data",
                            "too large for an access token", requests=1),
    "token: gzip bomb": token(bomb(), "data", "grows to more than|too large", requests=1),
    "token: 429": token(send(answer(b"{}", status="429 Slow down")), "rate_limited", "HTTP 429",
                        requests=1),
    "token: 500 storm": token(send(answer(b"{}", status="500 Oops")), "transient", "HTTP 500",
                              requests=4, timeout=FOUR_TIMES),
    "token: refused": token(send(answer(b'{"error":"invalid_client"}', status="401 No")), "auth",
                            "HTTP 401 invalid_client", requests=1),
    "token: never the right one": Case(
        lambda talk, request, other: good()(talk, request) if request.target == "/token"
        else talk.send(answer(b"{}", status="401 Unauthorized")), "auth", "HTTP 401", oauth2=True,
        requests=4),
    # It is not who it says it is.
    "TLS expired": Case(send(answer(page([NEVER]))), "transient",
                        "certificate has expired", tls="expired", requests=0),
    "TLS self-signed": Case(send(answer(page([NEVER]))), "transient",
                            "is not signed by the authority in ca_file", tls="self_signed",
                            requests=0),
    "TLS wrong host": Case(send(answer(page([NEVER]))), "transient",
                           "certificate is for another host", tls="wrong_host", requests=0),
    "TLS too old": Case(send(answer(page([NEVER]))), "transient", "only TLS older than 1.2",
                        tls="too_old", requests=0, timeout=FOUR_TIMES),
    "no TLS at all": Case(send(answer(b"{}", status="400 Bad Request")), "transient",
                          "no TLS there", tls="none", timeout=FOUR_TIMES),
    "TLS that never answers": Case(send_and_hang(b""), "transient", "cannot connect in time",
                                   tls="none"),
    "garbage instead of TLS": Case(send(bytes(range(1, 256)) * 40), "transient",
                                   "no TLS there|no TLS connection could be agreed on|closed",
                                   tls="none", timeout=FOUR_TIMES),
    "TLS that is reset": Case(send_and_reset(b""), "transient",
                              "no TLS connection could be agreed on|exchange failed|cannot connect",
                              tls="none", timeout=FOUR_TIMES),
    "TLS that is cut": Case(
        send(answer(page([NEVER]), "Transfer-Encoding: identity")), "transient",
        "somebody may have cut it", tls="valid", timeout=FOUR_TIMES),
    # Its name leads inside. The other peer is where it leads to.
    "name of a loopback address": address("http://localhost:{other}"),
    "loopback address": address("http://127.0.0.1:{other}"),
    "another loopback address": address("http://127.9.8.7:{other}", "127.9.8.7"),
    "unspecified address": address("http://0.0.0.0:{other}"),
    "IPv6 loopback address": address("http://[::1]:{other}", "::1"),
    "IPv6 unspecified address": address("http://[::]:{other}", "::1"),
    "IPv4 in IPv6": address("http://[::ffff:127.0.0.1]:{other}"),
    "IPv4 in IPv6, hexadecimal": address("http://[::ffff:7f00:1]:{other}"),
    "decimal address": address("http://2130706433:{other}"),
    "octal address": address("http://0177.0.0.1:{other}"),
    "hexadecimal address": address("http://0x7f000001:{other}"),
    "short address": address("http://127.1:{other}"),
}
assert len({re.sub(r"\W", "", name.lower()) for name in CASES}) == len(CASES)
