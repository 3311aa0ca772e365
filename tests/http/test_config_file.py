"""Whose configuration file is read when root starts something (design D21, D22)."""
import os
import pwd
import shutil
import subprocess
import tempfile

import pytest

from provider import BINARY

SERVICE = pwd.getpwnam("nobody")
STRANGER = 64123


@pytest.fixture
def folder():
    if os.geteuid() != 0:
        pytest.fail("run as root: what root believes is what is tested")
    path = tempfile.mkdtemp(prefix="aut-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(cwd, *args, **env):
    names = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    return subprocess.run([BINARY, *args], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env={**{n: os.environ[n] for n in names if n in os.environ}, **env})


def service(folder, owner=SERVICE.pw_uid, **more):
    """A service's directory with its configuration in it, both `owner`'s."""
    home = os.path.join(folder, "home")
    os.mkdir(home, 0o700)
    assert run(home, "init", "--url", "https://id.example.test").returncode == 0
    with open(home + "/.env", "a") as f:
        f.writelines(f"{k}={v}\n" for k, v in more.items())
    os.chown(home + "/.env", owner, -1)
    os.chown(home, owner, -1)
    return home


def test_of_the_service_user(folder):
    home = service(folder)
    done = run(home, "onboard", "--username", "admin", "--password", "correct horse battery")
    assert done.returncode == 0, done.stderr
    assert os.stat(home + "/autentico.db").st_uid == SERVICE.pw_uid
    assert run(home, "users", "list").returncode == 0


def test_of_the_user_that_is_named(folder):
    home = service(folder, AUTENTICO_USER="nobody")
    os.chown(home, 0, 0)
    os.chmod(home, 0o755)
    assert run(home, "site", "nginx").returncode == 0


def test_of_root(folder):
    home = service(folder)
    os.chown(home + "/.env", 0, 0)
    assert run(home, "site", "nginx").returncode == 0


def test_of_a_stranger(folder):
    """Neither root nor whom the pool would run as."""
    home = service(folder)
    os.chown(home + "/.env", STRANGER, -1)
    for args in (("site", "nginx"), ("users", "list"), ("start",), ("site", "nginx", "--config", home + "/.env")):
        done = run(home, *args)
        assert done.returncode == 1 and f"belongs to somebody else (uid {STRANGER})" in done.stderr, args


def test_of_nobody_that_exists(folder):
    home = service(folder, AUTENTICO_USER="no-such-user")
    done = run(home, "site", "nginx")
    assert done.returncode == 1 and "belongs to somebody else" in done.stderr


def test_met_where_anybody_may_write(folder):
    """A file in /tmp that says what suits its owner is not taken unless it is named."""
    home = service(folder, AUTENTICO_USER="nobody")
    os.chown(home, 0, 0)
    os.chmod(home, 0o1777)
    done = run(home, "site", "nginx")
    assert done.returncode == 1 and "--config" in done.stderr
    assert run(home, "site", "nginx", "--config", home + "/.env").returncode == 0


def test_another_user_reads_his_own_only(folder):
    home = service(folder)
    os.chmod(home, 0o755)
    os.chmod(home + "/.env", 0o644)
    done = subprocess.run([BINARY, "site", "nginx"], cwd=home, capture_output=True, text=True, timeout=60,
                          user=STRANGER, env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 1 and "belongs to somebody else" in done.stderr


def test_a_socket_path_removes_nothing_else(folder):
    """The path of a socket is no way to have root remove a file."""
    home = service(folder)
    victim = os.path.join(folder, "victim")
    with open(victim, "w") as f:
        f.write("here")
    done = run(home, "start", AUTENTICO_SOCKET=victim)
    assert done.returncode == 1 and "is no socket" in done.stderr
    with open(victim) as f:
        assert f.read() == "here"
