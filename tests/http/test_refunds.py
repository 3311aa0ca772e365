"""Rate tokens given back (design D11b): who proves a client or a live token is not held up; failures keep costing."""
import itertools

import pytest
import requests
from requests.adapters import HTTPAdapter

from provider import ADMIN, PASSWORD, Provider

BURST = 4
MANY = 3 * BURST  # more than any bucket holds
numbers = itertools.count(2)


class From(HTTPAdapter):
    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kw):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kw)


class Caller:
    """Somebody with an address, and so a bucket, of his own."""

    def __init__(self, provider):
        self.base = f"http://127.0.0.1:{provider.port}/oauth2"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.mount("http://", From(f"127.0.0.{next(numbers)}"))

    def post(self, path, **kw):
        return self.http.post(self.base + path, timeout=30, **kw)

    def get(self, path, **kw):
        return self.http.get(self.base + path, timeout=30, allow_redirects=False, **kw)

    def fail(self):
        return self.post("/token", data={"grant_type": "client_credentials"}, auth=("nobody", "wrong"))

    def left(self):
        """How many failures until the bucket is empty."""
        n = 0
        while (answer := self.fail()).status_code == 401 and n < MANY:
            n += 1
        assert answer.status_code == 429
        return n


def limited(**rates):
    p = Provider(**{"AUTENTICO_RATE_LIMIT_" + name: value for name, value in rates.items()})
    p.run("onboard", "--username", ADMIN, "--password", PASSWORD, "--enable-admin-password-grant")
    p.start()
    return p


@pytest.fixture(scope="module")
def provider():
    """Nothing comes back by itself while a test runs."""
    p = limited(RPS="0.001", BURST=str(BURST), RPM="0")
    yield p
    p.stop()


@pytest.fixture
def caller(provider):
    return Caller(provider)


@pytest.fixture(scope="module")
def app(provider):
    return provider.add_client(refresh=True, grant_types="client_credentials password", scopes="openid api")


@pytest.fixture(scope="module")
def admin_token(provider):
    """A live token of an administrator."""
    answer = Caller(provider).post("/token", data={"grant_type": "password", "client_id": "autentico-admin",
                                                   "username": ADMIN, "password": PASSWORD})
    return answer.json()["access_token"]


def test_failures_cost(caller, app):
    """A control: the limit is there, and it does not ask who comes next."""
    assert caller.left() == BURST
    refused = caller.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth)
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "1"
    assert refused.json()["error"] == "too_many_requests"


@pytest.mark.parametrize("path, form, status", [
    ("/token", {"grant_type": "client_credentials", "scope": "api"}, 200),
    ("/protocol/openid-connect/token", {"grant_type": "client_credentials", "scope": "api"}, 200),
    ("/introspect", {"token": "unknown"}, 200),
    ("/revoke", {"token": "unknown"}, 200),
    # proven all the same: what is wrong is not who asks
    ("/token", {"grant_type": "refresh_token", "refresh_token": "unknown"}, 400),
    ("/token", {"grant_type": "client_credentials", "scope": "more"}, 400),
    ("/introspect", {}, 400),
])
def test_a_confidential_client_pays_nothing(caller, app, path, form, status):
    for _ in range(MANY):
        assert caller.post(path, data=form, auth=app.auth).status_code == status
    assert caller.left() == BURST


def test_refreshing(provider, caller, app):
    token = caller.post("/token", auth=app.auth, data={"grant_type": "password", "username": ADMIN,
                                                       "password": PASSWORD}).json()["refresh_token"]
    for _ in range(MANY):
        answer = caller.post("/token", auth=app.auth, data={"grant_type": "refresh_token", "refresh_token": token})
        assert answer.status_code == 200
        token = answer.json()["refresh_token"]
    assert caller.left() == BURST


