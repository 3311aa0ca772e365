"""Second factors of others: admin API, console, command line (http-api 7.1; never stuck)."""
import re

import pytest

from authenticator import Site, add_passkey
from provider import ADMIN, PASSWORD, Browser, error_of, hidden
from second import Account, Second, is_enrol, is_verify


@pytest.fixture
def person(provider):
    person.n = getattr(person, "n", 0) + 1
    provider.add_user(f"helped{person.n}", email=f"helped{person.n}@example.test")
    account = Account(provider, f"helped{person.n}")
    p = Second(provider, f"helped{person.n}", account.enrol())
    p.account = account
    p.id = next(u for u in provider.api("GET", f"/users?search={p.username}").json()["data"]["items"])["id"]
    return p


def test_what_is_set_up(provider, client, person):
    """7.1: totp_verified in object and filter; details of their own."""
    provider.later(31)
    person.account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=person.code())
    assert provider.api("GET", f"/users/{person.id}").json()["data"]["totp_verified"] is True
    facts = provider.api("GET", f"/users/{person.id}/factors").json()["data"]
    assert facts["totp_enabled"] is True and facts["recovery_codes_left"] == 10 and facts["trusted_devices"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", facts["totp_since"]) and "locked_until" not in facts
    names = {f: {u["username"] for u in provider.api("GET", f"/users?totp_verified={f}").json()["data"]["items"]}
             for f in ("1", "0")}
    assert person.username in names["1"] and ADMIN in names["0"] and not names["1"] & names["0"]
    everybody = provider.api("GET", "/users?totp_verified=1").json()["data"]
    assert everybody["total"] == len(everybody["items"])
    other = provider.api("GET", "/users?search=admin").json()["data"]["items"][0]
    assert provider.api("GET", f"/users/{other['id']}/factors").json()["data"] == {
        "totp_enabled": False, "recovery_codes_left": 0, "trusted_devices": 0, "passkeys": 0}
    assert provider.api("GET", "/users/00000000000000000000/factors").status_code == 404


def reset_by_api(provider, person):
    assert provider.api("DELETE", f"/users/{person.id}/factors/totp").status_code == 204
    assert provider.api("DELETE", f"/users/{person.id}/factors/totp").status_code == 404


def reset_by_member(provider, person):
    answer = provider.api("PUT", f"/users/{person.id}", json={"totp_verified": True})
    assert answer.status_code == 200  # nothing to do
    answer = provider.api("PUT", f"/users/{person.id}", json={"totp_verified": False})
    assert answer.json()["data"]["totp_verified"] is False
    answer = provider.api("PUT", f"/users/{person.id}", json={"totp_verified": True})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def reset_by_command(provider, person):
    assert "is removed" in provider.run("users", "reset-factor", person.username).stdout
    again = provider.run("users", "reset-factor", person.username, check=False)
    assert again.returncode == 1 and "has no authenticator app" in again.stderr
    assert provider.run("users", "reset-factor", "nobody", check=False).returncode == 1


def reset_in_console(provider, person):
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/users/" + person.id)).text
    page = browser.follow(provider.post_login(browser, page)).text
    action = re.search(r'action="(/admin/users/[0-9a-v]{20}/factors/totp/remove)"', page).group(1)
    assert browser.post(action, data={}).status_code == 403
    done = browser.follow(browser.post(action, data={"csrf_token": hidden(page, "csrf_token")})).text
    assert "Authenticator app removed" in done and "factors/totp/remove" not in done


@pytest.mark.parametrize("reset", [reset_by_api, reset_by_member, reset_by_command, reset_in_console])
def test_reset(provider, client, person, reset):
    """A lost phone: an administrator lets the person in again; everything of before has ended, and it is on record."""
    browser = Browser(provider)
    person.sign_in(client, browser)
    reset(provider, person)
    assert person.account("GET", "/mfa").status_code == 401
    assert provider.error(client, browser, prompt="none")["error"] == "login_required"
    provider.sign_in(client, username=person.username)
    with provider.settings(require_mfa="true"):
        assert is_enrol(person.to_mfa(client, Browser(provider)).text)
        person.enrol(client)
    person.sign_in(client)


def test_not_ones_own(provider, client):
    """OT-08: a console left open does not take its owner's factor away."""
    account = Account(provider, ADMIN)
    admin = Second(provider, ADMIN, account.enrol())
    own = next(u for u in provider.api("GET", "/users?search=admin").json()["data"]["items"] if u["username"] == ADMIN)
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/users/" + own["id"])).text
    page = browser.get(provider.post_login(browser, page).headers["Location"]).text
    assert is_verify(page)
    page = browser.follow(admin.post(browser, page, admin.next_code())).text
    assert "Second factors" in page and "factors/totp/remove" not in page
    token = hidden(browser.get("/admin/users/new").text, "csrf_token")
    answer = browser.post(f"/admin/users/{own['id']}/factors/totp/remove", data={"csrf_token": token})
    assert answer.status_code == 409 and "in your account" in error_of(answer.text)
    provider.run("users", "reset-factor", ADMIN)


def test_unlock(provider, client, person):
    """7.1: unlock is for wrong codes, too."""
    browser = Browser(provider)
    page = person.to_mfa(client, browser).text
    for _ in range(5):
        person.post(browser, page, "12345")
    page = person.to_mfa(client, browser).text
    assert "Too many" in error_of(person.post(browser, page, person.next_code()).text)
    assert "locked_until" in provider.api("GET", f"/users/{person.id}/factors").json()["data"]
    assert provider.api("POST", f"/users/{person.id}/unlock").status_code == 200
    person.sign_in(client)


def test_new_password_ends_trust(provider, client, person):
    """flows 11: with the password goes what was trusted under it."""
    with provider.settings(trust_device_enabled="true"):
        browser = Browser(provider)
        page = person.to_mfa(client, browser).text
        person.post(browser, page, person.next_code(), trust_device="on")
        provider.api("PUT", f"/users/{person.id}", json={"password": "another long one"})
        answer = person.first(client, browser, password="another long one")
        assert "/mfa?" in answer.headers["Location"]


# --- passkeys of others ---------------------------------------------------------------

@pytest.fixture
def keeper(provider):
    keeper.n = getattr(keeper, "n", 0) + 1
    provider.add_user(f"keeper{keeper.n}")
    account = Account(provider, f"keeper{keeper.n}")
    p = Second(provider, f"keeper{keeper.n}")
    p.account, p.key = account, add_passkey(account, provider.url, PASSWORD)
    p.id = next(u for u in provider.api("GET", f"/users?search={p.username}").json()["data"]["items"])["id"]
    return p


def test_passkeys_are_counted_and_removed(provider, client, keeper):
    """A stolen key: it stops working, and so does whatever it was used for."""
    with provider.settings(auth_mode="password_and_passkey"):
        site = Site(provider, client, Browser(provider))
        assert site.sign_in(keeper.key).status_code == 200
        assert provider.api("GET", f"/users/{keeper.id}/factors").json()["data"]["passkeys"] == 1
        assert provider.api("DELETE", f"/users/{keeper.id}/factors/passkeys").status_code == 204
        assert provider.api("DELETE", f"/users/{keeper.id}/factors/passkeys").status_code == 404
        assert provider.api("GET", f"/users/{keeper.id}/factors").json()["data"]["passkeys"] == 0
        assert site.sign_in(keeper.key).status_code == 401
        assert keeper.account("GET", "/passkeys").status_code == 401
    removed = provider.rows("SELECT actor_username, detail FROM audit_logs WHERE event = 'passkey_removed' AND target_id = ?",
                            keeper.id)
    assert removed == [("admin-token", '{"source":"admin"}')]


def test_passkeys_in_the_console(provider, keeper):
    browser = admin_browser(provider)
    page = browser.get(f"/admin/users/{keeper.id}").text
    action = f"/admin/users/{keeper.id}/factors/passkeys/remove"
    assert f'action="{action}"' in page
    assert browser.post(action, data={}).status_code == 403
    done = browser.follow(browser.post(action, data={"csrf_token": hidden(page, "csrf_token")})).text
    assert "Passkeys removed" in done and action not in done


def test_not_ones_own_passkeys(provider):
    """A console left open does not take its owner's passkeys away."""
    add_passkey(Account(provider, ADMIN), provider.url, PASSWORD)
    own = next(u for u in provider.api("GET", "/users?search=admin").json()["data"]["items"] if u["username"] == ADMIN)
    browser = admin_browser(provider)
    page = browser.get(f"/admin/users/{own['id']}").text
    action = f"/admin/users/{own['id']}/factors/passkeys/remove"
    assert "Passkeys" in page and action not in page
    token = hidden(browser.get("/admin/users/new").text, "csrf_token")
    answer = browser.post(action, data={"csrf_token": token})
    assert answer.status_code == 409 and provider.api("GET", f"/users/{own['id']}/factors").json()["data"]["passkeys"] == 1


def admin_browser(provider):
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/"))
    assert browser.follow(provider.post_login(browser, page.text)).status_code == 200
    return browser
