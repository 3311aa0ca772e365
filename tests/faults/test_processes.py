"""Processes that hang, that may open nothing more, that get no memory; and a clock that jumps."""
import os
import resource
import signal

import pytest

import faults
import pool

WORKERS = ("worker", "login-worker")
PLAIN = os.environ.get("AUTENTICO_PLAIN_BINARY")


def all_of(t, *kinds):
    now = pool.census(t.provider)
    return sorted(set().union(*(now[kind] for kind in kinds)))


class During:
    """The fault lasts until this is true."""

    def __init__(self, fault, condition, what):
        self.fault, self.condition, self.what = fault, condition, what

    def __enter__(self):
        self.fault.__enter__()
        pool.until(self.condition, 90, self.what)

    def __exit__(self, *what):
        return self.fault.__exit__(*what)


@pytest.mark.parametrize("kind", pool.KINDS)
def test_stopped(trial, kind):
    """All of a kind hang at once: found out and replaced."""
    t = trial(f"every {kind} is stopped (SIGSTOP)")
    for _ in range(4):
        t.wait_for_answers()
        victims = set(all_of(t, kind))
        t.inject(faults.done(lambda: pool.kill(victims, signal.SIGSTOP)),
                 lambda: t.is_whole(without=victims) and t.signs_in(), says='"process_hung".*"kind":"%s"' % kind)
    t.finish(may_be_silent=kind == "front")


@pytest.mark.parametrize("kind", ["signer", "hasher"])
@pytest.mark.parametrize("call", [None, "sendmsg"], ids=["idle", "busy"])
def test_hangs(trial, kind, call):
    """It takes no question, or has one and never answers: 503 when the time is up, and it is replaced."""
    t = trial(f"every {kind} hangs, {'at work' if call else 'idle'}", AUTENTICO_REQUEST_DEADLINE="4s")
    for _ in range(2):
        t.wait_for_answers()
        victims = set(all_of(t, kind))
        t.inject(During(faults.held(victims, call), lambda: not victims & set(all_of(t, kind)), "replaced"),
                 lambda: t.is_whole() and t.signs_in(), says='"%s_late"(.|\n)*"process_hung".*"kind":"%s"' % (kind, kind))
    t.finish()


def test_writer_hangs(trial):
    """A worker that keeps the write lock and hangs: the others wait, then 503, then it is replaced."""
    t = trial("a worker hangs with the lock", AUTENTICO_REQUEST_DEADLINE="8s")
    for _ in range(2):
        t.wait_for_answers()
        victims = set(all_of(t, "worker"))
        t.inject(During(faults.held(victims, "pwrite64"), lambda: len(victims & set(all_of(t, "worker"))) < len(victims),
                        "replaced"),
                 lambda: t.is_whole() and t.signs_in(), says='"process_hung".*"kind":"worker"', from_start=True)
    t.finish()


@pytest.mark.parametrize("spare_n", [0, 2])
def test_no_descriptors(trial, spare_n):
    """No worker may open one more; or so few that it can read a request and cannot ask for a signature."""
    t = trial(f"descriptor limit reached, {spare_n} left")
    for _ in range(3):
        t.wait_for_answers()
        victims = set(all_of(t, *WORKERS))
        t.inject(During(faults.limited(victims, resource.RLIMIT_NOFILE, faults.descriptors(spare_n)),
                        lambda: len(victims - set(all_of(t, *WORKERS))) > 1, "replaced"),
                 lambda: t.is_whole() and t.signs_in(), says="Too many open files", from_start=True)
    t.finish()


def test_no_memory(trial):
    """Who gets none ends, and is replaced by one who does.  (An ordinary build: AddressSanitizer allocates too.)"""
    t = trial("memory limit reached, all workers", binary=PLAIN)
    for _ in range(3):
        t.wait_for_answers()
        victims = set(all_of(t, *WORKERS))
        t.inject(During(faults.limited(victims, resource.RLIMIT_DATA, lambda pid: 1 << 20),
                        lambda: len(victims - set(all_of(t, *WORKERS))) > 1, "replaced"),
                 lambda: t.is_whole() and t.signs_in(), says="no memory|fcgiapp.c:.* Malloc: Assertion", from_start=True)  # libfcgi says it so
    t.finish()


def test_clock_steps(trial, draw):
    """Back and forth, within what a code and an access token live."""
    t = trial("clock steps, up to two minutes")
    for _ in range(8):
        t.hit(faults.done(lambda: t.provider.travel(draw.choice([-120, -30, -3, 0, 3, 30, 120]))),
                 lambda: t.writes() and t.signs_in())
        t.wait_for_answers()
    t.provider.travel(0)
    t.finish()
