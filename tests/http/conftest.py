import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fixtures import client, fresh, provider  # noqa: E402,F401
