"""Sockets that are handed over, TCP, and what the service manager is told (design 2, D11a)."""
import concurrent.futures
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import time

import pytest

import fastcgi
from provider import BINARY, Browser, Provider, free_port
from test_reload import change, hang_up

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
LISTENING = "import socket, os, sys; s = socket.socket(getattr(socket, sys.argv[1])); " \
            "s.bind(eval(sys.argv[2])); s.listen(1); os.dup2(s.fileno(), 0); os.execv(sys.argv[3], sys.argv[3:])"


class Bare(Provider):
    """Without a web server in front: asked at its socket."""

    def __init__(self, **env):
        super().__init__(front="none", tcp=False, **env)
        self.where = os.path.join(self.dir, "given.sock")
        self.log = open(os.path.join(self.dir, "log"), "ab")

    def run_with(self, *argv, **kw):
        self.process = subprocess.Popen(argv, cwd=self.dir, env={**self.env, **kw.pop("env", {})}, stdout=self.log,
                                        stderr=self.log, **kw)

    def ask(self, where=None, seconds=20, **request):
        end = time.monotonic() + seconds
        while True:
            try:
                return fastcgi.ask(where or self.where, **request)
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, self.read_log()
                time.sleep(0.02)


@pytest.fixture
def bare():
    made = []

    def make(**env):
        made.append(Bare(**env))
        return made[-1]
    yield make
    for p in made:
        p.stop()


# --- TCP -----------------------------------------------------------------------

@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_tcp_needs_the_secret(bare, address):
    """D11a"""
    port, secret = free_port(), secrets.token_hex(32)
    listen = str(port) if address == "127.0.0.1" else f"[{address}]:{port}"
    p = bare(AUTENTICO_APP_LISTEN_PORT=listen, AUTENTICO_FRONT_SECRET=secret)
    p.run_with(BINARY, "start")
    assert p.ask((address, port), AUTENTICO_FRONT_SECRET=secret)[0] == 200
    for wrong in ({}, {"AUTENTICO_FRONT_SECRET": ""}, {"AUTENTICO_FRONT_SECRET": secret[:-1]},
                  {"AUTENTICO_FRONT_SECRET": secret + "0"}, {"HTTP_AUTENTICO_FRONT_SECRET": secret}):
        assert p.ask((address, port), **wrong) == (403, "This request did not come through the web server\n"), wrong
    assert not os.path.exists(p.dir + "/main.sock")
    # bodies of every size that a route takes, and one too many
    for n, status in ((65536, 400), (65537, 413), (131072, 413), (131073, 413)):
        assert p.ask((address, port), method="POST", uri="/oauth2/token", body=b"a" * n,
                     AUTENTICO_FRONT_SECRET=secret)[0] == status, n


def test_tcp_is_refused_without_a_secret(bare):
    done = bare(AUTENTICO_APP_LISTEN_PORT="9000").run("start", check=False)
    assert done.returncode == 1 and "AUTENTICO_FRONT_SECRET: is missing" in done.stderr


def test_the_secret_can_change_but_not_go(bare):
    """HUP: a TCP socket that was handed over would be open to everybody."""
    first, second = secrets.token_hex(32), secrets.token_hex(32)
    p = bare()
    with open(p.dir + "/.env", "a") as f:
        f.write(f"AUTENTICO_FRONT_SECRET={first}\n")
    p.run_with(BINARY, "start")
    main = os.path.join(p.dir, "main.sock")
    assert p.ask(main, AUTENTICO_FRONT_SECRET=first)[0] == 200
    change(p, "AUTENTICO_FRONT_SECRET", second)
    hang_up(p)
    assert p.ask(main, AUTENTICO_FRONT_SECRET=first)[0] == 403 and p.ask(main, AUTENTICO_FRONT_SECRET=second)[0] == 200
    change(p, "AUTENTICO_FRONT_SECRET", None)
    hang_up(p, until="reload_refused")
    assert "AUTENTICO_FRONT_SECRET: cannot be taken away" in p.read_log() and p.ask(main)[0] == 403


def test_our_own_front_keeps_the_secret_it_was_started_with():
    p = Provider(tcp=False, AUTENTICO_APP_LISTEN_PORT=str(free_port()))
    change(p, "AUTENTICO_FRONT_SECRET", secrets.token_hex(32))
    p.start()
    try:
        change(p, "AUTENTICO_FRONT_SECRET", secrets.token_hex(32))
        hang_up(p, until="reload_refused")
        assert "AUTENTICO_FRONT_SECRET: cannot change" in p.read_log()
        p.wait()
    finally:
        p.stop()


