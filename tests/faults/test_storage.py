"""The disk and whoever else has a hand on the database."""
import concurrent.futures
import os
import secrets
import subprocess
import threading

import pytest
import requests

import checker
import faults
import pool
from provider import Provider

WORKERS = ("worker", "login-worker")


def writers(t, kinds=WORKERS + ("keeper",)):
    now = pool.census(t.provider)
    return sorted(set().union(*(now[kind] for kind in kinds)))


class Until:
    """The fault lasts until so many were turned away."""

    def __init__(self, t, fault, n=5):
        self.t, self.fault, self.n = t, fault, n

    def __enter__(self):
        self.fault.__enter__()
        self.t.wait_for_503(self.n)

    def __exit__(self, *what):
        return self.fault.__exit__(*what)


@pytest.fixture
def disk():
    """A small one."""
    with faults.small_disk(12) as where:
        yield where


def test_disk_full(disk, trial):
    t = trial("disk full", AUTENTICO_DB_FILE_PATH=disk + "/autentico.db")
    for _ in range(4):
        t.hit(Until(t, faults.full(disk)), t.writes, says="database or disk is full")
    t.finish()


def test_cannot_be_written(trial):
    """What a file system that went read-only answers to those who have files open."""
    t = trial("read-only file system, files open")
    for _ in range(3):
        t.hit(Until(t, faults.syscalls(writers(t), "pwrite64,ftruncate,fdatasync,fsync", "error=EROFS")), t.writes,
                 says="disk I/O error: Read-only file system")
    t.finish()


def test_cannot_be_synced(trial):
    """Written, but not known to be on disk: nobody is told that it is done."""
    t = trial("fdatasync fails (EIO)")
    for _ in range(3):
        t.hit(Until(t, faults.syscalls(writers(t), "fdatasync,fsync", "error=EIO")), t.writes,
                 says="could not be brought to disk|disk I/O error: Input/output error")
    t.finish()


def test_cannot_be_read(trial):
    t = trial("reading fails (EIO)")
    for _ in range(3):
        t.hit(Until(t, faults.syscalls(writers(t), "pread64", "error=EIO")), t.writes, says="Input/output error")
    t.finish()


def test_start_on_a_full_disk(disk):
    """The same, for a new database and for an old one whose lock file finds no room."""
    p = Provider(AUTENTICO_DB_FILE_PATH=disk + "/autentico.db")

    def is_refused():
        with faults.full(disk):
            refused = p.run("start", check=False)
        assert refused.returncode == 1, refused.stderr
        assert "No space left" in refused.stderr, refused.stderr

    try:
        is_refused()
        p.start()
        assert p.halt() == 0
        os.unlink(disk + "/autentico.lock")
        is_refused()
        p.start()
    finally:
        p.stop()


def test_start_on_a_read_only_file_system(disk):
    """Refused, with the reason; and started when it can be written again."""
    p = Provider(AUTENTICO_DB_FILE_PATH=disk + "/autentico.db")
    p.start()
    p.onboard_cli()
    assert p.halt() == 0
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    refused = p.run("start", check=False)
    assert refused.returncode == 1, refused.stderr
    assert "ead-only" in refused.stderr, refused.stderr
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    p.start()
    p.stop()


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_locked_for_moments(trial, begin):
    """Two seconds: everybody waits, nobody is turned away."""
    t = trial(f"locked by an outsider, 2 s ({begin})")

    class Two:
        def __enter__(self):
            self.lock = faults.stranger(t.provider, begin)
            self.lock.__enter__()
            threading.Event().wait(2)

        def __exit__(self, *what):
            return self.lock.__exit__(*what)

    for _ in range(3):
        t.hit(Two(), t.writes)
    t.finish()
    assert t.load.counts["503"] == 0


