"""The installation under load: Autentico without a front of its own, and the nginx and the yardstick beside it."""
import os
import pwd
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

import procs
from harness_path import harness

USER = "nobody"  # as root the pool takes this uid, like in production


class Site(harness.Provider):
    """AUTENTICO_FRONT=none; nginx is ours, from the same configuration, and has the yardstick too."""

    def __init__(self, work, **env):
        self.nginx, self.hellos = None, []
        self.work = work
        super().__init__(**env)
        if os.geteuid() == 0:
            self.give_away(self.dir)
        self.port_uncached = harness.free_port()
        self.read_front()

    @staticmethod
    def give_away(folder):
        """All but the configuration, which may stay root's."""
        user = pwd.getpwnam(USER)
        for where, _, files in os.walk(folder):
            for path in [where] + [os.path.join(where, f) for f in files if f != ".env"]:
                os.chown(path, user.pw_uid, user.pw_gid)

    def spawn(self, front, **env):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.out = open(os.path.join(self.dir, "out"), "ab")
        self.process = subprocess.Popen([harness.BINARY, "start"], cwd=self.dir,
                                        env={**self.env, "AUTENTICO_FRONT": front, **env},
                                        stdout=self.out, stderr=self.log, stdin=subprocess.DEVNULL)

    def read_front(self):
        """The private front's own configuration, as `start` makes it."""
        self.spawn("nginx")
        self.wait()
        with open(os.path.join(self.dir, "front", "nginx.conf")) as f:
            self.front_config = f.read()
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, self.read_log()

    # --- under load --------------------------------------------------------------
    def start(self):
        self.spawn("none")
        self.workers_n = self.wait_workers()
        self.start_hello()
        self.start_nginx()
        self.wait()

    def wait_workers(self):
        ask_until_answered(self.main_socket, 30)
        return sum(1 for pid in procs.family(self.process.pid) if procs.kind(pid) == "worker")

    @property
    def main_socket(self):
        return os.path.join(self.dir, "main.sock")

    def start_hello(self):
        for how in ([], ["plain"]):
            path = os.path.join(self.dir, "hello" + "".join(how) + ".sock")
            self.hellos.append(subprocess.Popen([os.path.join(self.work, "hello"), path, str(self.workers_n), *how],
                                                stdin=subprocess.PIPE))
            end = time.monotonic() + 10
            while not os.path.exists(path) and time.monotonic() < end:
                time.sleep(0.01)

    def nginx_config(self):
        """Twice the same server, once without its cache; in both the yardstick."""
        head, server = self.front_config.rsplit("    server {\n", 1)
        server = server.rstrip().removesuffix("}")
        hello = "".join(f'location = /yardstick{how} {{ fastcgi_pass "unix:{self.dir}/hello{how}.sock"; }}\n'
                        for how in ("", "plain"))
        server = "    server {\n" + hello + server
        uncached = server.replace(f":{self.port}", f":{self.port_uncached}")
        uncached = re.sub(r"fastcgi_cache autentico_metadata_\w+;", "", uncached)
        assert uncached.count("fastcgi_cache ") == 0 and server.count("fastcgi_cache ") == 1
        user = f"user {USER} {USER_GROUP};\n" if os.geteuid() == 0 else ""
        # what stands in the template, but one process of root without capabilities can have no workers
        head = re.sub(r"^(user root;|master_process off;)$", "", head, flags=re.M)
        return user + head + server + uncached + "}\n"

    def start_nginx(self):
        front = os.path.join(self.dir, "front")
        config = os.path.join(front, "bench.conf")
        with open(config, "w") as f:
            f.write(self.nginx_config())
        self.nginx = subprocess.Popen([shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ["PATH"]), "-e",
                                       "stderr", "-p", front + "/", "-c", config, "-g", "daemon off;"],
                                      stderr=self.log, stdin=subprocess.DEVNULL)

    def rest(self):
        """Nothing runs, everything stays where it is."""
        if self.nginx:
            self.nginx.send_signal(signal.SIGTERM)
            self.nginx.wait(20)
        for hello in self.hellos:
            hello.stdin.close()
            hello.wait(10)
        self.nginx, self.hellos = None, []
        status = self.halt()
        self.process = None
        assert status in (None, 0), self.read_log()

    def stop(self):
        self.rest()
        super().stop()

    def __getstate__(self):
        """What can be started again."""
        return {**self.__dict__, "process": None, "log": None, "out": None}

    def roots(self):
        """Of the processes whose CPU counts."""
        return [self.process.pid, self.nginx.pid, *(h.pid for h in self.hellos)]


USER_GROUP = "nogroup" if os.path.exists("/etc/debian_version") else USER


# --- one FastCGI request, without a web server ------------------------------------

def record(kind, content):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    return bytes((len(name), len(value))) + name + value


BEGIN = record(1, struct.pack("!HB5x", 1, 0))
HEALTH = (BEGIN +
          record(4, b"".join(pair(*p) for p in (
              ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/healthz"), ("REMOTE_ADDR", "127.0.0.1"),
              ("SERVER_PROTOCOL", "HTTP/1.1"), ("REQUEST_SCHEME", "http"), ("HTTP_HOST", "localhost")))) +
          record(4, b"") + record(5, b""))


def ask(path):
    """True when a worker has answered 200."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        try:
            s.connect(path)
            s.sendall(HEALTH)
            answer = b""
            while chunk := s.recv(65536):
                answer += chunk
        except OSError:
            return False
    return b"Status: 200" in answer


def ask_until_answered(path, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ask(path):
            return
        select.select([], [], [], 0.0005)
    raise AssertionError("does not answer")