def test_a_secret_is_demanded_at_the_sockets_too(bare):
    secret = secrets.token_hex(32)
    p = bare(AUTENTICO_FRONT_SECRET=secret)
    p.run_with(BINARY, "start")
    for name in ("main.sock", "login.sock"):
        where = os.path.join(p.dir, name)
        assert p.ask(where, AUTENTICO_FRONT_SECRET=secret)[0] == 200
        assert p.ask(where)[0] == 403


# --- descriptor 0 -----------------------------------------------------------------

def listener(family, address):
    return ["/usr/bin/python3", "-c", LISTENING, family, repr(address)]


def test_spawn_fcgi(bare):
    p = bare()
    p.run_with("spawn-fcgi", "-n", "-s", p.where, "--", BINARY, "fcgi")
    assert p.ask()[0] == 200
    assert not os.path.exists(p.dir + "/main.sock")
    assert [pid for pid in p.children()] and "Front " not in p.read_log()
    # one process per site: a second one says so
    second = subprocess.run([*listener("AF_UNIX", p.dir + "/second.sock"), BINARY, "fcgi"], cwd=p.dir, env=p.env,
                            capture_output=True, text=True, timeout=60)
    assert second.returncode == 1 and "already running" in second.stderr
    assert p.ask()[0] == 200
    p.process.send_signal(signal.SIGTERM)
    assert p.process.wait(20) == 0 and os.path.exists(p.where)  # not ours to remove


def test_lighttpd_spawns_it(bare):
    """By bin-path, as the README has it; it runs it in the directory of the program."""
    p = bare()
    change(p, "AUTENTICO_DB_FILE_PATH", p.dir + "/autentico.db")
    p.onboard_cli()
    client = p.add_client()
    with open(p.dir + "/lighttpd.conf", "w") as f:
        f.write(f"""
server.document-root = "{p.dir}/none"
server.bind = "127.0.0.1"
server.port = {p.port}
server.modules = ( "mod_fastcgi" )
fastcgi.server = ( "" => ((
    "bin-path" => "{BINARY} fcgi --config {p.dir}/.env",
    "socket" => "{p.dir}/spawned.sock",
    "max-procs" => 1,
    "check-local" => "disable"
)) )
""")
    os.mkdir(p.dir + "/none")
    p.run_with("/usr/sbin/lighttpd", "-D", "-f", p.dir + "/lighttpd.conf")
    p.wait()
    assert "code" in p.sign_in(client)
    spawned, = [pid for pid, comm in p.pool().items() if comm == "autentico"]
    p.process.send_signal(signal.SIGTERM)
    p.process.wait(20)
    end = time.monotonic() + 20
    while os.path.exists(f"/proc/{spawned}/exe"):  # which lighttpd told to end, and does not wait for
        assert time.monotonic() < end, p.read_log()
        time.sleep(0.02)
    p.run_with(BINARY, "start")  # nothing holds the place
    assert p.ask(p.dir + "/main.sock")[0] == 200


