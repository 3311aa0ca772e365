"""After many thousand hostile requests the pool is as large as after the first ones.

HOSTILE_REQUESTS says how many (default 5000; `tests/run hostile-100k` makes it 100,000 on an ordinary build).
"""
import concurrent.futures
import itertools
import os
import random
import re

import pytest

import cases_bodies
import cases_messages
import cases_parameters
import cases_routes
from conftest import make_world
from expect import GET
from provider import Provider
from test_fastcgi import TABLE
from tricks import REFUSED, REFUSED_BEARERS, Genuine
from wire import fastcgi, http

REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "5000"))
PASSES_MIN = 3
# what makes rows or changes settings is not for repeating
ONCE = ("JSON clients: members", "JSON clients: a huge exponent", "JSON clients: a tiny", "JSON clients: a double",
        "JSON clients: minus", "JSON settings: a value", "JSON settings: markup", "JSON settings: a colour", "… ")


@pytest.fixture(scope="module")
def pool():
    """With an allocator that gives back at once, should this be a sanitized build: its quarantine only fills."""
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
    p = Provider(AUTENTICO_LOG_LEVEL="error", AUTENTICO_WORKERS="1", AUTENTICO_LOGIN_WORKERS="1", AUTENTICO_SIGNERS="1")
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


def memory_of(pid):
    """Pages that only this process has, in KiB."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("Private_"))


def attacks(pool):
    """Everything there is, as functions without an argument."""
    app = pool.register()
    world = make_world(pool, app)
    cases = [c for m in (cases_parameters, cases_bodies, cases_messages, cases_routes) for c in m.cases if not c.name.startswith(ONCE)]
    raws = [case.request.render(world) for case in cases]
    access = Genuine(pool, world["access"].decode())
    tokens = [make(access) for make in itertools.chain(REFUSED.values(), REFUSED_BEARERS.values())]
    tokens = [token for token in tokens if re.fullmatch(r"[A-Za-z0-9._=+/-]{1,8000}", token)]
    raws += [GET("/oauth2/userinfo", "Authorization: Bearer " + token).render(world) for token in tokens]
    records = [raw for raw, _ in TABLE.values() if raw]
    sockets = [os.path.join(pool.dir, name) for name in ("main.sock", "login.sock")]
    return [lambda raw=raw: http(pool.port, raw) for raw in raws] + [
        lambda path=path, raw=raw: fastcgi(path, raw) for path in sockets for raw in records]


def size_of(pool):
    """Without the web server, and without the hasher, which keeps its arena by design."""
    return sum(memory_of(pid) for pid, kind in pool.pool().items() if kind not in ("front", "hasher"))


def test_flat(pool):
    everything = attacks(pool)
    before, sizes = set(pool.pool()), []
    chance = random.Random(1)
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        for _ in range(max(PASSES_MIN, REQUESTS // len(everything))):
            chance.shuffle(everything)
            list(threads.map(lambda attack: attack(), everything))
            sizes.append(size_of(pool))
    print(f"{len(sizes) * len(everything)} requests; KiB after each {len(everything)}: {sizes}")
    assert set(pool.pool()) == before, "a process was replaced"
    # the first passes fill what is kept for good: buffers, statements, the cache of the store
    settled = sizes[max(1, len(sizes) // 4)]
    assert sizes[-1] <= settled * 1.05, sizes
