"""The private web server in front (design D19), whichever it is, over Unix sockets and over TCP."""
import concurrent.futures
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import pool  # noqa: E402
import provider as harness  # noqa: E402
from provider import Browser, Provider, query_of  # noqa: E402

PROGRAMS = {"nginx": "nginx", "lighttpd": "lighttpd", "apache": "apache2"}


def raw(port, text, address="127.0.0.1"):
    """The status line's number; for what a client library would not send."""
    with socket.create_connection((address, port), 10) as s:
        s.sendall(text.encode())
        answer = s.recv(65536)
    return int(answer.split()[1])


def get(p, path, host="localhost", address="127.0.0.1", more=""):
    return raw(p.port, f"GET {path} HTTP/1.1\r\nHost: {host}:{p.port}\r\n{more}Connection: close\r\n\r\n", address)


def fronts_of(p):
    """Processes of the web server below the parent's own child."""
    name = PROGRAMS[harness.FRONT]
    out = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in out.splitlines()]
    main = [int(pid) for pid, ppid, comm in rows if int(ppid) == p.process.pid and comm == name]
    return main, [int(pid) for pid, ppid, comm in rows if int(ppid) in main]


def request_line(p, path):
    """What the application logged of it."""
    return [row for row in p.events("request") if row["path"] == path]


def test_it_is_the_one_that_was_asked_for(provider):
    main, _ = fronts_of(provider)
    assert len(main) == 1
    assert os.path.exists(os.path.join(provider.dir, "main.sock")) != harness.TCP


