"""Fixtures of the HTTP and relying-party tests."""
import pytest

from provider import Provider


@pytest.fixture(scope="module")
def provider():
    """Real workers behind a real nginx, one installation per test module, in a folder of its own."""
    p = Provider()
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


@pytest.fixture(scope="module")
def fresh():
    """A provider that nobody has set up yet."""
    p = Provider()
    p.start()
    yield p
    p.stop()


@pytest.fixture(scope="module")
def client(provider):
    """A confidential application with refresh tokens."""
    return provider.add_client(refresh=True)
