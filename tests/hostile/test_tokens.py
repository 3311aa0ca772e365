"""A token where one is taken: as a hint, as a bearer, to be looked up (JO-01 to JO-07, JO-10, JO-11)."""
import socket

import pytest
import requests

from expect import JSON, PAGE, REDIR, WWW
from provider import CALLBACK, Browser, query_of
from tricks import OTHER, REFUSED, REFUSED_BEARERS, REFUSED_HINTS, TAKEN, TAKEN_BEARERS, Genuine, sign
from wire import Answer

BYE = "https://app.example.test/bye"


@pytest.fixture(scope="module")
def at(provider):
    """A client, a browser that is signed in, and what it got."""
    client = provider.register(post_logout_redirect_uris=[BYE])
    browser = Browser(provider)
    tokens = provider.tokens(client, browser)
    return {"client": client, "browser": browser, "access": Genuine(provider, tokens["access_token"]),
            "hint": Genuine(provider, tokens["id_token"]), "admin": Genuine(provider, provider.console_token())}


def as_answer(response):
    """For the words of the table."""
    answer = Answer(b"")
    answer.status, answer.text = response.status_code, response.text
    answer.headers = {name.lower(): [value] for name, value in response.headers.items()}
    return answer


def each(*tables):
    rows = [(name, make) for table in tables for name, make in table.items()]
    return pytest.mark.parametrize("make", [make for _, make in rows], ids=[name for name, _ in rows])


# --- as a hint -------------------------------------------------------------------

def authorize(provider, at, hint):
    return provider.authorize(at["client"], at["browser"], prompt="none", id_token_hint=hint)


def logout(provider, at, hint):
    """In a browser without a session: a good hint leads there, and ends nothing."""
    return Browser(provider).post("/oauth2/logout", data={"id_token_hint": hint, "post_logout_redirect_uri": BYE})


@each(REFUSED, REFUSED_HINTS)
def test_hints_refused(provider, world, at, make):
    hint = make(at["hint"])
    REDIR("invalid_request")(as_answer(authorize(provider, at, hint)), world)
    PAGE(400, "id_token_hint")(as_answer(logout(provider, at, hint)), world)


@each(TAKEN)
def test_hints_taken(provider, at, make):
    hint = make(at["hint"])
    assert "code" in query_of(authorize(provider, at, hint).headers["Location"])
    assert logout(provider, at, hint).headers["Location"] == BYE


def test_hints_of_another_kind(provider, world, at):
    """JO-06"""
    for hint in (at["access"].token, provider.admin_token):
        REDIR("invalid_request")(as_answer(authorize(provider, at, hint)), world)
        PAGE(400, "id_token_hint")(as_answer(logout(provider, at, hint)), world)


# --- as a bearer -----------------------------------------------------------------

def userinfo(provider, token):
    return requests.post(provider.issuer + "/userinfo", data={"access_token": token}, timeout=20)


def in_header(url, token):
    return requests.get(url, headers={"Authorization": "Bearer " + token}, timeout=20)


def may_be_in_header(token):
    return 0 < len(token) < 12000 and not set(token) & set(' {}",\\\t\r\n')


@each(REFUSED, REFUSED_BEARERS)
def test_bearers_refused(provider, world, at, make):
    token = make(at["access"])
    WWW(401, "invalid_token")(as_answer(userinfo(provider, token)), world)
    if may_be_in_header(token):
        WWW(401, "invalid_token")(as_answer(in_header(provider.issuer + "/userinfo", token)), world)
    token = make(at["admin"])
    if may_be_in_header(token):
        answer = as_answer(in_header(provider.url + "/admin/api/users", token))
        WWW(401, "invalid_token")(answer, world)
        JSON(401, "invalid_token")(answer, world)


@each(TAKEN, TAKEN_BEARERS)
def test_bearers_taken(provider, at, make):
    assert userinfo(provider, make(at["access"])).status_code == 200
    assert in_header(provider.issuer + "/userinfo", make(at["access"])).status_code == 200
    assert in_header(provider.url + "/admin/api/users", make(at["admin"])).status_code == 200


# --- looked up ---------------------------------------------------------------------

@each(REFUSED, REFUSED_BEARERS)
def test_not_known_by_introspection(provider, at, make):
    """IN-03: and nothing else is said."""
    answer = requests.post(provider.issuer + "/introspect", data={"token": make(at["access"])}, auth=at["client"].auth, timeout=20)
    assert (answer.status_code, answer.text) == (200, '{"active":false}')


@each(REFUSED)
def test_not_revoked(provider, at, make):
    """RV-02: 200, and what it looks like lives on."""
    answer = provider.revoke(at["client"], make(at["access"]))
    assert (answer.status_code, answer.text) == (200, "")
    assert userinfo(provider, at["access"].token).status_code == 200


@each(TAKEN)
def test_known_by_introspection(provider, at, make):
    answer = requests.post(provider.issuer + "/introspect", data={"token": make(at["access"])}, auth=at["client"].auth, timeout=20)
    assert answer.json()["active"] is True


def test_nothing_is_fetched(provider, at):
    """JO-05: whatever address a header names, nobody goes there."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        url = "http://127.0.0.1:%d/x" % trap.getsockname()[1]
        for member in ("jku", "x5u", "kid", "iss"):
            for g, place in ((at["access"], userinfo), (at["hint"], lambda p, t: authorize(p, at, t)), (at["hint"], lambda p, t: logout(p, at, t))):
                place(provider, sign({**g.header, member: url}, {**g.claims, "iss": url}, OTHER))
                place(provider, g.headed(**{member: url}))
        with pytest.raises(BlockingIOError):
            trap.accept()


def test_what_was_genuine_still_is(provider, at):
    """After all of this."""
    assert userinfo(provider, at["access"].token).status_code == 200
    assert "code" in query_of(authorize(provider, at, at["hint"].token).headers["Location"])
    assert at["client"].redirect_uri == CALLBACK
