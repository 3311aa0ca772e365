import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "http"))
sys.path.insert(0, str(HERE))
from chromium import Chromium  # noqa: E402
from fixtures import fresh, provider  # noqa: E402,F401
from provider import Provider  # noqa: E402


@pytest.fixture(params=[True, False], ids=["javascript", "plain"], scope="module")
def browser(request):
    """Chromium as it is, and with JavaScript forbidden."""
    chromium = Chromium(request.param)
    yield chromium
    chromium.quit()


@pytest.fixture(scope="module")
def screen():
    """Chromium with JavaScript, for looking at pages."""
    chromium = Chromium()
    yield chromium
    chromium.quit()


@pytest.fixture
def new():
    """An installation of the test's own that nobody has set up."""
    p = Provider()
    p.start()
    yield p
    p.stop()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core (npm), installed outside the tree."""
    folder = tempfile.mkdtemp(prefix="aut-axe-")
    shutil.copy(HERE / "node" / "package.json", folder)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=300)
    yield pathlib.Path(folder, "node_modules", "axe-core", "axe.min.js").read_text()
    shutil.rmtree(folder)
