"""Bytes to a port and back, as they are: no library tidies up what is sent here."""
import re
import socket
import struct

SECONDS = 20


class Answer:
    """One HTTP answer; `status` 0 when there was none."""

    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = re.match(r"HTTP/1\.[01] (\d{3})|Status: (\d{3})", lines[0])
        self.status = int(found.group(1) or found.group(2)) if found else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())
        if "chunked" in self.get("transfer-encoding"):
            self.body = unchunked(self.body)
        self.text = self.body.decode("utf-8", "replace")

    def get(self, name):
        return ", ".join(self.headers.get(name.lower(), []))

    def __repr__(self):
        return f"{self.status} {self.get('location') or self.text[:200]!r}"


def unchunked(raw):
    out = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        n = int(size.split(b";")[0] or b"0", 16)
        out, raw = out + raw[:n], raw[n + 2:]
        if n == 0:
            break
    return out


def read_all(s, is_whole=lambda out: False):
    out = b""
    try:
        while not is_whole(out) and (chunk := s.recv(65536)):
            out += chunk
    except OSError:
        pass
    return out


def is_whole_http(out):
    """By its length; where there is none the end of the connection is the end."""
    head, end, body = out.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head, re.I)
    return bool(end and length and len(body) >= int(length.group(1)))


def send(s, raw):
    """As much of it as is taken: who is refused early is not read to the end."""
    try:
        s.sendall(raw)
    except OSError:
        pass


def http(port, raw, pieces=None):
    """What one connection says to these bytes until it is closed."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as s:
        s.settimeout(SECONDS)
        for piece in pieces or [raw]:
            send(s, piece)
        return Answer(read_all(s, is_whole_http))


# --- FastCGI -------------------------------------------------------------------

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)


def record(kind, content=b"", request=1, version=1, padding=0, length=None):
    n = len(content) if length is None else length
    return struct.pack(">BBHHBB", version, kind, request, n, padding, 0) + content + b"\0" * padding


def begin(role=1, flags=0, request=1):
    return record(BEGIN, struct.pack(">HB5x", role, flags), request)


def size(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)


def pair(name, value):
    name, value = (x if isinstance(x, bytes) else x.encode() for x in (name, value))
    return size(len(name)) + size(len(value)) + name + value


def params(*pairs):
    return b"".join(pair(name, value) for name, value in pairs)


def plain(method="GET", uri="/healthz", body=b"", **more):
    """The parameters that nginx sends, as a list that may be changed."""
    path, _, query = uri.partition("?")
    return [("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("QUERY_STRING", query),
            ("CONTENT_TYPE", "application/x-www-form-urlencoded" if body else ""),
            ("CONTENT_LENGTH", str(len(body)) if body else ""), ("REMOTE_ADDR", "192.0.2.9"), ("REQUEST_SCHEME", "http"),
            ("SERVER_PROTOCOL", "HTTP/1.1")] + list(more.items())


def request(pairs, body=b"", number=1):
    out = begin(request=number) + record(PARAMS, params(*pairs), number) + record(PARAMS, b"", number)
    return out + (record(STDIN, body, number) if body else b"") + record(STDIN, b"", number)


class Records:
    """What came back over the socket: the CGI answer, and whether it was ended."""

    def __init__(self, raw):
        self.raw, self.stdout, self.is_ended, self.kinds = raw, b"", False, []
        while len(raw) >= 8:
            _, kind, self.request, n, padding, _ = struct.unpack(">BBHHBB", raw[:8])
            content, raw = raw[8:8 + n], raw[8 + n + padding:]
            self.kinds.append(kind)
            if kind == STDOUT:
                self.stdout += content
            self.is_ended = self.is_ended or kind == END
        self.answer = Answer(self.stdout)


def fastcgi(path, raw, pieces=None, close=False):
    """What the socket says to these bytes; `close`: and nothing more will come."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(SECONDS)
        s.connect(path)
        for piece in pieces or [raw]:
            send(s, piece)
        if close:
            s.shutdown(socket.SHUT_WR)
        return Records(read_all(s))
