"""Faults under a load of full sign-ins; ends with the table of what they cost (tests/run faults)."""
import ctypes
import os
import pathlib
import random
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http")]
from trial import ROWS, Trial, table  # noqa: E402

CLONE_NEWNS = 0x00020000
SEED = int(os.environ.get("AUTENTICO_TEST_SEED", random.SystemRandom().randrange(2 ** 32)))


def pytest_configure(config):
    """What is mounted here is seen by us and our children only, and goes with us."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare: the faults part mounts small file systems and runs as root")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def pytest_terminal_summary(terminalreporter):
    if ROWS:
        terminalreporter.write_line(f"AUTENTICO_TEST_SEED={SEED}")
        for line in table(ROWS):
            terminalreporter.write_line(line)


@pytest.fixture
def draw(request):
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture
def trial(request, draw, tmp_path):
    """Makes a Trial; what it has found is demanded by Trial.finish()."""
    made = []

    def make(fault, **kw):
        made.append(Trial(fault, draw, tmp_path, **kw))
        return made[-1]

    yield make
    for t in made:
        t.end()
