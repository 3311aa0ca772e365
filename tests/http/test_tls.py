"""contrib/nginx as an operator gets it: HT-01, HT-22, HT-17, design 4 "TLS", "HSTS", D21, D23."""
import os
import re
import shutil
import subprocess
import tempfile
import time

import pytest
import requests
import urllib3

from provider import BINARY, free_port

urllib3.disable_warnings()
HSTS = "max-age=63072000; includeSubDomains"
OWNER = "nobody"


class Site:
    """A public https provider, started as root, with the site file of `autentico site nginx`."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="aut-")
        self.tls, self.http = free_port(), free_port()
        self.url = f"https://localhost.example.test:{self.tls}"
        self.state = os.path.join(self.dir, "state")
        os.mkdir(self.state, 0o700)
        os.chmod(self.dir, 0o755)
        shutil.chown(self.state, OWNER)
        self.sockets = os.path.join(self.dir, "sockets")
        self.env = {"PATH": os.environ["PATH"], "AUTENTICO_RATE_LIMIT_RPS": "0",
                    "AUTENTICO_DB_FILE_PATH": self.state + "/autentico.db",
                    "AUTENTICO_SOCKET": self.sockets + "/main.sock"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.run("init", "--url", self.url)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost.example.test", "-keyout", self.dir + "/key.pem", "-out", self.dir + "/cert.pem"],
                       check=True, capture_output=True)
        self.processes = []
        self.write_nginx()

    def run(self, *args):
        done = subprocess.run([BINARY, *args], cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write_nginx(self):
        site = self.run("site", "nginx")
        site = site.replace("/etc/ssl/autentico/fullchain.pem", self.dir + "/cert.pem")
        site = site.replace("/etc/ssl/autentico/privkey.pem", self.dir + "/key.pem")
        site = site.replace("/var/cache/nginx-autentico", self.dir + "/cache")
        site = re.sub(r"listen 80;", f"listen 127.0.0.1:{self.http};", site)
        site = re.sub(r"listen %d ssl http2;" % self.tls, f"listen 127.0.0.1:{self.tls} ssl http2;", site)
        site = re.sub(r"\n *listen \[::\]:[^\n]*", "", site)
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(f"daemon off; pid {self.dir}/nginx.pid; error_log {self.dir}/nginx.log;\n"
                    f"events {{}}\nhttp {{ access_log off;\n{site}\n}}\n")

    def start(self):
        log = open(self.dir + "/log", "wb")
        out = open(self.dir + "/out", "wb")
        self.processes.append(subprocess.Popen([BINARY, "start"], cwd=self.dir, env=self.env, stdout=out, stderr=log))
        self.processes.append(subprocess.Popen(["/usr/sbin/nginx", "-p", self.dir, "-c", self.dir + "/nginx.conf"],
                                               stderr=subprocess.DEVNULL))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.get("/healthz").status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError(open(self.dir + "/log").read() + open(self.dir + "/nginx.log").read())

    def get(self, path, port=None, scheme="https", **headers):
        return requests.get(f"{scheme}://127.0.0.1:{port or self.tls}{path}", verify=False, allow_redirects=False,
                            timeout=10, headers={"Host": f"localhost.example.test:{self.tls}", **headers})

    def stop(self):
        for p in reversed(self.processes):
            p.terminate()
            p.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope="module")
def site():
    if os.geteuid() != 0:
        pytest.fail("run as root: the pool's uid is what is tested")
    s = Site()
    s.start()
    yield s
    s.stop()


def handshake(port, version):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-cipher",
                           "DEFAULT@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=20).returncode == 0


@pytest.mark.parametrize("version, is_taken", [("-tls1", False), ("-tls1_1", False), ("-tls1_2", True),
                                                ("-tls1_3", True)])
def test_versions(site, version, is_taken):
    assert handshake(site.tls, version) == is_taken


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


def test_hsts_on_every_answer(site):
    for path in ("/oauth2/.well-known/openid-configuration", "/oauth2/static/auth.css", "/nowhere",
                 "/oauth2/static/nothing.css", "/oauth2/authorize", "/admin/"):
        assert site.get(path).headers.get("Strict-Transport-Security") == HSTS, path


def test_plain_http_is_redirected(site):
    answer = site.get("/oauth2/authorize?x=1", port=site.http, scheme="http")
    assert answer.status_code == 301 and answer.headers["Location"] == site.url + "/oauth2/authorize?x=1"
    assert "Strict-Transport-Security" not in answer.headers


def test_secure_cookies_and_forged_headers(site):
    answer = site.get("/oauth2/.well-known/openid-configuration?fresh", **{"X-Forwarded-Host": "evil.example",
                                                                          "X-Forwarded-Proto": "http"})
    assert answer.json()["issuer"] == site.url + "/oauth2"
    out = open(site.dir + "/out").read()
    link = re.search(r"/onboard\?token=[A-Za-z0-9_-]{43}", out)
    assert link, out
    page = site.get(link.group(0))
    assert page.status_code == 200 and "Secure" in page.headers["Set-Cookie"]
    assert site.get("/onboard").status_code == 403  # D23: not without the token


def test_every_address_is_https(site):
    """HT-02, MD-03, MD-04: the issuer has a host and nothing after its path; every endpoint is below it."""
    for path in ("/.well-known/openid-configuration", "/oauth2/.well-known/openid-configuration"):
        document = site.get(path).json()
        issuer = document["issuer"]
        assert issuer == site.url + "/oauth2" and not re.search(r"[?#@]", issuer) and issuer.startswith("https://")
        addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
        assert len(addresses) >= 7 and all(value.startswith(issuer + "/") for value in addresses.values()), addresses


def test_nobody_runs_as_root(site):
    """D21"""
    parent = site.processes[0].pid
    uids = subprocess.run(["ps", "-o", "euser=", "--ppid", str(parent)], capture_output=True, text=True).stdout.split()
    assert uids and "root" not in uids
