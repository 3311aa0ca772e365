import base64
import pathlib
import sys
import urllib.parse

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from provider import CALLBACK, Browser, Provider  # noqa: E402


@pytest.fixture(scope="session")
def provider():
    """One for all of it: what the first case breaks, the last one meets."""
    p = Provider()
    p.start()
    p.onboard_cli()
    yield p
    broken = [event for name in ("fault", "process_died", "process_hung") for event in p.events(name)]
    p.stop()
    assert not broken, broken


@pytest.fixture(scope="session")
def app(provider):
    return provider.register(scopes="openid profile email")


@pytest.fixture(scope="session")
def world(provider, app):
    return make_world(provider, app)


def make_world(provider, app):
    """What the @words@ of the cases stand for."""
    assert provider.api("PUT", "/settings", json={"auth_mode": "password_and_passkey"}).status_code == 204
    poster = provider.register(token_endpoint_auth_method="client_secret_post")
    public = provider.register(client_type="public")
    browser = Browser(provider)
    tokens = provider.tokens(app, browser)
    page = provider.authorize(app, browser, prompt="login").text
    form = provider.login_form(page)
    begun = browser.get("/oauth2/passkey/discoverable/begin", params=form).json()
    query = provider.authorize_url(app).partition("?")[2]
    admin = provider.api("GET", "/users").json()["data"]["items"][0]
    quote = urllib.parse.quote_plus
    words = {
        "host": f"localhost:{provider.port}", "url": provider.url, "issuer": provider.issuer, "q": query, "cid": quote(app.id),
        "secret": app.secret, "cb": quote(CALLBACK), "cb_plain": CALLBACK, "basic": base64.b64encode(f"{app.id}:{app.secret}".encode()).decode(),
        "poster": poster.id, "poster_secret": poster.secret, "public": public.id, "admin": provider.admin_token,
        "access": tokens["access_token"], "refresh": tokens["refresh_token"], "idt": tokens["id_token"],
        "login": urllib.parse.urlencode(form), "csrf_cookie": browser.cookies["autentico_csrf"],
        "session": browser.cookies["autentico_idp_session"], "uid": admin["id"],
        "challenge_id": begun["challenge_id"], "challenge": begun["options"]["publicKey"]["challenge"],
    }
    return {name: value.encode() for name, value in words.items()}
