"""What dies is replaced, and nothing acknowledged is lost (design 2)."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import sqlite3
import sys
import time

import pytest
import requests

from provider import FRONT, Browser, Provider

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import pool  # noqa: E402


def test_kill_of_every_process(provider, client):
    tokens = provider.tokens(client)
    before = pool.census(provider)
    pool.kill(pool.everybody(before))
    # until all are replaced: what a killed front leaves behind may answer once more
    pool.recover(provider, before, pool.everybody(before), 10)
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    again = provider.refresh(client, tokens["refresh_token"])
    assert again.status_code == 200
    assert provider.refresh(client, tokens["refresh_token"]).status_code == 400
    assert provider.events("process_died")


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_for_work(provider):
    """The hasher, in the middle of a hash."""
    (hasher,) = pool.census(provider)["hasher"]
    idle = cpu_ticks(hasher)
    pool.until(lambda: cpu_ticks(hasher) > idle + 5, 30, "it hashes")
    return hasher


def kill_at_work(provider):
    hasher = wait_for_work(provider)
    pool.kill({hasher})
    pool.until(lambda: pool.census(provider)["hasher"] - {hasher}, 30, "it is replaced")


@contextlib.contextmanager
def slow_sign_in():
    """A provider, and the answer of a sign-in that takes a second of work."""
    p = Provider()
    try:
        p.start()
        p.onboard_cli()
        client = p.add_client()
        with contextlib.closing(sqlite3.connect(p.db_path)) as db, db:
            db.execute("UPDATE passwords SET hash = ?", ("$2b$14$" + "abcdefghijklmnopqrstuO" + "x" * 31,))
        with concurrent.futures.ThreadPoolExecutor(1) as other:
            browser = Browser(p)
            page = p.authorize(client, browser).text
            yield p, other.submit(p.post_login, browser, page)
    finally:
        p.stop()


def test_two_hashers_killed_one_after_another():
    """A question that went down with two of them: 503, come again (RFC 6749 4.1.2.1: not server_error)."""
    with slow_sign_in() as (p, answer):
        kill_at_work(p)
        kill_at_work(p)
        answer = answer.result()
        assert answer.status_code == 503 and answer.headers["Retry-After"].isdigit(), (answer.status_code, answer.headers)
        assert "<html" in answer.text
        assert p.events("fault")[-1]["why"] == "hasher: 2 died, one after another, with the same question"


def test_killed_in_the_middle_of_an_answer():
    """The web server says so, with a page.  lighttpd can say 500 only."""
    with slow_sign_in() as (p, answer):
        wait_for_work(p)
        now = pool.census(p)
        pool.kill(now["worker"] | now["login-worker"])
        answer = answer.result()
        assert answer.status_code == (500 if FRONT == "lighttpd" else 503)
        assert "Temporarily unavailable" in answer.text and answer.headers["Content-Type"].startswith("text/html")


def test_secrets_are_in_no_worker(provider, client):
    """D3a: a worker finds neither the bytes in its environment nor in the log."""
    with open(os.path.join(provider.dir, ".env")) as f:
        secrets = [line.strip().split("=", 1)[1] for line in f if "SECRET" in line or "KEY=" in line]
    log = provider.read_log()
    assert secrets and not any(s in log for s in secrets if len(s) > 30)


def sockets(pid):
    """What it was left of them, but for its log."""
    links = (os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir() if int(link.name) > 2)
    return {link for link in links if link.startswith("socket:")}


def test_nobody_asks_signers_on_anothers_channel(provider):
    """Design D3: what they may be asked hangs on the channel, and the courier's and the keeper's are their own."""
    found = pool.census(provider)
    signers = sockets(min(found["signer"]))
    asking = {kind: {pid: sockets(pid) for pid in found[kind]} for kind in ("worker", "login-worker", "courier", "keeper")}
    assert len(signers) > len(asking)
    (keeper,), (courier,) = asking["keeper"].values(), asking["courier"].values()
    for own in (keeper, courier):  # and, once an answer has come, the pair by which it came
        assert len(own) in (1, 3)
    assert not keeper & courier
    for workers in (asking["worker"], asking["login-worker"]):
        assert not any((keeper | courier) & found for found in workers.values())


def test_files_are_private(provider):
    for name in ("autentico.db", ".env", "autentico.lock"):
        assert os.stat(os.path.join(provider.dir, name)).st_mode & 0o077 == 0


def test_stop_is_quick_and_clean():
    p = Provider()
    p.start()
    began = time.monotonic()
    assert p.stop() == 0
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group(sig):
    """Ctrl-C at a terminal: the parent alone takes it, and ends the others when their work is done."""
    p = Provider()
    p.start(process_group=0)
    os.killpg(p.process.pid, sig)
    assert p.process.wait(20) == 0
    assert p.events("process_died") == []
    assert len(p.events("stopped")) == 1
    p.stop()


def test_auto_setup_speaks_once():
    p = Provider()
    os.unlink(os.path.join(p.dir, ".env"))
    p.start("--auto-setup", "--url", p.url)
    p.halt()
    with open(os.path.join(p.dir, "out")) as f:
        out = f.read()
    assert out.count("Wrote ./.env") == out.count("Set up ") == 1
    p.stop()


def test_second_start_says_so(provider):
    done = provider.run("start", check=False)
    assert done.returncode == 1 and "already running" in done.stderr


def test_static_files_and_headers(provider):
    """HT-18, HT-19, HT-20"""
    css = requests.get(provider.issuer + "/static/auth.css?v=1", timeout=10)
    assert css.status_code == 200 and "immutable" in css.headers["Cache-Control"]
    page = Browser(provider).get("/onboard")
    for path in ("/oauth2/static/nothing.css", "/oauth2/static/../../etc/passwd", "/oauth2/static/%2e%2e/x"):
        assert requests.get(provider.url + path, timeout=10).status_code in (400, 404)
    health = requests.get(provider.url + "/healthz", timeout=10)
    assert health.json() == {"status": "ok", "database": "ok"} and page.status_code == 302
    assert health.headers["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in health.headers["Content-Security-Policy"]
