"""Scripts of other origins over real HTTP, behind the private front with its cache: HT-12, HT-13, http-api 1.8, design D16."""
import secrets

import pytest
import requests

from provider import PASSWORD, Provider, pkce

APP, OTHER = "https://app.example.test", "https://other.example.test"
SCRIPTS = [
    ("GET", "/.well-known/openid-configuration"), ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/oauth2/.well-known/openid-configuration"), ("GET", "/oauth2/.well-known/jwks.json"),
    ("POST", "/oauth2/token"), ("POST", "/oauth2/protocol/openid-connect/token"), ("POST", "/oauth2/revoke"),
    ("POST", "/oauth2/introspect"), ("GET", "/oauth2/userinfo"), ("POST", "/oauth2/register"),
    ("GET", "/admin/api/users"), ("GET", "/account/api/settings"), ("GET", "/healthz"),
]
PAGES = [
    ("GET", "/oauth2/authorize"), ("POST", "/oauth2/authorize"), ("GET", "/oauth2/login"), ("POST", "/oauth2/login"),
    ("GET", "/oauth2/logout"), ("POST", "/oauth2/logout"), ("POST", "/oauth2/logout/confirm"), ("GET", "/onboard"),
    ("GET", "/admin/"), ("GET", "/admin/callback"), ("GET", "/account/profile"), ("GET", "/"), ("GET", "/nowhere"),
    ("GET", "/oauth2/static/auth.css"), ("GET", "/oauth2/static/theme.css"),
]


class Open(Provider):
    def __init__(self, **env):
        super().__init__(AUTENTICO_ADMIN_TOKEN=secrets.token_hex(32), **env)
        self.start()
        self.onboard_cli()

    def allow(self, value):
        answer = requests.put(self.url + "/admin/api/settings", json={"cors_allowed_origins": value}, timeout=10,
                              headers={"Authorization": "Bearer " + self.env["AUTENTICO_ADMIN_TOKEN"]})
        assert answer.status_code == 204, answer.text

    def ask(self, method, path, origin=APP, **kw):
        headers = {"Origin": origin} if origin else {}
        if method == "OPTIONS":
            headers["Access-Control-Request-Method"] = "POST"
            headers["Access-Control-Request-Headers"] = "authorization"
        return requests.request(method, self.url + path, headers=headers, timeout=10, allow_redirects=False, **kw)


@pytest.fixture(scope="module")
def provider():
    p = Open()
    yield p
    p.stop()


def allowed(answer):
    return answer.headers.get("Access-Control-Allow-Origin")


def assert_none(answer):
    assert not [h for h in answer.headers if h.lower().startswith("access-control")], answer.headers


def test_off_by_default(provider):
    for method, path in SCRIPTS:
        assert_none(provider.ask(method, path))
        preflight = provider.ask("OPTIONS", path)
        assert preflight.status_code == 405 and "Allow" in preflight.headers
        assert_none(preflight)


@pytest.mark.parametrize("method, path", SCRIPTS)
def test_a_listed_origin(provider, method, path):
    """HT-13"""
    provider.allow(f"https://first.example.test, {APP}")
    for answer in (provider.ask(method, path), provider.ask("OPTIONS", path)):
        assert allowed(answer) == APP, answer.text
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, DELETE, OPTIONS"
        assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, Authorization"
        assert "Origin" in answer.headers["Vary"]
    assert answer.status_code == 204 and answer.content == b""
    # anybody else: as if there were no such thing
    assert_none(provider.ask(method, path, origin=OTHER))
    preflight = provider.ask("OPTIONS", path, origin=OTHER)
    assert preflight.status_code == 405
    assert_none(preflight)
    assert_none(provider.ask(method, path, origin=None))


@pytest.mark.parametrize("method, path", PAGES)
def test_pages_never(provider, method, path):
    """HT-12"""
    for value in (APP, "*"):
        provider.allow(value)
        for asked in (method, "OPTIONS"):
            answer = provider.ask(asked, path)
            assert_none(answer)
            assert asked != "OPTIONS" or answer.status_code != 204


def test_anybody(provider):
    provider.allow(f"{APP}, *")
    for method, path in SCRIPTS:
        for origin in (APP, OTHER, "null"):
            for answer in (provider.ask(method, path, origin), provider.ask("OPTIONS", path, origin)):
                assert allowed(answer) == "*"
                assert "Access-Control-Allow-Credentials" not in answer.headers  # HT-13
        assert_none(provider.ask(method, path, origin=None))


