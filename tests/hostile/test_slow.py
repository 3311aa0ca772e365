"""Half-sent, dripping and endless requests: they end on their own, and nobody waits behind them (HT-16, design D10c)."""
import concurrent.futures
import os
import re
import select
import socket

from wire import PARAMS, STDIN, begin, fastcgi, http, params, plain, read_all, record, request

HEAD = "POST /oauth2/token HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def test_drips(provider, world):
    """Byte by byte through the web server: answered like any other."""
    raw = (HEAD.format(port=provider.port) + "Connection: close\r\nContent-Length: 12\r\n\r\ngrant_type=x").encode()
    answer = http(provider.port, b"", pieces=[raw[i:i + 1] for i in range(len(raw))])
    assert answer.status == 400 and "unsupported_grant_type" in answer.text


def pour(s, piece, most):
    """Until there is an answer, or nothing more is taken; how much that was."""
    sent = 0
    try:
        while sent < most and not select.select([s], [], [], 0)[0]:
            s.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent


def test_endless_bodies(provider):
    """By length and by chunks: stopped at the limit, not at the end."""
    head = HEAD.format(port=provider.port).encode()
    for more, piece in ((b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 16384 + b"\r\n"),
                        (b"Content-Length: 99999999999\r\n\r\n", b"x" * 16384)):
        with socket.create_connection(("127.0.0.1", provider.port), 20) as s:
            s.sendall(head + more)
            assert pour(s, piece, 64 * 1024 * 1024) < 32 * 1024 * 1024
            assert s.recv(65536).startswith(b"HTTP/1.1 413 ")


def endless_records(path, piece):
    """On the socket, without an end: 413, or 408 when the sender's buffer is full before that."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(25)
        s.connect(path)
        s.sendall(begin() + record(PARAMS, params(*plain("POST", "/oauth2/token"))) + record(PARAMS))
        pour(s, record(STDIN, piece), 64 * 1024 * 1024)
        return re.search(rb"Status: (\d+)", read_all(s)).group(1).decode()


def half_requests(provider):
    """200 that stop half-way, on the sockets and at the port."""
    raw = request(plain("POST", "/oauth2/token", b"grant_type=x"), b"grant_type=x")
    half = []
    for name in ("main.sock", "login.sock"):
        for cut in range(10, len(raw) - 1, len(raw) // 70):
            s = socket.socket(socket.AF_UNIX)
            s.connect(os.path.join(provider.dir, name))
            s.sendall(raw[:cut])
            half.append(s)
    for cut in range(60):
        s = socket.create_connection(("127.0.0.1", provider.port))
        s.sendall((HEAD.format(port=provider.port) + "Content-Length: 50\r\n\r\nhalf")[:20 + 3 * cut].encode())
        half.append(s)
    return half


def end_of(s):
    s.settimeout(25)
    got = read_all(s)
    s.close()
    return "408" if b"408" in got[:200] else "closed" if got == b"" else repr(got[:60])


def test_half_and_endless_requests(provider):
    """Nobody waits behind them; each ends with 408 or is closed, in its time."""
    main = os.path.join(provider.dir, "main.sock")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        endless = [pool.submit(endless_records, main, b"x" * n) for n in (65000, 1000)]
        half = half_requests(provider)
        answers = list(pool.map(lambda _: provider.userinfo("x").status_code, range(200)))
        waiting = select.select(half, [], [], 0)[0]
        assert answers == [401] * 200
        assert len(waiting) < len(half) / 2, "the others were answered after the half ones had ended"
        ends = [end_of(s) for s in half]
        assert set(ends) <= {"408", "closed"} and ends.count("408") > 60, ends
        assert [e.result() for e in endless][1:] == ["408"] and endless[0].result() in ("413", "408")
    assert fastcgi(main, request(plain())).answer.status == 200
    assert not provider.events("process_died")
