"""A machine of its own for a deployment as README has it: its own /etc, /var, /run, network, ports 80 and 443 and
processes, gone when it is closed.  What is typed in there changes nothing out here."""
import atexit
import json
import os
import shutil
import subprocess
import tempfile
import time

from provider import BINARY

HOST = "id.example.test"
URL = "https://" + HOST
CONFIG = "/etc/autentico/autentico.env"
DATABASE = "/var/lib/autentico/autentico.db"

BOOT = """set -e
mount --make-rprivate /
mkdir {0}/scratch
mount -t tmpfs scratch {0}/scratch
for folder in etc var; do
    mkdir {0}/scratch/$folder {0}/scratch/$folder.work
    mount -t overlay overlay -o lowerdir=/$folder,upperdir={0}/scratch/$folder,workdir={0}/scratch/$folder.work /$folder
done
mount -t tmpfs run /run
mkdir /run/lock
mount -t proc proc /proc
ip link set lo up
echo "127.0.0.1 localhost {1} www.{1}" > /etc/hosts
echo up
exec python3 -c '
import os, signal, sys
signal.signal(signal.SIGCHLD, lambda *a: None)
signal.set_wakeup_fd(-1)
import select, time
while True:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]: pass
    except ChildProcessError: pass
    if select.select([0], [], [], 0.2)[0] and not os.read(0, 1): sys.exit()
'
"""


OPEN = set()


@atexit.register
def close_all():
    """Those of fixtures that failed before they came to their own close()."""
    for machine in list(OPEN):
        machine.close()


class Machine:
    def __init__(self):
        if os.geteuid() != 0:
            raise AssertionError("run as root: it makes namespaces")
        self.dir = tempfile.mkdtemp(prefix="machine-")
        os.chmod(self.dir, 0o755)
        self.env = {"PATH": os.path.dirname(BINARY) + ":/usr/sbin:/usr/bin:/sbin:/bin",
                    "AUTENTICO_TEST_CLOCK": self.dir + "/clock", "LANG": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        with open(self.dir + "/clock", "w") as f:
            f.write("%-20d\n" % 0)
        self.init = subprocess.Popen(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c",
                                      BOOT.format(self.dir, HOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.init.stdout.readline() == "up\n"
        with open(f"/proc/{self.init.pid}/task/{self.init.pid}/children") as f:
            self.pid = f.read().split()[0]
        OPEN.add(self)

    def close(self):
        OPEN.discard(self)
        self.init.stdin.close()
        self.init.stdout.close()
        assert self.init.wait(20) is not None
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- typing ----------------------------------------------------------------
    def command(self, line):
        return ["nsenter", "-t", self.pid, "-m", "-n", "-p", "sh", "-c", "cd /root && " + line]

    def type(self, line, check=True, **kw):
        done = subprocess.run(self.command(line), env=self.env, capture_output=True, text=True, timeout=90, **kw)
        assert not check or done.returncode == 0, f"{line}\n{done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def leave(self, line):
        """Something that goes on running."""
        with open(self.dir + "/log", "ab") as log:
            return subprocess.Popen(self.command(line), env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def write(self, path, text):
        self.type(f"cat > {path}", input=text)

    def until(self, line, seconds=20):
        end = time.monotonic() + seconds
        while self.type(line, check=False).returncode != 0:
            assert time.monotonic() < end, line + "\n" + open(self.dir + "/log").read()
            time.sleep(0.1)

    def later(self, seconds):
        with open(self.dir + "/clock", "r+b", buffering=0) as f:
            f.write(b"%-20d\n" % seconds)

    def sql(self, text):
        """Into the store, past everybody."""
        self.type("python3 -c 'import sqlite3, sys; db = sqlite3.connect(\"%s\"); db.executescript(sys.stdin.read()); "
                  "db.close()' && chown autentico: %s*" % (DATABASE, DATABASE), input=text)

    def rows(self, query):
        return json.loads(self.type("python3 -c 'import json, sqlite3, sys; "
                                    "print(json.dumps(sqlite3.connect(\"%s\").execute(sys.stdin.read()).fetchall()))'"
                                    % DATABASE, input=query).stdout)

    # --- as README has it ------------------------------------------------------
    def install(self):
        self.type("useradd --system --home-dir /var/lib/autentico --shell /usr/sbin/nologin autentico")
        self.type("install -d -m 0700 -o autentico -g autentico /var/lib/autentico")
        self.type("install -d -m 0750 -o root -g autentico /etc/autentico")
        self.type(f"autentico init --url {URL} --output /etc/autentico")
        self.type(f"mv /etc/autentico/.env {CONFIG}")
        self.type("sed -i 's|^AUTENTICO_DB_FILE_PATH=.*|AUTENTICO_DB_FILE_PATH=/var/lib/autentico/autentico.db|' " + CONFIG)
        self.type(f"chown root:autentico {CONFIG} && chmod 0640 {CONFIG}")
        self.certify()

    def certify(self):
        """By an authority of one's own."""
        self.type("mkdir -p /etc/ssl/autentico && cd /etc/ssl/autentico && "
                  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=An authority' "
                  "-keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE && "
                  "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s -keyout privkey.pem -out req "
                  "&& printf 'subjectAltName=DNS:%s\\n' > ext && "
                  "openssl x509 -req -in req -CA ca.pem -CAkey ca.key -days 25 -extfile ext -out fullchain.pem" % (HOST, HOST))
        self.type(f"echo AUTENTICO_CA_FILE=/etc/ssl/autentico/ca.pem >> {CONFIG}")

    def start(self):
        self.leave(f"exec autentico start --config {CONFIG}")
        self.ready()

    def ready(self):
        self.until("test -S /run/autentico/main.sock && pgrep -x worker && pgrep -x courier && pgrep -x keeper")

    # --- doctor ----------------------------------------------------------------
    def doctor(self, *flags):
        """(exit status, findings that are to be mended)"""
        done = self.type(" ".join(["autentico doctor --json --config", CONFIG, *flags]), check=False)
        assert done.returncode in (0, 1, 2) and done.stdout, done.stderr
        report = json.loads(done.stdout)
        assert done.returncode == {"warn": 1, "fail": 2}.get(report["status"], 0), report["status"]
        return done.returncode, report["findings"]


def to_mend(findings):
    """{(check, subject)} of what is not as it should be."""
    return {(f["id"], f.get("subject", "")) for f in findings if f["status"] in ("warn", "fail")}
