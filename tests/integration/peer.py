"""A scripted peer: a server that does to whoever connects what a script says, byte by byte, and
keeps every byte that it received.

    with Peer(always(answer(b'{"items":[]}'))) as peer:
        ... peer.url ... peer.received ...
A script is a function of a Talk and the Request that arrived; when it returns, the connection is
closed. Below HTTP on purpose: a library would not send what must be survived here.
"""
import contextlib
import dataclasses
import socket
import ssl
import struct
import subprocess
import threading
import time
import warnings

PATIENCE = 60  # seconds that a script goes on at most: nobody hangs for ever


def answer(body=b"", *headers, status="200 OK", kind="application/json"):
    """A whole answer. `headers` are lines; one that frames the body replaces its length."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if kind:
        lines.append(f"Content-Type: {kind}")
    framing = ("content-length", "transfer-encoding")
    if not any(line.lower().startswith(framing) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def always(data):
    return lambda talk, request: talk.send(data)


def in_turn(*scripts):
    """The first script for the first request, and so on; the last one stays."""
    left = list(scripts)
    lock = threading.Lock()

    def script(talk, request):
        with lock:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(talk, request)

    return script


@dataclasses.dataclass
class Request:
    method: str
    target: str
    head: bytes

    def header(self, name):
        """The value of a header, or an empty text."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""


class Talk:
    """One connection, as the script sees it."""

    def __init__(self, connection, record):
        self.connection = connection
        self.record = record
        self.scheme = "https" if isinstance(connection, ssl.SSLSocket) else "http"
        self.until = time.monotonic() + PATIENCE

    def _receive(self):
        """More bytes, or none at the end."""
        with contextlib.suppress(OSError):
            data = self.connection.recv(65536)
            self.record.extend(data)
            return data
        return b""

    def request(self):
        """The next request with its body, or None where there is none. What is no text, a hello of
        TLS, has neither method nor target."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._receive()
            if not more:
                return None
            data += more
            if data[0] < 0x20:
                return Request("", "", data)
        head, _, body = data.partition(b"\r\n\r\n")
        words = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        request = Request(words[0], words[1] if len(words) > 1 else "", head)
        missing = int(request.header("content-length") or 0) - len(body)
        while missing > 0 and (more := self._receive()):
            missing -= len(more)
        return request

    def send(self, data):
        """False where nobody is there any more."""
        try:
            self.connection.sendall(data)
        except OSError:
            return False
        return time.monotonic() < self.until

    def send_for_ever(self, data, every=0.0):
        while self.send(data):
            if every:
                time.sleep(every)

    def hang(self):
        """Until the other side hangs up."""
        while self._receive():
            pass

    def reset(self):
        """The other side gets a RST, not an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Peer:
    """Listens on a port of the system's choice from the start until close(). `script` and `tls`, an
    ssl.SSLContext, may be changed at any time: they count for connections that come then."""

    def __init__(self, script=None, tls=None, address="127.0.0.1"):
        self.script = script or always(answer(b"{}"))
        self.tls = tls
        self.received = []  # of each connection all bytes, decrypted
        self.requests = []
        self._open = set()
        self._stuffing = []
        self._is_accepting = threading.Event()
        self._is_accepting.set()
        self._is_closed = False
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, 0))
        self._listener.listen(64)
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self.host = f"[{address}]" if ":" in address else address
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def everything(self):
        """All that was ever received, of all connections."""
        return b"".join(bytes(record) for record in self.received)

    def stop_accepting(self):
        """Who connects from now on waits: the backlog is full."""
        self._is_accepting.clear()
        time.sleep(0.1)  # an accept() that is under way
        self._listener.listen(0)
        is_full = False
        while not is_full and len(self._stuffing) < 200:
            client = socket.socket(self._listener.family)
            client.settimeout(0.3)
            self._stuffing.append(client)
            try:
                client.connect((self._listener.getsockname()[0], self.port))
            except TimeoutError:
                is_full = True
        if not is_full:
            raise AssertionError("the backlog does not become full")

    def accept_again(self):
        for client in self._stuffing:
            client.close()
        self._stuffing.clear()
        self._listener.listen(64)
        self._is_accepting.set()

    def close(self):
        self._is_closed = True
        self.accept_again()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while not self._is_closed:
            self._is_accepting.wait()
            with contextlib.suppress(OSError):  # nobody came
                connection = self._listener.accept()[0]
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection):
        connection.settimeout(PATIENCE)
        self._open.add(connection)
        record = bytearray()
        self.received.append(record)
        script, tls = self.script, self.tls
        try:
            if tls:
                self._open.discard(connection)
                connection = tls.wrap_socket(connection, server_side=True,
                                             do_handshake_on_connect=False)
                self._open.add(connection)
                connection.do_handshake()
            talk = Talk(connection, record)
            if (request := talk.request()) is not None:
                self.requests.append(request)
                script(talk, request)
        except OSError:
            pass  # no TLS was agreed on, say: what was received is recorded
        finally:
            connection.close()
            self._open.discard(connection)


class Authority:
    """A certificate authority of the test, in a folder; `ca` is its own certificate. The attributes
    are ssl.SSLContexts of servers."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.ca = folder / "ca.pem"
        self._self_signed("ca", "Authority of the test")
        self.valid = self._signed("valid", "IP:127.0.0.1,DNS:localhost")
        self.expired = self._signed("expired", "IP:127.0.0.1,DNS:localhost", days=-1)
        self.wrong_host = self._signed("wrong", "DNS:other.example,IP:192.0.2.1")
        self._self_signed("self", "127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        self.self_signed = self._context("self")
        self.too_old = self._too_old()

    def _too_old(self):
        """Valid, but it speaks TLS 1.0 and 1.1 only."""
        context = self._context("valid")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=True)

    def _self_signed(self, name, common_name, *more):
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30",
                      "-subj", f"/CN={common_name}", *more)

    def _signed(self, name, names, days=30):
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=server",
                      "-addext", f"subjectAltName={names}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-CAcreateserial", "-copy_extensions", "copy", "-days", str(days), "-out",
                      f"{name}.pem")
        return self._context(name)

    def _context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context
