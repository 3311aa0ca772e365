"""A public https provider behind the site file of `autentico site`, as an operator pastes it."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import requests

from provider import BINARY, free_port

OWNER, WEB = "nobody", "www-data"
HOST = "localhost.example.test"
CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
MODULES = "/usr/lib/apache2/modules"


def nginx(front):
    site = front.site
    site = re.sub(r"listen 80;", f"listen 127.0.0.1:{front.http};", site)
    site = re.sub(r"listen %d ssl http2;" % front.tls, f"listen 127.0.0.1:{front.tls} ssl http2;", site)
    site = re.sub(r"\n *listen \[::\]:[^\n]*", "", site)
    return (f"daemon off; pid {front.dir}/pid; error_log {front.dir}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off;\n{site}\n}}\n"), ["nginx", "-p", front.dir, "-c", front.dir + "/conf"]


def apache(front):
    """Debian's modules, as a2enmod would enable them."""
    lines = re.findall(r"^LoadModule .*$", (CONTRIB / "apache" / "private.conf").read_text(), re.M)
    lines += [f'LoadModule {name}_module "@MODULES@/mod_{name}.so"' for name in ("ssl", "http2", "authz_host")]
    modules = "\n".join(lines).replace("@MODULES@", MODULES)
    site = front.site.replace(f"\nListen {front.tls}\n", f"\nListen 127.0.0.1:{front.tls}\n")
    site = site.replace("<VirtualHost *:80>", f"<VirtualHost *:{front.http}>")
    return (f"ServerRoot {front.dir}\nDefaultRuntimeDir {front.dir}\nPidFile pid\nErrorLog error.log\nServerName x.invalid\n"
            f"User {WEB}\nGroup {WEB}\nTypesConfig /dev/null\n{modules}\nListen 127.0.0.1:{front.http}\n{site}"), \
        ["apache2", "-d", front.dir, "-f", front.dir + "/conf", "-D", "FOREGROUND"]


def lighttpd(front):
    site = front.site.replace(f'"0.0.0.0:{front.tls}"', f'"127.0.0.1:{front.tls}"')
    site = site.replace(f'"[::]:{front.tls}"', f'"[::1]:{front.tls}"')
    return (f'server.document-root = "{front.dir}"\nserver.port = {front.http}\nserver.bind = "127.0.0.1"\n'
            f'server.username = "{WEB}"\nserver.groupname = "{WEB}"\nserver.errorlog = "{front.dir}/error.log"\n'
            f'server.upload-dirs = ( "{front.dir}" )\n'
            f'server.modules = ( "mod_access", "mod_alias", "mod_redirect" )\n{site}'), \
        ["lighttpd", "-D", "-f", front.dir + "/conf"]


SERVERS = {"nginx": nginx, "lighttpd": lighttpd, "apache": apache}


class Front:
    """A web server with the site; `edit` is what its operator changes in it."""

    def __init__(self, owner, kind, edit=lambda text: text):
        self.owner, self.kind, self.tls, self.http = owner, kind, owner.tls, owner.http
        self.dir = tempfile.mkdtemp(prefix="front-", dir=owner.dir)
        os.chmod(self.dir, 0o755)
        shutil.chown(self.dir, WEB)
        self.site = edit(owner.run("site", kind))
        for before, after in (("/etc/ssl/autentico/fullchain.pem", owner.dir + "/cert.pem"),
                              ("/etc/ssl/autentico/privkey.pem", owner.dir + "/key.pem"),
                              ("/var/cache/", self.dir + "/"), (f"/var/log/{kind}/", self.dir + "/"),
                              ("/var/log/apache2/", self.dir + "/")):
            self.site = self.site.replace(before, after)
        text, command = SERVERS[kind](self)
        with open(self.dir + "/conf", "w") as f:
            f.write(text)
        self.process = subprocess.Popen(command, env={"PATH": "/usr/sbin:/usr/bin:/bin"},
                                        stderr=open(self.dir + "/stderr", "wb"), start_new_session=True)

    def said(self):
        return "".join(open(f"{self.dir}/{name}").read() for name in ("stderr", "error.log")
                       if os.path.exists(f"{self.dir}/{name}"))

    def get(self, path, **kw):
        return self.ask("GET", path, **kw)

    def ask(self, method, path, port=None, scheme="https", headers=None, **kw):
        return requests.request(method, f"{scheme}://127.0.0.1:{port or self.tls}{path}", verify=False,
                                allow_redirects=False, timeout=20, **kw,
                                headers={"Host": f"{HOST}:{self.tls}", **(headers or {})})

    def wait(self, path="/healthz", status=200):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.get(path).status_code == status:
                    return self
            except requests.RequestException:
                pass
            time.sleep(0.05)
        self.stop()
        raise AssertionError(self.said() + open(self.owner.dir + "/log").read())

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


class Site:
    """Started as root, so that what the pool becomes can be tested."""

    def __init__(self, **env):
        self.dir = tempfile.mkdtemp(prefix="aut-")
        self.tls, self.http = free_port(), free_port()
        self.url = f"https://{HOST}:{self.tls}"
        self.state = os.path.join(self.dir, "state")
        os.mkdir(self.state, 0o700)
        os.chmod(self.dir, 0o755)
        shutil.chown(self.state, OWNER)
        self.sockets = os.path.join(self.dir, "sockets")
        self.env = {"PATH": os.environ["PATH"], "AUTENTICO_RATE_LIMIT_RPS": "0",
                    "AUTENTICO_DB_FILE_PATH": self.state + "/autentico.db",
                    "AUTENTICO_SOCKET": self.sockets + "/main.sock", **env}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.run("init", "--url", self.url)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=" + HOST, "-keyout", self.dir + "/key.pem", "-out", self.dir + "/cert.pem"],
                       check=True, capture_output=True)
        self.process = None

    def run(self, *args):
        done = subprocess.run([BINARY, *args], cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        with open(self.dir + "/log", "ab") as log, open(self.dir + "/out", "ab") as out:
            self.process = subprocess.Popen([BINARY, "start"], cwd=self.dir, env=self.env, stdout=out, stderr=log)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0

    def remove(self):
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