def test_nothing_but_descriptor_0_is_open(bare):
    """FastCGI 2.2"""
    p = bare()
    p.run_with("/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *listener("AF_UNIX", p.where), BINARY, "fcgi")
    assert p.ask()[0] == 200


def test_by_hand_it_says_what_it_is_for(bare):
    done = bare().run("fcgi", check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "spawn-fcgi" in done.stderr


def test_descriptor_0_may_be_tcp(bare):
    port, secret = free_port(), secrets.token_hex(32)
    p = bare()
    done = subprocess.run([*listener("AF_INET", ("127.0.0.1", port)), BINARY, "fcgi"], cwd=p.dir, env=p.env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "AUTENTICO_FRONT_SECRET: is missing" in done.stderr
    p.run_with(*listener("AF_INET", ("127.0.0.1", port)), BINARY, "fcgi", env={"AUTENTICO_FRONT_SECRET": secret})
    assert p.ask(("127.0.0.1", port), AUTENTICO_FRONT_SECRET=secret)[0] == 200
    assert p.ask(("127.0.0.1", port))[0] == 403


# --- a front that knows one socket ----------------------------------------------------

def test_half_of_the_workers_may_wait_for_a_hash():
    """Design 2: the rest of the sign-ins are told to come back, and cheap requests find somebody."""
    p = Provider(AUTENTICO_LOGIN_SOCKET="", AUTENTICO_WORKERS="4", AUTENTICO_HASHERS="1")
    p.onboard_cli()
    p.start()
    try:
        assert "login-worker" not in p.pool().values()
        client = p.add_client()
        browsers = [Browser(p) for _ in range(12)]
        pages = [b.get(p.authorize_url(client)).text for b in browsers]
        refused = []
        with concurrent.futures.ThreadPoolExecutor(14) as threads:
            for _ in range(10):
                storm = [threads.submit(p.post_login, b, page, password="wrong password")
                         for b, page in zip(browsers, pages)]
                cheap = [threads.submit(b.get, "/healthz") for b in browsers]
                refused += [f.result() for f in storm if f.result().status_code == 503]
                assert {f.result().status_code for f in cheap} == {200}
                assert {f.result().status_code for f in storm} <= {302, 503}
                if refused:
                    break
        assert refused and all(int(a.headers["Retry-After"]) > 0 for a in refused)
    finally:
        p.stop()


# --- systemd ------------------------------------------------------------------------

def activated(p, *sockets, names=None):
    args = [word for s in sockets for word in ("-l", s)]
    args += ["--fdname=" + names] if names else []
    pass_on = [word for name in p.env for word in ("-E", name)]
    p.run_with("systemd-socket-activate", *args, *pass_on, BINARY, "start")


@pytest.mark.parametrize("names", ["main:login", "login:main", None])
def test_socket_activation(bare, names):
    """By name, or by path where a unit gives all of its sockets one name."""
    p = bare()
    main, login = os.path.join(p.dir, "main.sock"), os.path.join(p.dir, "login.sock")
    activated(p, *((login, main) if names == "login:main" else (main, login)), names=names)
    assert p.ask(main)[0] == 200 and p.ask(login)[0] == 200
    p.ask(main, uri="/on-main")
    p.ask(login, uri="/on-login")
    kinds = {row["path"]: row["proc"] for row in p.events("request")}
    assert (kinds["/on-main"], kinds["/on-login"]) == ("worker", "login-worker")
    p.process.send_signal(signal.SIGTERM)
    assert p.process.wait(20) == 0 and os.path.exists(main) and os.path.exists(login)


def test_activation_with_one_socket(bare):
    p = bare()
    activated(p, p.where)
    assert p.ask()[0] == 200


def test_activation_that_makes_no_sense(bare):
    p = bare()
    activated(p, p.where, p.dir + "/other.sock", names="main:main")
    while p.process.poll() is None:  # it starts with the first connection, and ends
        try:
            fastcgi.connect(p.where).close()
        except OSError:
            time.sleep(0.02)
    assert p.process.returncode == 1 and "more than one socket for main" in p.read_log()


def test_the_units_are_clean(tmp_path):
    """What systemd itself thinks of contrib/systemd; the program is where this build put it."""
    for name in ("autentico.service", "autentico.socket"):
        text = (CONTRIB / "systemd" / name).read_text().replace("/usr/local/bin/autentico", BINARY)
        (tmp_path / name).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    assert len(units) == 2
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # 0 is safe, 100 is not; half of what systemd still calls OK
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager",
                           str(tmp_path / "autentico.service")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_with_a_network_is_clean(tmp_path):
    """The drop-in for mail: what it opens, and nothing else."""
    unit, drop_in = tmp_path / "autentico.service", tmp_path / "autentico.service.d" / "network.conf"
    unit.write_text((CONTRIB / "systemd" / "autentico.service").read_text().replace("/usr/local/bin/autentico", BINARY))
    drop_in.parent.mkdir()
    drop_in.write_text((CONTRIB / "systemd" / "network.conf").read_text())
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60,
                          env=env)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", str(unit)],
                          capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 0 and "✗ PrivateNetwork=" in done.stdout, done.stdout + done.stderr
    settings = [line for line in drop_in.read_text().splitlines() if "=" in line and not line.startswith("#")]
    assert settings == ["Wants=network-online.target", "PrivateNetwork=no",
                        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"]
    # what it sets over is what the unit had closed
    closed = unit.read_text().splitlines()
    assert "PrivateNetwork=yes" in closed and "RestrictAddressFamilies=AF_UNIX" in closed


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(20)

    def wait_for(self, line):
        seen = []
        while not any(line in text.splitlines() for text in seen):
            seen.append(self.socket.recv(4096).decode())
        return seen


@pytest.mark.parametrize("is_abstract", [False, True])
def test_the_service_manager_is_told(bare, is_abstract):
    p = bare()
    name = f"autentico-test-{os.getpid()}" if is_abstract else p.dir + "/notify"
    manager = Manager("\0" + name if is_abstract else name)
    p.run_with(BINARY, "start", env={"NOTIFY_SOCKET": "@" + name if is_abstract else name, "WATCHDOG_USEC": "600000"})
    assert manager.wait_for("READY=1") == ["READY=1\nSTATUS=Serving"]
    assert fastcgi.ask(p.dir + "/main.sock")[0] == 200
    for _ in range(2):
        manager.wait_for("WATCHDOG=1")
    p.process.send_signal(signal.SIGHUP)
    assert int(manager.wait_for("RELOADING=1")[-1].split("MONOTONIC_USEC=")[1].split()[0]) > 0
    manager.wait_for("READY=1")
    p.process.send_signal(signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    assert p.process.wait(20) == 0
