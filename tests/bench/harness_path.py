"""The harness of the HTTP tests."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))
import provider as harness  # noqa: E402,F401
