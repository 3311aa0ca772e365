"""The provider of tests/http, for relying parties that nobody here wrote."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))
from conftest import provider  # noqa: E402,F401
