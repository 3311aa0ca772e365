"""`kill -9`, at random moments: of each kind of process, of all at once, and of the parent."""
import statistics

import pytest

import faults
import pool

TIMES = 8


def kill(t, choose, says):
    t.wait_for_age()
    t.wait_for_answers()
    victims = choose(pool.census(t.provider))
    t.inject(faults.done(lambda: pool.kill(victims)), lambda: t.is_whole(without=victims), says)


@pytest.mark.parametrize("kind", pool.KINDS)
def test_kill_of_one(trial, draw, kind):
    t = trial(f"kill -9 of a {kind}")
    for _ in range(TIMES):
        kill(t, lambda now: {draw.choice(sorted(now[kind]))}, '"process_died".*"kind":"%s"' % kind)
    t.finish(may_be_silent=True)
    assert statistics.median(t.times) < 1


def test_kill_of_all(trial):
    t = trial("kill -9 of all at once")
    for _ in range(TIMES):
        kill(t, pool.everybody, '"process_died"')
    t.finish(may_be_silent=True)
    assert statistics.median(t.times) < 1


def test_kill_of_the_parent(trial):
    """Who started it starts it again, as systemd would."""
    t = trial("kill -9 of the parent, started again")

    def is_back():
        if t.provider.process.poll() is not None:
            t.provider.start()
        return t.is_whole()

    for _ in range(3):
        t.hit(faults.done(lambda: (t.provider.process.kill(), t.provider.process.wait())), is_back)
    t.finish(may_be_silent=True)
