"""contrib/systemd: within the outer fence of the unit the inner ones are closed too, and everything works."""
import ctypes
import errno
import os
import pathlib
import re
import subprocess

import pytest

from provider import Provider
from test_calls import one

SYSTEMD = pathlib.Path(__file__).resolve().parent.parent.parent / "contrib" / "systemd"
ALLOW, EPERM = 0x7FFF0000, 0x00050000 | errno.EPERM
EQ, MASKED_EQ = 4, 7
EXEC, PR_SET_SECCOMP = 4, 22


class Arg(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
seccomp.seccomp_init.restype = ctypes.c_void_p
seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
seccomp.seccomp_load.argtypes = [ctypes.c_void_p]


def settings(unit, name):
    return re.findall(rf"^{name}=(.*)$", (SYSTEMD / unit).read_text(), re.M)


def members(word):
    """The calls of a set, and of the sets in it."""
    if not word.startswith("@"):
        return {word}
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, check=True)
    found = [line.split()[0] for line in text.stdout.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*map(members, found))


def allowed(lines):
    """As systemd.exec(5) has it: the first line makes it a list of what is allowed, "~" takes out of it."""
    calls = members("@default")
    for line in lines:
        words = set().union(*map(members, line.lstrip("~").split()))
        calls = calls - words if line.startswith("~") else calls | words
    return calls


def fence(families):
    calls = allowed(settings("autentico.service", "SystemCallFilter"))
    assert "openat" in calls and "seccomp" in calls and not calls & {"mount", "reboot", "setuid", "chroot"}
    assert settings("autentico.service", "SystemCallErrorNumber") == ["EPERM"]
    assert settings("autentico.service", "MemoryDenyWriteExecute") == ["yes"]
    f = seccomp.seccomp_init(EPERM)

    def rule(action, name, *args):
        nr = seccomp.seccomp_syscall_resolve_name(name.encode())
        if nr != -1:
            assert seccomp.seccomp_rule_add_array(f, action, nr, len(args), (Arg * len(args))(*args)) == 0, name

    for name in calls - {"mmap", "mprotect", "socket"}:
        rule(ALLOW, name)
    for family in families:
        rule(ALLOW, "socket", Arg(0, EQ, family, 0))
    for protection in (0, 2):  # not both, and nothing becomes executable later
        rule(ALLOW, "mmap", Arg(2, MASKED_EQ, 2 | EXEC, protection))
    rule(ALLOW, "mmap", Arg(2, MASKED_EQ, 2 | EXEC, EXEC))
    rule(ALLOW, "mprotect", Arg(2, MASKED_EQ, EXEC, 0))

    def enter():
        if seccomp.seccomp_load(f) != 0:
            raise OSError("seccomp_load")
    return enter


@pytest.fixture
def fenced():
    """By a user of its own, as the unit has it, and with the network of the drop-in: the harness needs a web server."""
    assert settings("network.conf", "RestrictAddressFamilies") == ["AF_UNIX AF_INET AF_INET6"]
    p = Provider(user="nobody" if os.geteuid() == 0 else None)
    p.onboard_cli()
    p.start(preexec_fn=fence((1, 2, 10)))
    yield p
    p.stop()


def filters(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"^Seccomp_filters:\t(\d+)$", f.read(), re.M)[1])


def test_everything_works_within_the_fence(fenced):
    client = fenced.add_client(refresh=True)
    tokens = fenced.tokens(client)
    assert fenced.userinfo(tokens["access_token"]).status_code == 200
    assert fenced.refresh(client, tokens["refresh_token"]).status_code == 200
    assert fenced.api("GET", "/users").status_code == 200
    assert filters(fenced.process.pid) == 2
    for kind in ("worker", "login-worker", "hasher", "signer", "keeper", "courier"):
        assert filters(one(fenced, kind)) == 3, kind
    assert not fenced.events("sandbox_without_seccomp") and not fenced.events("sandbox_without_landlock")


def test_without_it_one_warning():
    """A container that forbids seccomp(2) and Landlock: said once, and everything runs."""
    f = seccomp.seccomp_init(ALLOW)
    for name in ("seccomp", "landlock_create_ruleset"):
        nr = seccomp.seccomp_syscall_resolve_name(name.encode())
        assert seccomp.seccomp_rule_add_array(f, EPERM, nr, 0, None) == 0
    nr = seccomp.seccomp_syscall_resolve_name(b"prctl")
    assert seccomp.seccomp_rule_add_array(f, EPERM, nr, 1, (Arg * 1)(Arg(0, EQ, PR_SET_SECCOMP, 0))) == 0
    p = Provider()
    p.onboard_cli()
    p.start(preexec_fn=lambda: seccomp.seccomp_load(f))
    try:
        assert p.sign_in(p.add_client())["code"]
        for event in ("sandbox_without_seccomp", "sandbox_without_landlock"):
            assert [e["proc"] for e in p.events(event)] == ["parent"], event
    finally:
        p.stop()
