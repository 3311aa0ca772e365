"""A private front that is no single process (started by an ordinary user) leaves nobody on its port."""
import os
import pathlib
import signal
import sys

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "faults"))
import pool  # noqa: E402
from provider import Provider  # noqa: E402


@pytest.fixture
def ordinary():
    p = Provider(user="nobody")
    p.start()
    yield p
    p.stop()


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return {int(word) for word in f.read().split()}


def is_gone(pids):
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_front_is_killed(ordinary):
    before = pool.census(ordinary)
    master = min(before["front"])
    workers = children_of(master)
    assert workers
    os.kill(master, signal.SIGKILL)
    pool.recover(ordinary, before, {master})
    pool.until(lambda: is_gone(workers), 10, "its workers are gone")
    assert requests.get(ordinary.url + "/healthz", timeout=10).status_code == 200


def test_parent_is_killed(ordinary):
    """Started again at once, it finds the port free."""
    ordinary.process.kill()
    ordinary.process.wait()
    ordinary.start()