def test_locked_for_long(trial):
    """Until it is too much for those who wait.  The first one waits, not one after another: else nobody would be left
    for those who only read."""
    t = trial("locked by an outsider, until 503")

    def write(_):
        return t.provider.api("PUT", "/settings", json={"theme_title": secrets.token_hex(8)}).status_code

    class Crowd(Until):
        def __enter__(self):
            super().__enter__()
            with concurrent.futures.ThreadPoolExecutor(12) as crowd:       # more than there are workers
                turned_away = crowd.map(write, range(60))
                for _ in range(5):
                    assert requests.get(t.provider.url + "/healthz", timeout=4).status_code == 200
            assert set(turned_away) == {503}

    for _ in range(2):
        t.hit(Crowd(t, faults.stranger(t.provider, "BEGIN IMMEDIATE")), t.writes,
              says="somebody without the write lock|no write lock")
    t.finish()


def overwrite(path):
    with open(path, "r+b") as f:
        f.write(os.urandom(os.stat(path).st_size))


DAMAGES = {
    "overwritten": overwrite,
    "emptied": lambda path: os.truncate(path, 0),
    "deleted": os.unlink,
    "torn": lambda path: os.truncate(path, os.stat(path).st_size // 2 + 100),
}


def is_whole(path):
    return subprocess.run(["sqlite3", path, "PRAGMA integrity_check"], capture_output=True, text=True).stdout == "ok\n"


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_limits(trial, how):
    """The limiter has no opinion then, and its file is replaced; or nobody had need of what was torn off, which the
    next write brings back."""
    t = trial(f"limits.db {how}", AUTENTICO_RATE_LIMIT_RPS="100000", AUTENTICO_RATE_LIMIT_BURST="100000",
              AUTENTICO_RATE_LIMIT_RPM="6000000", AUTENTICO_RATE_LIMIT_RPM_BURST="100000")
    path = os.path.join(os.path.dirname(t.provider.db_path), "limits", "limits.db")
    for _ in range(3):
        seen = len(t.provider.events("limits_reopened"))
        t.hit(faults.done(lambda: (DAMAGES[how](path), DAMAGES[how](path + "-wal"))), t.writes)
        pool.until(lambda: len(t.provider.events("limits_reopened")) > seen and os.path.exists(path + "-wal") or
                   how == "torn" and is_whole(path), 20, "replaced")
    t.finish()
    assert t.load.counts["503"] == 0
    assert is_whole(path)


def test_lock_file_of_another_boot(trial):
    """Whoever held it is long gone."""
    t = trial("lock file of another boot")
    path = os.path.join(os.path.dirname(t.provider.db_path), "autentico.lock")

    def age():
        t.provider.process.terminate()
        t.provider.process.wait(20)
        with open(path, "r+b") as f:
            page = bytearray(f.read())
            page[16:24] = b"01234567"                   # the boot id
            page[56:] = b"\xff" * (len(page) - 56)       # a mutex that nobody can have
            f.seek(0)
            f.write(page)
        t.provider.start()

    for _ in range(3):
        t.hit(faults.done(age), t.is_whole)
    t.finish(may_be_silent=True)


def test_checker_sees_what_is_missing(trial):
    """The reckoning itself: what is taken away, undone or doubled behind everybody's back is found."""
    t = trial("none (does the checker see?)")
    t.hit(faults.done(lambda: None), t.writes)
    t.wait_for_answers(60)
    t.load.stop()
    state = checker.State(t.journal.path)
    spent = next(value for value, s in state.refresh_tokens.items() if s == "spent")
    code = next(iter(state.codes))
    with faults.stranger(t.provider, "BEGIN IMMEDIATE") as db:
        db.execute("UPDATE tokens SET rotated_at = NULL WHERE refresh_hash = ?", (checker.sha256(spent[20:]),))
        db.execute("DELETE FROM authorization_codes WHERE code_hash = ?", (checker.sha256(code),))
        db.execute("DELETE FROM users WHERE username = 'prober'")
        db.execute("COMMIT")
        db.execute("BEGIN")
    report = checker.Report(state)
    checker.Database(t.provider, state, report).check()
    assert any("was rotated and is not marked" in what for what in report.lost), report.lost
    assert any("is not there" in what for what in report.lost), report.lost
    assert any("unspent refresh tokens" in what for what in report.doubled), report.doubled