@pytest.mark.parametrize("auth, form, status", [
    (("{id}", "wrong"), {"grant_type": "client_credentials"}, 401),
    (("nobody", "{secret}"), {"grant_type": "client_credentials"}, 401),
    (None, {"grant_type": "client_credentials", "client_id": "{id}"}, 401),
    (None, {"grant_type": "client_credentials", "client_id": "{id}", "client_secret": "{secret}"}, 401),  # wrong method
    (("{id}", "{secret}"), {"grant_type": "magic"}, 400),  # refused before the client is looked at
])
def test_who_proves_nothing_pays(caller, app, auth, form, status):
    fill = lambda text: text.replace("{id}", app.id).replace("{secret}", app.secret)  # noqa: E731
    used = tuple(fill(part) for part in auth) if auth else None
    answers = [caller.post("/token", data={k: fill(v) for k, v in form.items()}, auth=used).status_code
               for _ in range(BURST + 2)]
    assert answers == [status] * BURST + [429, 429]


def test_a_public_client_pays(provider, caller):
    """Anybody can say its name."""
    public = provider.add_client(public=True, grant_types="password")
    answers = [caller.post("/token", data={"grant_type": "password", "client_id": public.id, "username": ADMIN,
                                           "password": PASSWORD}).status_code for _ in range(BURST + 1)]
    assert answers == [200] * BURST + [429]


def test_userinfo(caller, admin_token):
    live = {"Authorization": "Bearer " + admin_token}
    for _ in range(MANY):
        assert caller.get("/userinfo", headers=live).status_code == 200
        assert caller.post("/userinfo", data={"access_token": admin_token}).status_code == 200
    answers = [caller.get("/userinfo", headers={"Authorization": "Bearer " + admin_token[:-4] + "AAAA"}).status_code
               for _ in range(BURST + 1)]
    assert answers == [401] * BURST + [429]


def test_userinfo_of_a_dead_token(provider, caller, app):
    form = {"grant_type": "password", "username": ADMIN, "password": PASSWORD, "scope": "openid"}
    token = caller.post("/token", data=form, auth=app.auth).json()["access_token"]
    live = {"Authorization": "Bearer " + token}
    assert caller.get("/userinfo", headers=live).status_code == 200
    assert caller.post("/revoke", data={"token": token}, auth=app.auth).status_code == 200
    answers = [caller.get("/userinfo", headers=live).status_code for _ in range(BURST + 1)]
    assert answers == [401] * BURST + [429]


def test_an_administrators_token(caller, admin_token):
    live = {"Authorization": "Bearer " + admin_token}
    for path in ("/introspect", "/revoke"):
        for _ in range(MANY):
            assert caller.post(path, data={"token": "unknown"}, headers=live).status_code == 200
    assert caller.left() == BURST


def test_elsewhere_nothing_comes_back(provider, caller, app, admin_token):
    """Pages cost whoever comes, whatever he brings."""
    for header in ({"Authorization": "Bearer " + admin_token}, {}):
        someone = Caller(provider)
        answers = [someone.get("/authorize", headers=header, auth=None if header else app.auth).status_code
                   for _ in range(BURST + 1)]
        assert answers == [400] * BURST + [429]


def test_a_wrong_password_is_the_persons(provider, caller, app):
    """The application is proven and goes on; the account locks (flows 15)."""
    provider.add_user("guessed-at")
    form = {"grant_type": "password", "username": "guessed-at", "password": "wrong password"}
    errors = [caller.post("/token", data=form, auth=app.auth).json()["error"] for _ in range(MANY)]
    assert errors == ["invalid_grant"] * 5 + ["account_locked"] * (MANY - 5)
    assert caller.left() == BURST


def test_others_have_their_own(provider, caller):
    assert caller.left() == BURST
    assert Caller(provider).left() == BURST


def test_the_minute_tier_is_given_back_too():
    p = limited(RPS="1000", BURST="1000", RPM="0.01", RPM_BURST=str(BURST))
    try:
        app = p.add_client(grant_types="client_credentials", scopes="api")
        caller = Caller(p)
        for _ in range(MANY):
            assert caller.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth).status_code == 200
        assert caller.left() == BURST
    finally:
        p.stop()
