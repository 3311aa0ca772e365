"""contrib/nginx, contrib/lighttpd and contrib/apache as an operator gets them: HT-01, HT-15, HT-16, HT-17, HT-22,
design 4 "TLS", "HSTS", D11, D21, D23."""
import os
import re
import socket
import ssl
import subprocess
import time

import pytest
import requests

from provider import free_port
from site_files import HOST, SERVERS, Front, Site

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
HSTS = "max-age=63072000; includeSubDomains"


@pytest.fixture(scope="module")
def site():
    if os.geteuid() != 0:
        pytest.fail("run as root: the pool's uid is what is tested")
    s = Site()
    s.start()
    yield s
    s.remove()


@pytest.fixture(scope="module", params=list(SERVERS))
def front(request, site):
    f = Front(site, request.param)
    yield f.wait()
    f.stop()


def handshake(port, version):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-cipher",
                           "DEFAULT@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=20).returncode == 0


@pytest.mark.parametrize("version, is_taken", [("-tls1", False), ("-tls1_1", False), ("-tls1_2", True),
                                                ("-tls1_3", True)])
def test_versions(front, version, is_taken):
    assert handshake(front.tls, version) == is_taken


def test_the_client_could_have(site):
    """A control: this very client does speak TLS 1.0 and 1.1 with a server that lets it."""
    port = free_port()
    for version in ("-tls1", "-tls1_1"):
        control = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", version, "-quiet", "-cipher",
                                    "DEFAULT@SECLEVEL=0", "-key", site.dir + "/key.pem", "-cert",
                                    site.dir + "/cert.pem"], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not (taken := handshake(port, version)) and time.monotonic() < end:
            time.sleep(0.05)
        control.terminate()
        control.wait(10)
        assert taken, version


def test_http_2(front):
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(socket.create_connection(("127.0.0.1", front.tls), 10), server_hostname=HOST) as s:
        assert s.selected_alpn_protocol() == "h2"
    done = subprocess.run(["curl", "-sk", "--http2", "-w", "%{http_version} %{http_code}", "-o", "/dev/null", "-H",
                           f"Host: {HOST}:{front.tls}", "-d", "grant_type=x", f"https://127.0.0.1:{front.tls}/oauth2/token"],
                          capture_output=True, text=True, timeout=20)
    assert done.stdout == "2 400", done


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/oauth2/.well-known/openid-configuration", 200),
    ("GET", "/oauth2/.well-known/jwks.json", 200),
    ("GET", "/oauth2/static/auth.css", 200),
    ("GET", "/oauth2/static/nothing.css", 404),
    ("POST", "/oauth2/static/auth.css", 405),
    ("GET", "/oauth2/authorize", 400),
    ("GET", "/nowhere", 404),
    ("GET", "/a%2fb", 400),
    ("GET", "/admin/", 302),
    ("GET", "/admin/api/users", 401),
    ("POST", "/oauth2/token", 400),
    ("POST", "/oauth2/login", 403),
    ("OPTIONS", "/oauth2/token", 405),
    ("HEAD", "/healthz", 200),
])
def test_hsts_on_every_answer(front, method, path, status):
    answer = front.ask(method, path)
    assert answer.status_code == status and answer.headers.get("Strict-Transport-Security") == HSTS
    # one each, whoever sets it
    for name in ("Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy"):
        assert len(answer.raw.headers.getlist(name)) == 1, name
    assert not re.search(r"\d\.\d", answer.headers["Server"]) or front.kind == "apache"  # ServerTokens is not a site's


def test_plain_http_is_redirected(front):
    def ask(method, path):
        return front.ask(method, path, port=front.http, scheme="http")
    for path in ("/oauth2/authorize?x=1", "/", "/a%20b/%C3%A9?q=%2F+%26", "/x%3Fy"):
        for method in ("GET", "HEAD"):
            answer = ask(method, path)
            assert answer.status_code == 301 and answer.headers["Location"] == front.owner.url + path, path
            assert "Strict-Transport-Security" not in answer.headers
    # what was sent unprotected is not sent again, only elsewhere
    answer = ask("POST", "/oauth2/token")
    assert answer.status_code == 403 and "Location" not in answer.headers


def test_static_files(front):
    """The same headers from every web server, and from the application."""
    asked = front.get("/oauth2/static/auth.css", headers={"Accept-Encoding": "identity"})
    assert "X-Request-ID" not in asked.headers  # the web server's own
    expected = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=86400",
                "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
                "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
                "Cross-Origin-Embedder-Policy": "credentialless", "Cross-Origin-Opener-Policy": "same-origin",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
    assert {name: asked.headers.get(name) for name in expected} == expected
    assert front.get("/oauth2/static/auth.css?v=1").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for name, kind in (("main.js", "text/javascript; charset=utf-8"), ("logo.svg", "image/svg+xml")):
        answer = front.get("/oauth2/static/" + name)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
        assert "X-Request-ID" not in answer.headers
    # what is not there is said in the application's own words, and not kept
    for path in ("/oauth2/static/nothing.css?v=1", "/oauth2/static/"):
        answer = front.get(path)
        assert answer.status_code == 404 and "X-Request-ID" in answer.headers, path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_secure_cookies_and_forged_headers(front):
    answer = front.get("/oauth2/.well-known/openid-configuration", headers={"X-Forwarded-Host": "evil.example",
                                                                            "X-Forwarded-Proto": "http"})
    assert answer.json()["issuer"] == front.owner.url + "/oauth2"
    out = open(front.owner.dir + "/out").read()
    link = re.findall(r"/onboard\?token=[A-Za-z0-9_-]{43}", out)[-1]
    page = front.get(link)
    assert page.status_code == 200 and "Secure" in page.headers["Set-Cookie"]
    assert front.get("/onboard").status_code == 403  # D23: not without the token


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"},
                                     {"X_Forwarded_For": "203.0.113.9"}])
