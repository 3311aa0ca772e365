"""`kill -9` of each kind of process, and of all at once, at random moments of a load of full sign-ins (design 2).

Nothing acknowledged is lost, nothing that may be used once was used twice, the pool is whole within a second.
The same load with every other fault: tests/run faults.
"""
import os
import pathlib
import random
import statistics
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "faults"))
import checker  # noqa: E402
import pool     # noqa: E402
from journal import Journal  # noqa: E402
from load import Load  # noqa: E402
from provider import TCP, Provider  # noqa: E402

SEED = int(os.environ.get("AUTENTICO_TEST_SEED", random.SystemRandom().randrange(2 ** 32)))


@pytest.fixture
def loaded():
    p = Provider()
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


def kill_at_a_random_moment(provider, journal, draw, victims):
    """Whoever `victims` names of those who are there then; seconds until they are replaced."""
    assert journal.wait(draw.randrange(1, 20), 60), "the load does nothing"
    before = pool.census(provider)
    chosen = victims(before)
    assert chosen
    pool.kill(chosen)
    return pool.recover(provider, before, chosen)


def test_kill_of_each_kind_and_of_all(loaded, tmp_path):
    print("AUTENTICO_TEST_SEED", SEED)
    draw = random.Random(SEED)
    journal = Journal(tmp_path / "journal")
    kinds = [kind for kind, pids in pool.census(loaded).items() if pids]  # over TCP nobody is at a login socket
    assert len(kinds) >= len(pool.KINDS) - TCP
    turns = [lambda now, kind=kind: {draw.choice(sorted(now[kind]))} for kind in kinds]
    turns += [pool.everybody]
    turns *= 2
    draw.shuffle(turns)
    with Load(loaded, journal, draw.random(), people_n=4) as load:
        times = [kill_at_a_random_moment(loaded, journal, draw, turn) for turn in turns]
        assert journal.wait(10, 60), "the load does not go on"
    print("recovered in", sorted(round(t, 3) for t in times), "answers", load.counts)
    checker.check(loaded, journal, load.client).demand()
    assert statistics.median(times) < 1
    died = {row["kind"] for row in loaded.events("process_died")}
    assert died >= set(kinds)
