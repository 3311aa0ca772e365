import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))
from fixtures import client, provider  # noqa: E402,F401
