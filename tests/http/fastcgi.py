"""FastCGI straight to a socket of ours, as no web server stands between."""
import socket
import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content=b"", request_id=1):
    return struct.pack(">BBHHBx", 1, kind, request_id, len(content), 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    return b"".join(struct.pack(">B", len(b)) if len(b) < 128 else struct.pack(">I", len(b) | 1 << 31)
                    for b in (name, value)) + name + value


def message(method="GET", uri="/healthz", body=b"", **more):
    params = {"REQUEST_METHOD": method, "REQUEST_URI": uri, "REMOTE_ADDR": "192.0.2.7", "SERVER_PROTOCOL": "HTTP/1.1",
              "CONTENT_LENGTH": str(len(body)) if body else "", "REQUEST_SCHEME": "http", **more}
    out = record(BEGIN, struct.pack(">HB5x", 1, 0))
    out += record(PARAMS, b"".join(pair(k, v) for k, v in params.items())) + record(PARAMS)
    for at in range(0, len(body), 65528):
        out += record(STDIN, body[at:at + 65528])
    return out + record(STDIN)


def connect(where):
    """`where`: a path, or (address, port)."""
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(20)
    s.connect(where)
    return s


def answer_of(s):
    """(status, text) of what comes until the end of the request."""
    data, out = b"", b""
    while True:
        while len(data) < 8:
            more = s.recv(65536)
            if not more:
                raise ConnectionError("closed before the end of the answer")
            data += more
        _, kind, _, n, padding = struct.unpack(">BBHHBx", data[:8])
        while len(data) < 8 + n + padding:
            data += s.recv(65536)
        if kind == STDOUT:
            out += data[8:8 + n]
        if kind == END:
            break
        data = data[8 + n + padding:]
    head, _, body = out.decode().partition("\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.split("\r\n"))
    return int(lines.get("Status", "200").split()[0]), body


def ask(where, **request):
    with connect(where) as s:
        s.sendall(message(**request))
        return answer_of(s)