def test_a_forged_address_is_not_believed(front, headers):
    """D11, HT-17"""
    path = "/forged-" + os.urandom(4).hex()
    assert front.get(path, headers=headers).status_code == 404
    line = [line for line in open(front.owner.dir + "/log") if path in line]
    assert len(line) == 1 and "address=127.0.0.1" in line[0]


def test_sizes(front):
    """HT-16: what an honest request may need is taken, and no more."""
    assert front.get("/nowhere?q=" + "a" * 12000).status_code == 404

    def status_of(method, path, body=None):
        try:
            return front.ask(method, path, data=body).status_code
        except requests.ConnectionError:
            return 413  # refused, and closed, before all of it was sent
    assert status_of("GET", "/nowhere?q=" + "a" * 40000) in (400, 413, 414, 431)
    for n, status in ((65536, 400), (65537, 413), (131072, 413), (1_000_000, 413)):
        assert status_of("POST", "/oauth2/token", b"a" * n) == status, n
        assert status_of("POST", "/oauth2/token", iter([b"a" * (n // 2), b"a" * (n - n // 2)])) == status, n
    assert front.ask("PUT", "/admin/api/settings", data=b" " * 131072).status_code == 401


def test_the_consoles_of_the_administrators_can_be_limited(front):
    """The comment in each site says how; whatever way the path is written."""
    def close(text):
        if front.kind == "nginx":
            return text.replace("default 1;\n    # 192.0.2.0/24 1;", "default 0;\n    192.0.2.0/24 1;", 1)
        if front.kind == "apache":
            return text.replace("Require all granted\n        # Require ip", "Require ip", 1)
        head, _, tail = text.partition("        # $HTTP[\"url\"] =~ \"^(/admin|")
        lines = ("        # $HTTP[\"url\"] =~ \"^(/admin|" + tail).split("\n")
        n = next(i for i, line in enumerate(lines) if line.strip() == "# }") + 1
        return head + "\n".join([line.replace("# ", "", 1) for line in lines[:n]] + lines[n:])
    front.stop()
    closed = Front(front.owner, front.kind, edit=close)
    try:
        closed.wait("/admin/", 403)
        for path in ("/admin", "/admin/", "/admin/clients", "/admin/api/users", "//admin/", "/x/../admin/api/users",
                     "/%61dmin/api/users", "/oauth2/register", "/oauth2/register/x"):
            answer = requests.Request("GET", f"https://127.0.0.1:{closed.tls}").prepare()
            answer.url = f"https://127.0.0.1:{closed.tls}{path}"
            answer.headers["Host"] = f"{HOST}:{closed.tls}"
            with requests.Session() as session:
                got = session.send(answer, verify=False, allow_redirects=False, timeout=10)
            assert got.status_code == 403, path
            assert got.headers.get("Strict-Transport-Security") == HSTS, path
        assert closed.get("/healthz").status_code == 200 and closed.get("/administrator").status_code == 404
    finally:
        closed.stop()
        again = Front(front.owner, front.kind)
        front.process, front.dir = again.process, again.dir
        front.wait()


def test_while_autentico_is_down(front):
    """A page, or JSON where programs ask; never the web server's own 502, 503 or 504."""
    front.owner.stop()
    try:
        # links that are good once; lighttpd has words of its own for the first that comes within a second of another
        for page in ("reset-password", "not-me") * 3:
            assert front.get(f"/oauth2/{page}?token=is-for-nobody-else").status_code == 503
        assert "is-for-nobody-else" not in front.said()
        for path, kind, words in (("/oauth2/authorize", "text/html; charset=utf-8", "Temporarily unavailable"),
                                  ("/account/", "text/html; charset=utf-8", "Temporarily unavailable"),
                                  ("/oauth2/token", "application/json", '{"error":"temporarily_unavailable"'),
                                  ("/admin/api/users", "application/json", '{"error":"temporarily_unavailable"')):
            answer = front.ask("POST", path, data={"x": "1"})
            assert answer.status_code == 503 and answer.headers["Content-Type"] == kind and words in answer.text, path
            assert answer.headers["Strict-Transport-Security"] == HSTS
            if front.kind != "lighttpd":  # which has no headers for errors
                assert answer.headers["Retry-After"] == "5" and answer.headers["Cache-Control"] == "no-store"
        for name, kind in (("auth.css", "text/css; charset=utf-8"), ("logo.svg", "image/svg+xml")):
            for place in ("/oauth2/static/", "/.autentico/"):  # where pages and the page above look for it
                answer = front.get(place + name)
                assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind), place + name
                assert answer.headers["Strict-Transport-Security"] == HSTS
    finally:
        front.owner.start()
    front.wait()


def test_every_address_is_https(front):
    """HT-02, MD-03, MD-04: the issuer has a host and nothing after its path; every endpoint is below it."""
    for path in ("/.well-known/openid-configuration", "/oauth2/.well-known/openid-configuration"):
        document = front.get(path).json()
        issuer = document["issuer"]
        assert issuer == front.owner.url + "/oauth2" and not re.search(r"[?#@]", issuer) and issuer.startswith("https://")
        addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
        assert len(addresses) >= 7 and all(value.startswith(issuer + "/") for value in addresses.values()), addresses


def test_nobody_runs_as_root(site):
    """D21"""
    parent = site.process.pid
    uids = subprocess.run(["ps", "-o", "euser=", "--ppid", str(parent)], capture_output=True, text=True).stdout.split()
    assert uids and "root" not in uids
