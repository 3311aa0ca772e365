"""Settings taken out and put in, and the trail of it (http-api 7.6; settings 3)."""
import json

import pytest

from provider import Browser, oerr


def exported(provider):
    answer = provider.api("GET", "/settings/export")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def stored(provider):
    return dict(provider.rows("SELECT key, value FROM settings"))


def test_export(provider):
    """7.6: everything but secrets and what belongs to this installation only."""
    before = stored(provider)
    out = exported(provider)
    assert set(out) == {"version", "exported_at", "settings"} and out["version"] == 1
    assert out["exported_at"].endswith("Z") and all(isinstance(v, str) for v in out["settings"].values())
    assert {"onboarded", "private_key", "smtp_password"}.isdisjoint(out["settings"])
    assert out["settings"] == {k: v for k, v in before.items() if k not in ("onboarded", "private_key", "smtp_password")}


def test_there_and_back(provider):
    """What another installation exported, or this one earlier, goes in as it came out."""
    shell = provider.api("GET", "/settings/export").json()
    before = stored(provider)
    for body in (shell, shell["data"]):
        assert provider.api("PUT", "/settings", json={"theme_title": "Between", "sso_enabled": "false"}).status_code == 204
        assert provider.api("POST", "/settings/import/apply", json=body).status_code == 204
        assert stored(provider) == before
    rows = provider.rows("SELECT actor_username, target_type, target_id FROM audit_logs WHERE event = 'settings_imported'")
    assert rows == [("admin-token", "settings", "")] * 2


def test_preview(provider):
    """Shows and stores nothing."""
    before = stored(provider)
    answer = provider.api("POST", "/settings/import/preview", json={"settings": {
        "theme_title": "Elsewhere", "stranger": "1", "onboarded": "false", "lockout_duration": "20m"}})
    assert answer.status_code == 200, answer.text
    shown = answer.json()["data"]
    assert sorted(shown["rows"], key=lambda r: r["key"]) == [
        {"key": "account_lockout_duration", "current": "15m", "incoming": "20m"},
        {"key": "theme_title", "current": "Autentico", "incoming": "Elsewhere"}]
    assert shown["unknown"] == ["stranger"]
    assert stored(provider) == before


def test_import_is_live(provider, client):
    """D17: on the next request, in every worker."""
    assert provider.api("POST", "/settings/import/apply", json={"settings": {"theme_title": "Imported", "stranger": "1"}}).status_code == 204
    for _ in range(8):
        assert "<title>Imported</title>" in Browser(provider).get(provider.authorize_url(client)).text
    assert "stranger" not in stored(provider)
    assert provider.api("PUT", "/settings", json={"theme_title": "Autentico"}).status_code == 204


@pytest.mark.parametrize("settings, words", [
    ({"access_token_expiration": "soon"}, "access_token_expiration"), ({"refresh_token_expiration": "1d"}, "refresh_token_expiration"),
    ({"access_token_expiration": "48h"}, "access_token_expiration"), ({"auth_mode": "sms"}, "auth_mode"), ({"sso_enabled": True}, "sso_enabled"),
    ({"theme_title": None}, "theme_title"), ({"theme_title": {"a": 1}}, "theme_title"), ({"theme_title": "a\u0001"}, "theme_title"),
    ({"theme_css_file": "/etc/passwd"}, "theme_css_file"), ({"lockout_duration": "5m", "account_lockout_duration": "6m"}, "account_lockout_duration"),
    ({"validation_min_username_length": "60"}, "administrator"), ({"validation_max_username_length": "1"}, "administrator")])
def test_all_or_nothing(provider, settings, words):
    """One bad value, or a door locked for everybody: nothing of it is stored, and the reason is told."""
    before = stored(provider)
    body = {"settings": {"theme_tagline": "half", **settings, "theme_title": settings.get("theme_title", "half")}}
    assert words in oerr(provider.api("POST", "/settings/import/apply", json=body), 400, "invalid_request")
    assert stored(provider) == before


def test_a_store_that_fails_halfway(provider):
    """The audit row belongs to the change: without it, none."""
    before = stored(provider)
    with provider.broken("audit_logs"):
        answer = provider.api("POST", "/settings/import/apply", json={"settings": {"theme_tagline": "half", "theme_title": "half"}})
        assert answer.status_code >= 500 and "sql" not in answer.text.lower()
    assert stored(provider) == before


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "x", '{"settings":null}', '{"settings":[]}', '{"settings":"x"}', '{"data":{}}',
                                  '{"data":[{"settings":{}}]}', '{"settings":{"theme_title":"a","theme_title":"b"}}', '{"settings":{"":"x"}}'])
def test_what_is_no_export(provider, body):
    """1.2"""
    before = stored(provider)
    for action in ("preview", "apply"):
        oerr(provider.api("POST", "/settings/import/" + action, data=body), 400, "invalid_request")
    assert stored(provider) == before


def test_size_and_type(provider):
    """1.2: the type is not looked at; 128 KiB are enough for any installation."""
    body = json.dumps(exported(provider))
    answer = provider.api("POST", "/settings/import/apply", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 204, answer.text
    many = {"settings": {f"stranger{i}": "1" for i in range(4000)}}
    shown = provider.api("POST", "/settings/import/preview", json=many).json()["data"]
    assert shown["rows"] == [] and len(shown["unknown"]) == 4000
    answer = provider.api("POST", "/settings/import/apply", json={"settings": {"theme_title": "x" * 200000}})
    assert answer.status_code == 413 and exported(provider)["settings"]["theme_title"] == "Autentico"


def test_the_trail(provider, client):
    """7.6: the newest first; filter, search and dates."""
    browser = Browser(provider)
    provider.post_login(browser, browser.get(provider.authorize_url(client)).text, "nobody-here", "wrong password")
    provider.later(10)
    provider.sign_in(client)
    answer = provider.api("GET", "/audit-logs")
    assert answer.status_code == 200, answer.text
    rows = answer.json()["data"]["items"]
    assert set(rows[0]) == {"id", "event", "actor_id", "actor_username", "target_type", "target_id", "detail", "ip_address", "created_at"}
    assert [r["created_at"] for r in rows] == sorted((r["created_at"] for r in rows), reverse=True)
    assert rows[0]["event"] == "login_success" and json.loads(rows[0]["detail"])["method"] == "password"
    failed = provider.api("GET", "/audit-logs", params={"event": "login_failed", "search": "NOBODY-HERE"}).json()["data"]
    assert failed["total"] == 1 and failed["items"][0]["actor_id"] is None and failed["items"][0]["ip_address"] == "127.0.0.1"
    at = rows[0]["created_at"]
    assert provider.api("GET", "/audit-logs", params={"created_at_from": at, "event": "login_success"}).json()["data"]["total"] == 1
    assert provider.api("GET", "/audit-logs", params={"event": "login"}).json()["data"] == {"items": [], "total": 0}
    first = provider.api("GET", "/audit-logs", params={"sort": "event", "order": "asc", "limit": "1"}).json()["data"]["items"][0]
    assert first["event"] == min(r["event"] for r in rows)
