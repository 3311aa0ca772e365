"""Lists of the admin API: paging, order, search, filters, dates (http-api 1.9)."""
import re

import pytest

from provider import PASSWORD

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def people(provider):
    """Five beside the administrator, ten seconds apart."""
    for name in ("alice", "bobby", "carol", "d_ave", "e%ric"):
        provider.later(10)
        answer = provider.api("POST", "/users", json={"username": name, "password": PASSWORD, "email": name[0] + "@example.test"})
        assert answer.status_code == 201, answer.text


def names(answer):
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["data"]["items"]]


@pytest.mark.parametrize("query, found", [
    ({"limit": "2"}, ["admin", "alice"]), ({"limit": "2", "offset": "2"}, ["bobby", "carol"]), ({"offset": "500"}, []),
    ({"limit": "0"}, 6), ({"limit": "-1"}, 6), ({"limit": "101"}, 6), ({"limit": "x"}, 6), ({"limit": "99999999999999999999"}, 6),
    ({"offset": "-1", "limit": "1"}, ["admin"]), ({"offset": "x", "limit": "1"}, ["admin"]),
    ({"sort": "username", "order": "desc", "limit": "2"}, ["e%ric", "d_ave"]), ({"sort": "username", "order": "DESC", "limit": "1"}, ["e%ric"]),
    ({"sort": "username", "order": "banana", "limit": "1"}, ["admin"]), ({"sort": "nothing", "limit": "1"}, ["admin"]),
    ({"sort": "created_at", "order": "desc", "limit": "1"}, ["e%ric"]), ({"sort": "password", "limit": "1"}, ["admin"]),
    ({"sort": "username; DROP TABLE users", "limit": "1"}, ["admin"]),
    ({"search": "ALIC"}, ["alice"]), ({"search": "  bob "}, ["bobby"]), ({"search": "@example.test"}, 6), ({"search": "_"}, ["d_ave"]),
    ({"search": "%"}, ["e%ric"]), ({"search": "' OR '1'='1"}, []), ({"search": "x" * 300}, []), ({"search": ""}, 6),
    ({"role": "admin"}, ["admin"]), ({"role": ""}, 6), ({"role": "nobody"}, []), ({"is_email_verified": "1"}, []),
    ({"is_email_verified": "0"}, 6), ({"is_email_verified": "x"}, []), ({"group": "staff"}, []), ({"totp_verified": "1"}, []),
    ({"unknown": "x"}, 6),
])
def test_people(people, provider, query, found):
    """1.9"""
    got = names(provider.api("GET", "/users", params=query))
    assert (got if isinstance(found, list) else len(got)) == found


def test_total_is_of_all(people, provider):
    """1.3 LIST"""
    data = provider.api("GET", "/users", params={"limit": "2", "search": "example.test"}).json()["data"]
    assert len(data["items"]) == 2 and data["total"] == 6 and set(data) == {"items", "total"}
    assert provider.api("GET", "/users", params={"search": "nobody at all"}).json() == {"data": {"items": [], "total": 0}}


def test_dates(people, provider):
    """1.9: instants; a day as the end means all of it."""
    made = {u["username"]: u["created_at"] for u in provider.api("GET", "/users").json()["data"]["items"]}
    at = made["carol"]
    assert TIME.fullmatch(at)
    assert names(provider.api("GET", "/users", params={"created_at_from": at, "created_at_to": at})) == ["carol"]
    from_carol = names(provider.api("GET", "/users", params={"created_at_from": at}))
    assert from_carol[0] == "carol" and "bobby" not in from_carol
    assert "carol" in names(provider.api("GET", "/users", params={"created_at_to": at[:10]}))
    assert names(provider.api("GET", "/users", params={"created_at_to": "2001-01-01T00:00:00"})) == []


@pytest.mark.parametrize("query", [
    {"created_at_from": "yesterday"}, {"created_at_to": "2026-13-01"}, {"created_at_from": "2026-02-30"}, {"created_at_from": "1"},
    {"created_at_from": "2026-01-02", "created_at_to": "2026-01-01"}, {"created_at_from": "2026-01-01' OR 1=1--"}])
def test_dates_malformed(provider, query):
    """1.3 DERR"""
    answer = provider.api("GET", "/users", params=query)
    body = answer.json()
    assert answer.status_code == 400 and body["data"] is None and body["error"]["code"] == 400 and body["error"]["message"]


# --- clients -------------------------------------------------------------------

@pytest.fixture(scope="module")
def clients(provider):
    for i, (name, kind) in enumerate([("Web shop", "confidential"), ("Mobile", "public"), ("100% wiki", "confidential")]):
        provider.later(10)
        provider.register(client_name=name, client_type=kind, client_id=f"app-{i}")
    provider.run("clients", "disable", "app-2")


@pytest.mark.parametrize("query, found", [
    ({"limit": "2"}, ["100% wiki", "Mobile"]), ({"limit": "1", "offset": "2"}, ["Web shop"]), ({}, 5), ({"limit": "0"}, 5),
    ({"sort": "client_name", "order": "asc", "limit": "1"}, ["100% wiki"]), ({"sort": "client_id", "limit": "3", "order": "asc"},
                                                                             ["100% wiki", "Mobile", "Web shop"][::-1]),
    ({"sort": "client_type", "order": "asc", "limit": "2"}, 2), ({"sort": "client_secret", "limit": "1"}, ["100% wiki"]),
    ({"search": "%"}, ["100% wiki"]), ({"search": "APP-1"}, ["Mobile"]), ({"search": "shop"}, ["Web shop"]),
    ({"client_type": "public", "search": "app-"}, ["Mobile"]), ({"client_type": "banana"}, []),
    ({"is_active": "0"}, ["100% wiki"]), ({"is_active": "1"}, 4), ({"is_active": "x"}, []), ({"is_active": ""}, 5),
])
def test_clients(clients, provider, query, found):
    """7.2: newest first unless told otherwise"""
    answer = provider.api("GET", "/clients", params=query)
    assert answer.status_code == 200, answer.text
    got = [client["client_name"] for client in answer.json()["data"]["items"]]
    assert (got if isinstance(found, list) else len(got)) == found
    assert "secret" not in answer.text.replace("client_secret_basic", "")


@pytest.mark.parametrize("path", ["/users", "/clients"])
def test_what_a_list_refuses(provider, path):
    """HT-03, HT-14: twice, and what does not decode; never a fault, never a word about SQL."""
    for query in ("limit=1&limit=2", "search=%ff", "search=a%00b", "sort=a&sort=b"):
        answer = provider.api("GET", path + "?" + query)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), query
        assert "sql" not in answer.text.lower()