@pytest.mark.parametrize("path", [path for _, path in SCRIPTS if ".well-known" in path])
def test_the_front_keeps_nobody_elses_answer(provider, path):
    """Metadata is kept by the web server for ten seconds; who may read it is not."""
    provider.allow(APP)
    plain = provider.ask("GET", path, origin=None)  # kept now, without headers
    assert_none(plain)
    for _ in range(2):
        answer = provider.ask("GET", path)
        assert allowed(answer) == APP and answer.json() == plain.json()
        assert_none(provider.ask("GET", path, origin=OTHER))
        assert_none(provider.ask("GET", path, origin=None))
    provider.allow(OTHER)
    assert allowed(provider.ask("GET", path, origin=OTHER)) == OTHER
    assert_none(provider.ask("GET", path))
    provider.allow("")
    assert_none(provider.ask("GET", path, origin=OTHER))


def test_a_refusal_can_be_read(provider):
    provider.allow(APP)
    answer = provider.ask("GET", "/oauth2/userinfo")
    assert answer.status_code == 401 and allowed(answer) == APP
    assert "WWW-Authenticate" in answer.headers["Access-Control-Expose-Headers"]
    answer = provider.ask("POST", "/oauth2/token", data={"grant_type": "magic"})
    assert answer.status_code == 400 and allowed(answer) == APP
    answer = provider.ask("DELETE", "/oauth2/token")
    assert answer.status_code == 405 and allowed(answer) == APP


def test_no_preflight_costs_a_rate_token():
    p = Open(AUTENTICO_RATE_LIMIT_RPS="0.001", AUTENTICO_RATE_LIMIT_BURST="2", AUTENTICO_RATE_LIMIT_RPM="0")
    try:
        p.allow(APP)
        for _ in range(5):
            assert p.ask("OPTIONS", "/oauth2/token").status_code == 204
        codes = [p.ask("POST", "/oauth2/token", data={"grant_type": "magic"}).status_code for _ in range(3)]
        assert codes == [400, 400, 429]
        limited = p.ask("POST", "/oauth2/token")
        assert limited.status_code == 429 and allowed(limited) == APP  # and a script is told when to come again
        assert "Retry-After" in limited.headers["Access-Control-Expose-Headers"]
    finally:
        p.stop()


def test_origins_of_public_applications():
    """AUTENTICO_ENABLE_CORS=true while the list is empty: live with every registration."""
    p = Open(AUTENTICO_ENABLE_CORS="true")
    try:
        confidential, public = "https://server.example.test", "https://spa.example.test:8443"
        p.add_client(redirect_uri=confidential + "/cb")
        assert_none(p.ask("POST", "/oauth2/token", origin=confidential))
        assert_none(p.ask("OPTIONS", "/oauth2/token", origin=public))
        spa = p.add_client(public=True, redirect_uri=public + "/cb")
        preflight = p.ask("OPTIONS", "/oauth2/token", origin=public)
        assert preflight.status_code == 204 and allowed(preflight) == public
        verifier, challenge = pkce()
        code = p.sign_in(spa, code_challenge=challenge, code_challenge_method="S256")["code"]
        answer = p.ask("POST", "/oauth2/token", origin=public, data={
            "grant_type": "authorization_code", "code": code, "redirect_uri": spa.redirect_uri, "client_id": spa.id,
            "code_verifier": verifier})
        assert answer.status_code == 200 and allowed(answer) == public
        assert_none(p.ask("POST", "/oauth2/token", origin="https://spa.example.test"))
        p.run("clients", "disable", spa.id)
        assert_none(p.ask("POST", "/oauth2/token", origin=public))
        p.run("clients", "enable", spa.id)
        assert allowed(p.ask("POST", "/oauth2/token", origin=public)) == public
        p.allow(APP)  # a list replaces them
        assert_none(p.ask("POST", "/oauth2/token", origin=public))
        assert allowed(p.ask("POST", "/oauth2/token")) == APP
    finally:
        p.stop()


def test_forced_off():
    p = Open(AUTENTICO_ENABLE_CORS="false")
    try:
        for value in (APP, "*"):
            p.allow(value)
            assert_none(p.ask("POST", "/oauth2/token"))
            assert p.ask("OPTIONS", "/oauth2/token").status_code == 405
    finally:
        p.stop()


def test_cookie_only_tokens_reach_a_script():
    """The refresh token's cookie is why credentials are allowed at all (http-api 6.1)."""
    p = Open(AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY="true")
    try:
        p.allow(APP)
        app = p.add_client(public=True, refresh=True, grant_types="password")
        answer = p.ask("POST", "/oauth2/token", data={"grant_type": "password", "client_id": app.id,
                                                       "username": "admin", "password": PASSWORD})
        assert answer.status_code == 200 and "refresh_token" not in answer.json()
        assert "autentico_refresh_token" in answer.headers["Set-Cookie"]
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    finally:
        p.stop()