@pytest.mark.parametrize("host, address", [("localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("localhost", "::1"),
                                           ("[::1]", "::1")])
def test_own_names(provider, host, address):
    assert get(provider, "/healthz", host, address) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.2"])
def test_other_names(provider, host):
    assert get(provider, "/healthz", host) in (403, 421)


@pytest.mark.parametrize("path, status", [("/a%20b//c+d?x=%2F+%26", 301), ("/a%2fb", 400), ("/%61dmin/api/users", 401),
                                          ("/x/%2e%2e/admin/", 400), ("/nowhere/%C3%A9?a?b=/..", 404)])
def test_the_target_is_passed_on_as_it_came(provider, path, status):
    assert get(provider, path) == status
    assert request_line(provider, path.split("?")[0]), path


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X_Forwarded_For", "Forwarded"])
def test_what_a_client_says_of_itself(provider, name):
    """D11: loopback is trusted here, so it is the web server that must not pass it on."""
    path = "/claimed-" + os.urandom(4).hex()
    assert get(provider, path, more=f"{name}: 203.0.113.9\r\n") == 404
    assert [row["address"] for row in request_line(provider, path)] == ["127.0.0.1"]


def test_authorization_and_cookies_arrive(provider, client):
    answer = requests.post(provider.issuer + "/token", auth=client.auth, timeout=10,
                           data={"grant_type": "authorization_code", "code": "x" * 43,
                                 "redirect_uri": client.redirect_uri})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")  # known, not invalid_client
    browser = Browser(provider)
    provider.sign_in(client, browser)
    assert "code" in query_of(browser.get(provider.authorize_url(client, prompt="none")).headers["Location"])


@pytest.mark.parametrize("n, status", [(1, 400), (30000, 400), (65536, 400), (65537, 413), (131072, 413), (131073, 413)])
def test_bodies_of_every_size(provider, client, n, status):
    """HT-16, D10c; the largest goes to the route that takes it."""
    def status_of(body):
        try:
            return requests.post(provider.issuer + "/token", data=body, auth=client.auth, timeout=8).status_code
        except requests.ConnectionError:
            return 413  # refused before all of it was sent
    assert status_of(b"a" * n) == status
    assert status_of(iter([b"a" * (n - n // 2), b"a" * (n // 2)] if n > 1 else [b"a"])) == status


@pytest.mark.parametrize("length", [131073, 50_000_000, 2 ** 62])
def test_an_oversized_body_is_refused_before_it_comes(provider, length):
    """Nobody has to take, or keep on a disk, what will be refused."""
    assert raw(provider.port, f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{provider.port}\r\n"
                              f"Content-Length: {length}\r\n\r\na=b") == 413


def test_an_endless_body_is_refused(provider):
    """Chunk after chunk, never the last: the answer comes, or the connection goes."""
    with socket.create_connection(("127.0.0.1", provider.port), 10) as s:
        s.sendall(f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{provider.port}\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n".encode())
        s.settimeout(0.02)
        answer, sent = b"", 0
        while not answer and sent < 64_000_000:
            try:
                s.sendall(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")
                sent += 0x4000
                answer = s.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                answer = b"HTTP/1.1 413 closed"
    assert answer.split()[1] == b"413"


def test_the_largest_body(provider):
    text = '{"theme_title":"' + "é" * 60000 + '"}'
    answer = requests.put(provider.url + "/admin/api/settings", data=text.encode(), timeout=8,
                          headers={"Authorization": "Bearer " + provider.admin_token})
    assert answer.status_code == 204 and "X-Request-ID" in answer.headers


def test_long_targets(provider):
    assert get(provider, "/nowhere?q=" + "a" * 12000) == 404
    assert get(provider, "/nowhere?q=" + "a" * 40000) in (400, 414, 431)


def test_two_lengths_are_refused(provider):
    """HT-15"""
    head = f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{provider.port}\r\n"
    assert raw(provider.port, head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\na=b") == 400
    assert raw(provider.port, head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400


def test_half_sent_bodies_stop_nobody(provider):
    """Behind Apache, which passes on what has arrived, sixteen of them once stopped everything."""
    slow = [socket.create_connection(("127.0.0.1", provider.port), 10) for _ in range(40)]
    for s in slow:
        s.sendall(f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{provider.port}\r\nContent-Length: 40000\r\n\r\n"
                  .encode() + b"a" * 20000)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(provider, "/healthz"), range(40)))
    assert answers == [200] * 40
    for s in slow:  # and those who go on are served
        s.sendall(b"a" * 20000)
        assert s.recv(4096).split()[1] == b"400"
        s.close()


def test_static_files(provider):
    css = requests.get(provider.issuer + "/static/auth.css?v=1", timeout=10)
    assert css.status_code == 200 and "X-Request-ID" not in css.headers and "immutable" in css.headers["Cache-Control"]
    assert "Strict-Transport-Security" not in css.headers
    assert requests.get(provider.issuer + "/static/nothing.css", timeout=10).headers["Cache-Control"] == "no-store"


KEPT = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/oauth2",
        "/oauth2/.well-known/openid-configuration", "/oauth2/.well-known/jwks.json")


def keeps_metadata(p, path):
    """Asked twice, and whether the application heard of it both times."""
    n = len(request_line(p, path))
    answers = [requests.get(p.url + path + f"?x={i}", headers={"Cache-Control": "no-cache"}, timeout=10) for i in range(2)]
    assert {a.status_code for a in answers} == {200} and answers[0].content == answers[1].content
    kept = "public, max-age=300" + (", s-maxage=10" if harness.FRONT == "apache" else "")
    assert {a.headers["Cache-Control"] for a in answers} == {kept}
    return len(request_line(p, path)) - n < 2


@pytest.mark.parametrize("path", KEPT)
def test_metadata_is_kept_for_a_moment(provider, path):
    """Design 6.  (The second try is for the end of ten seconds between the two of the first.)  lighttpd keeps nothing."""
    assert (keeps_metadata(provider, path) or keeps_metadata(provider, path)) == (harness.FRONT != "lighttpd")
    assert get(provider, path, more="Cookie: a=b\r\n") == 200 and get(provider, path, more="Accept: text/html\r\n") == 200


@pytest.mark.parametrize("path", KEPT)
def test_metadata_for_other_origins_is_not_kept(provider, path):
    with provider.settings(cors_allowed_origins="https://spa.example.test"):
        for origin, allowed in (("https://spa.example.test", "https://spa.example.test"), ("https://evil.example", None),
                                ("https://spa.example.test", "https://spa.example.test"), (None, None)):
            headers = {"Origin": origin} if origin else {}
            answer = requests.get(provider.url + path, headers=headers, timeout=10)
            assert answer.status_code == 200 and answer.headers.get("Access-Control-Allow-Origin") == allowed
    n = len(request_line(provider, path))
    for _ in range(3):
        assert get(provider, path, more="Origin: https://spa.example.test\r\n") == 200
    assert len(request_line(provider, path)) == n + 3


def test_metadata_is_kept_no_longer_than_ten_seconds(provider):
    """Whatever the 300 seconds it speaks of."""
    path = KEPT[3] + "?at=" + os.urandom(4).hex()
    get(provider, path)
    n = len(request_line(provider, KEPT[3]))
    pool.until(lambda: get(provider, path) == 200 and len(request_line(provider, KEPT[3])) > n, 12, "asked again")


@pytest.mark.parametrize("path", ["/oauth2/token", "/healthz", "/oauth2/authorize", "/account/", "/nothing"])
def test_nothing_else_is_kept(provider, path):
    n = len(provider.events("request"))
    answers = [requests.get(provider.url + path, timeout=10, allow_redirects=False) for _ in range(3)]
    assert len({a.headers["X-Request-ID"] for a in answers}) == 3 and not any("Age" in a.headers for a in answers)
    assert path == "/healthz" or len(provider.events("request")) == n + 3


def test_bare_newlines(provider):
    """HT-15.  nginx takes them and cannot be told not to (RFC 9112 2.2 lets it)."""
    host = f"Host: localhost:{provider.port}"
    wanted = 200 if harness.FRONT == "nginx" else 400
    assert raw(provider.port, f"GET /healthz HTTP/1.1\n{host}\nConnection: close\n\n") == wanted
    assert raw(provider.port, f"GET /healthz HTTP/1.1\r\n{host}\r\nX-A: b\nX-B: c\r\nConnection: close\r\n\r\n") == wanted


# --- its life -----------------------------------------------------------------------

@pytest.fixture
def owned():
    """As in production: not root's, so that every web server has workers of its own."""
    p = Provider(owner="nobody")
    p.start()
    yield p
    p.stop()


def test_a_killed_one_is_replaced(owned):
    """Its workers would keep the port."""
    main, workers = fronts_of(owned)
    os.kill(main[0], signal.SIGKILL)
    end = time.monotonic() + 20
    while fronts_of(owned)[0] in ([], main):
        assert time.monotonic() < end, owned.read_log()
        time.sleep(0.02)
    owned.wait()
    assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}/exe")]


def test_nothing_is_left_of_it(owned):
    main, workers = fronts_of(owned)
    # browsers connect in advance; such a connection is not waited for until the drain deadline
    idle, began = socket.create_connection(("127.0.0.1", owned.port), 10), time.monotonic()
    owned.process.send_signal(signal.SIGTERM)
    assert owned.process.wait(20) == 0 and time.monotonic() - began < 5
    idle.close()
    assert not [pid for pid in main + workers if os.path.exists(f"/proc/{pid}")]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", owned.port), 2)


def test_its_files_are_private(owned):
    folder = os.path.join(owned.dir, "front")
    assert os.stat(folder).st_mode & 0o077 == 0
    inside = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]
    assert inside
    for path in inside:
        text = open(path, errors="replace").read()
        assert "AUTENTICO_FRONT_SECRET" not in text or os.stat(path).st_mode & 0o077 == 0
