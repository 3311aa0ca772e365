"""The account API and its pages: profile, password, sessions (http-api 8, flows 11, CS-18)."""
import concurrent.futures
import re

import pytest
import requests

from provider import PASSWORD, Browser, account_console, hidden, oerr, query_of
from second import Account, Second, code_of

NEW = "another long password"
ID = re.compile(r"[0-9a-v]{20}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def name(provider):
    name.n = getattr(name, "n", 0) + 1
    provider.add_user(f"owner{name.n}", email=f"owner{name.n}@example.test")
    return f"owner{name.n}"


def trail(provider, name, event):
    return provider.rows("SELECT actor_username, target_type, target_id, detail FROM audit_logs"
                         " WHERE event = ? AND actor_username = ?", event, name)


def post(browser, path, page=None, **form):
    page = page or browser.get("/account/security").text
    return browser.post(path, data={"csrf_token": hidden(page, "csrf_token"), **form})


# --- profile --------------------------------------------------------------------------

def test_profile(provider, name):
    account = Account(provider, name)
    got = account("GET", "/profile").json()["data"]
    assert ID.fullmatch(got.pop("id")) and TIME.fullmatch(got.pop("created_at"))
    assert got == {"username": name, "email": f"{name}@example.test", "role": "user", "failed_login_attempts": 0,
                   "is_email_verified": False, "totp_verified": False}
    changed = account("PUT", "/profile", given_name=" Zoë ", picture="https://pics.example/z.png", nickname="")
    assert changed.status_code == 200
    data = changed.json()["data"]
    assert data["given_name"] == "Zoë" and data["picture"] == "https://pics.example/z.png" and "nickname" not in data
    assert account("PUT", "/profile", given_name="").json()["data"]["given_name"] == "Zoë"  # empty keeps
    assert account("PUT", "/profile", role="admin", is_email_verified=True).json()["data"]["role"] == "user"
    assert account("GET", "/profile").json()["data"] == data
    assert [detail for *_, detail in trail(provider, name, "user_updated")] == ['{"source":"account"}'] * 3


@pytest.mark.parametrize("body, error", [
    ({"birthdate": "tomorrow"}, "validation_error"), ({"zoneinfo": "Nowhere Land"}, "validation_error"),
    ({"locale": "?"}, "validation_error"), ({"picture": "javascript:alert(1)"}, "validation_error"), ({"website": "ftp://x.example"}, "validation_error"),
    ({"given_name": 5}, "invalid_request"), ({"given_name": "x" * 5000}, "invalid_request"),
    ({"given_name": "a\u0007b"}, "invalid_request")])
def test_profile_values(provider, name, body, error):
    account = Account(provider, name)
    oerr(account("PUT", "/profile", **body), 400, error)
    assert "given_name" not in account("GET", "/profile").json()["data"]


def test_profile_malformed(provider, name):
    account = Account(provider, name)
    for body in ("", "{", "[]", '"x"', '{"given_name":"a","given_name":"b"}'):
        answer = requests.put(provider.url + "/account/api/profile", data=body, timeout=30,
                              headers={"Authorization": "Bearer " + account.tokens["access_token"]})
        oerr(answer, 400, "invalid_request")


def test_name_and_email(provider, name):
    """What may not be changed, what is taken, and the password again."""
    account = Account(provider, name)
    oerr(account("PUT", "/profile", username=name), 403, "not_allowed")
    oerr(account("PUT", "/profile", email=f"{name}@example.test", current_password=PASSWORD), 403, "not_allowed")
    with provider.settings(allow_username_change="true", allow_email_change="true"):
        assert account("PUT", "/profile", username=name).status_code == 200  # the same: no password
        oerr(account("PUT", "/profile", username=name + "x"), 403, "invalid_password")
        oerr(account("PUT", "/profile", email="x@example.test", current_password="wrong"), 403, "invalid_password")
        oerr(account("PUT", "/profile", username="admin", current_password=PASSWORD), 409, "username_taken")
        oerr(account("PUT", "/profile", email="admin@example.test", current_password=PASSWORD), 409, "email_taken")
        oerr(account("PUT", "/profile", email="nobody", current_password=PASSWORD), 400, "validation_error")
        oerr(account("PUT", "/profile", username="x", current_password=PASSWORD), 400, "validation_error")
        data = account("PUT", "/profile", username=name + "x", email=f" New-{name}@Example.test ",
                       current_password=PASSWORD).json()["data"]
        assert data["username"] == name + "x" and data["email"] == f"new-{name}@example.test"
        assert data["is_email_verified"] is False
    with provider.settings(allow_username_change="true", allow_email_change="true", profile_field_email="is_username"):
        oerr(account("PUT", "/profile", email="y@example.test", current_password=PASSWORD), 403, "not_allowed")


def test_profile_locks(provider, name):
    account = Account(provider, name)
    with provider.settings(allow_username_change="true"):
        for _ in range(5):
            oerr(account("PUT", "/profile", username=name + "y", current_password="wrong"), 403, "invalid_password")
        oerr(account("PUT", "/profile", username=name + "y", current_password=PASSWORD), 429, "account_locked")
        assert account("PUT", "/profile", given_name="Still me").status_code == 200


# --- password -------------------------------------------------------------------------

def test_password(provider, client, name):
    """Flows 11: the calling token lives, everything else of the person ends."""
    account, elsewhere, browser = Account(provider, name), Account(provider, name), Browser(provider)
    other = provider.tokens(client, browser, username=name)
    answer = account("POST", "/password", current_password=PASSWORD, new_password=NEW)
    assert answer.status_code == 200 and "message" in answer.json()["data"]
    assert account("GET", "/profile").status_code == 200
    assert elsewhere("GET", "/profile").status_code == 401
    assert provider.userinfo(other["access_token"]).status_code == 401
    assert provider.refresh(client, other["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.error(client, browser, prompt="none")["error"] == "login_required"
    assert provider.error(client, elsewhere.browser, prompt="none")["error"] == "login_required"
    assert "code" in query_of(provider.authorize(client, account.browser, prompt="none").headers["Location"])
    provider.sign_in(client, username=name, password=NEW)
    page = Browser(provider)
    shown = page.get(provider.authorize_url(client))
    assert "bad_credentials" in provider.post_login(page, shown.text, name).headers["Location"]
    assert [detail for *_, detail in trail(provider, name, "password_changed")] == ['{"source":"self"}']


def test_password_ends_what_is_under_way(provider, client, name):
    """A code that was not redeemed, a second factor that is asked for, a device that is trusted."""
    with provider.settings(trust_device_enabled="true"):
        account = Account(provider, name)
        person = Second(provider, name, account.enrol())
        trusting, half = Browser(provider), Browser(provider)
        page = person.to_mfa(client, trusting).text
        code = code_of(client, person.post(trusting, page, person.next_code(), trust_device="on"))
        asked = person.to_mfa(client, half).text
        assert len(account("GET", "/trusted-devices").json()["data"]) == 1
        assert account("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
        assert account("GET", "/trusted-devices").json()["data"] == []
        assert provider.redeem(client, code).json()["error"] == "invalid_grant"
        answer = person.post(half, asked, person.next_code())
        assert answer.status_code == 302 and "code=" not in answer.headers["Location"]
        assert "/mfa?" in person.first(client, trusting, NEW, prompt="login").headers["Location"]


@pytest.mark.parametrize("new, says", [("short", "at least 6"), ("x" * 65, "at most 64"), ("", "missing"), (None, "missing")])
def test_password_lengths(provider, name, new, says):
    account = Account(provider, name)
    body = {"current_password": PASSWORD, **({"new_password": new} if new is not None else {})}
    answer = account("POST", "/password", **body)
    oerr(answer, 400, "validation_error")
    assert says in answer.json()["error_description"]
    Account(provider, name)  # the old one is still right


def test_password_wrong(provider, name):
    account = Account(provider, name)
    oerr(account("POST", "/password", new_password=NEW), 403, "invalid_password")
    oerr(account("POST", "/password", current_password="wrong", new_password="x"), 403, "invalid_password")
    for _ in range(4):
        oerr(account("POST", "/password", current_password="wrong", new_password=NEW), 403, "invalid_password")
    answer = account("POST", "/password", current_password=PASSWORD, new_password=NEW)
    oerr(answer, 429, "account_locked")
    assert "Retry-After" not in answer.headers  # a second is what the limiter asks for, not a lock of 15 minutes
    assert account("GET", "/profile").json()["data"]["failed_login_attempts"] == 5


def test_password_of_nobody(provider, name):
    """Who has none cannot set one with an open session alone."""
    account = Account(provider, name)
    with provider.edit() as db:
        db.execute("DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE username = ?)", (name,))
    oerr(account("POST", "/password", current_password=PASSWORD, new_password=NEW), 403, "invalid_password")
    oerr(account("POST", "/password", new_password=NEW), 403, "invalid_password")


def test_lengths_are_for_new_passwords(provider, client, name):
    """Whoever chose one under other rules still gets in, and confirms with it."""
    with provider.settings(validation_min_password_length="30", validation_max_password_length="40"):
        provider.sign_in(client, username=name)
        account = Account(provider, name)
        assert account("POST", "/mfa/totp/setup", current_password=PASSWORD).status_code == 200
        oerr(account("POST", "/password", current_password=PASSWORD, new_password=NEW), 400, "validation_error")
        assert account("POST", "/password", current_password=PASSWORD, new_password="p" * 30).status_code == 200
    with provider.settings(validation_max_password_length="8"):
        provider.sign_in(client, username=name, password="p" * 30)


def test_64_wrong_passwords(provider, client, name):
    """OT-05, CS-13: at once, at the confirmation: five are looked at, and then not even the right one."""
    account = Account(provider, name)

    def guess(i):
        return account("POST", "/password", current_password=f"wrong {i}", new_password=NEW)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [(a.status_code, a.json()["error"]) for a in pool.map(guess, range(64))]
    assert set(answers) <= {(403, "invalid_password"), (429, "account_locked"), (503, "temporarily_unavailable")}
    looked_at = answers.count((403, "invalid_password"))
    assert 1 <= looked_at <= 5
    if looked_at == 5:
        oerr(account("POST", "/password", current_password=PASSWORD, new_password=NEW), 429, "account_locked")
    provider.later(901)
    assert account("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code in (200, 401)


def test_right_passwords_at_once(provider, client, name):
    """CS-13: an honest person who is in a hurry is not locked out by their own success, even after four mistakes."""
    account = Account(provider, name)
    for _ in range(3):
        for _ in range(4):
            oerr(account("POST", "/mfa/totp/setup", current_password="wrong"), 403, "invalid_password")
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: account("POST", "/mfa/totp/setup", current_password=PASSWORD), range(12)))
        assert {a.status_code for a in answers} <= {200, 503}, [a.text for a in answers]
        assert [a.status_code for a in answers].count(200) >= 3
        assert account("GET", "/profile").json()["data"]["failed_login_attempts"] == 0


def test_sign_ins_at_once(provider, client, name):
    """The same at the sign-in: several browsers of one person, after four mistakes."""
    pages = []
    for _ in range(6):
        browser = Browser(provider)
        pages.append((browser, browser.get(provider.authorize_url(client)).text))

    def sign_in(page):
        while True:
            answer = provider.post_login(*page, name)
            if answer.status_code != 503:  # all places at the hashers taken
                return query_of(answer.headers["Location"])

    for _ in range(3):
        for _ in range(4):
            assert "bad_credentials" in provider.post_login(*pages[0], name, "wrong").headers["Location"]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(sign_in, pages))
        assert all("code" in a for a in answers), answers


# --- sessions -------------------------------------------------------------------------

def sessions(account, **query):
    answer = requests.get(account.provider.url + "/account/api/sessions", params=query, timeout=30,
                          cookies={c.name: c.value for c in account.browser.cookies},
                          headers={"Authorization": "Bearer " + account.tokens["access_token"]})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_sessions(provider, client, name):
    first = Browser(provider)
    first.headers["User-Agent"] = "First <b>browser</b>"
    provider.sign_in(client, first, username=name)
    provider.later(10)
    account = Account(provider, name)
    listed = sessions(account)
    assert listed["total"] == 2
    here, there = listed["items"]
    assert set(here) == {"id", "user_agent", "ip_address", "last_activity_at", "created_at", "active_apps_count",
                         "is_current"}
    assert here["is_current"] is True and there["is_current"] is False
    assert here["active_apps_count"] == 1 and there["active_apps_count"] == 0  # its code was never redeemed
    assert there["user_agent"] == "First <b>browser</b>" and there["ip_address"] == "127.0.0.1"
    assert ID.fullmatch(here["id"]) and TIME.fullmatch(here["created_at"]) and TIME.fullmatch(here["last_activity_at"])
    assert [s["id"] for s in sessions(account, sort="created_at", order="asc")["items"]] == [there["id"], here["id"]]
    assert [s["id"] for s in sessions(account, limit=1, offset=1)["items"]] == [there["id"]]
    assert sessions(account, search="no such thing", sort="id; DROP TABLE sessions")["total"] == 2
    assert sessions(Account(provider, "admin"), limit=1)["items"][0]["id"] not in (here["id"], there["id"])
    # without the browser's cookie nobody is "this one"
    assert not any(s["is_current"] for s in account("GET", "/sessions").json()["data"]["items"])


def test_sessions_that_nobody_can_use(provider, client, name):
    """Idle ones are none, whether the clean-up has come by or not."""
    provider.sign_in(client, Browser(provider), username=name)
    with provider.settings(sso_session_idle_timeout="1h"):
        provider.later(3700)
        account = Account(provider, name)
        assert sessions(account)["total"] == 1
    with provider.settings(sso_session_idle_timeout="0", sso_session_max_age="1h"):
        assert sessions(account)["total"] == 1


def test_end_one(provider, client, name):
    there = Browser(provider)
    tokens = provider.tokens(client, there, username=name)
    provider.later(1)
    account = Account(provider, name)
    here, other = (s["id"] for s in sessions(account)["items"])
    oerr(account("DELETE", "/sessions/" + "0" * 20), 404, "not_found")
    oerr(account("DELETE", "/sessions/x"), 404, "not_found")
    stranger = Account(provider, "admin")
    oerr(stranger("DELETE", "/sessions/" + other), 403, "forbidden")
    done = account("DELETE", "/sessions/" + other)
    assert done.status_code == 200 and done.json() == {"data": {"message": "Session revoked"}}
    assert "Set-Cookie" not in done.headers
    oerr(account("DELETE", "/sessions/" + other), 404, "not_found")
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.error(client, there, prompt="none")["error"] == "login_required"
    assert [target for _, _, target, _ in trail(provider, name, "session_revoked")] == [other]

    own = requests.delete(provider.url + "/account/api/sessions/" + here, timeout=30,
                          cookies={c.name: c.value for c in account.browser.cookies},
                          headers={"Authorization": "Bearer " + account.tokens["access_token"]})
    assert own.status_code == 200 and "autentico_idp_session=;" in own.headers["Set-Cookie"]
    assert account("GET", "/sessions").status_code == 401


def test_end_others(provider, client, name):
    """Flows 11: all but the caller's."""
    there = Browser(provider)
    tokens = provider.tokens(client, there, username=name)
    account = Account(provider, name)
    beside = provider.tokens_of(account.browser, client)  # another application of this browser
    done = account("POST", "/sessions/revoke-others")
    assert done.status_code == 200 and "message" in done.json()["data"]
    assert account("GET", "/profile").status_code == 200
    assert sessions(account)["total"] == 1
    for token in (tokens, beside):
        assert provider.userinfo(token["access_token"]).status_code == 401
    assert provider.error(client, there, prompt="none")["error"] == "login_required"
    assert "code" in query_of(provider.authorize(client, account.browser, prompt="none").headers["Location"])
    assert len(trail(provider, name, "other_sessions_revoked")) == 1


def test_of_nobody(provider, name):
    """No token, a bad one, one of another application."""
    account = Account(provider, name)
    other = provider.tokens(provider.add_client(), username=name)["access_token"]
    for method, path in (("GET", "/profile"), ("PUT", "/profile"), ("POST", "/password"), ("GET", "/sessions"),
                         ("DELETE", "/sessions/x"), ("POST", "/sessions/revoke-others")):
        account.tokens["access_token"] = other
        oerr(account(method, path), 403, "forbidden")
        account.tokens["access_token"] = "x"
        oerr(account(method, path), 401, "invalid_token")


# --- the pages ------------------------------------------------------------------------

def test_password_page(provider, client, name):
    """Without JavaScript; what is wrong is said at its field."""
    elsewhere = Browser(provider)
    provider.sign_in(client, elsewhere, username=name)
    browser = account_console(provider, name)
    page = browser.get("/account/security").text
    assert "Current password" in page and "At least 6 characters" in page
    assert browser.post("/account/security/password", data={"current_password": PASSWORD}).status_code == 403  # CS-06
    form = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
    for change, status, says in ((dict(current_password="wrong"), 403, 'id="current_password-error">The current'),
                                 (dict(current_password=""), 403, 'id="current_password-error">Current password is'),
                                 (dict(confirm_password="x"), 400, 'id="confirm_password-error">The two passwords'),
                                 (dict(new_password="x", confirm_password="x"), 400, 'id="new_password-error">Password')):
        answer = post(browser, "/account/security/password", page, **{**form, **change})
        assert answer.status_code == status and says in answer.text, answer.text
        assert "<details class=\"act\" open>" in answer.text and NEW not in answer.text
    done = post(browser, "/account/security/password", page, **form)
    assert done.status_code == 303
    assert "Password changed." in browser.follow(done).text
    assert provider.error(client, elsewhere, prompt="none")["error"] == "login_required"
    account_console(provider, name, NEW)


def test_sessions_page(provider, client, name):
    elsewhere = Browser(provider)
    elsewhere.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    provider.sign_in(client, elsewhere, username=name)
    browser = account_console(provider, name)
    page = browser.get("/account/sessions")
    assert page.status_code == 200 and page.text.count('data-testid="this-session"') == 1
    assert 'data-testid="nav-sessions"' in page.text and "Firefox on Linux" in page.text
    actions = re.findall(r'action="(/account/sessions/[0-9a-v]{20}/end)"', page.text)
    assert len(actions) == 1
    assert browser.post(actions[0], data={}).status_code == 403
    stranger = account_console(provider, "admin")
    assert post(stranger, actions[0]).status_code == 403
    done = post(browser, actions[0])
    assert done.status_code == 303 and "Session ended." in browser.follow(done).text
    assert provider.error(client, elsewhere, prompt="none")["error"] == "login_required"

    provider.sign_in(client, elsewhere, username=name)
    page = browser.get("/account/sessions").text
    assert 'action="/account/sessions/end-others"' in page
    done = post(browser, "/account/sessions/end-others", page)
    page = browser.follow(done).text
    assert "Your other sessions have ended." in page and "end-others" not in page
    assert provider.error(client, elsewhere, prompt="none")["error"] == "login_required"
    post(browser, "/account/sessions/" + provider.rows(
        "SELECT id FROM sessions WHERE ended_at IS NULL AND user_id = (SELECT id FROM users WHERE username = ?)",
        name)[0][0] + "/end")
    assert "Log In" in browser.follow(browser.get("/account/sessions")).text


def test_profile_page_after_the_end(provider, name):
    """A page that was open when every session was ended changes nothing."""
    browser = account_console(provider, name)
    page = browser.get("/account/profile").text
    user_id = provider.rows("SELECT id FROM users WHERE username = ?", name)[0][0]
    assert provider.api("POST", f"/users/{user_id}/revoke-sessions").status_code == 204
    answer = post(browser, "/account/profile", page, given_name="Mallory")
    assert answer.status_code == 302 and "/oauth2/authorize?" in answer.headers["Location"]
    assert provider.rows("SELECT given_name FROM users WHERE id = ?", user_id) == [("",)]


def test_opaque_tokens(provider, name):
    """The API does not care how its token looks."""
    with provider.settings(access_token_format="opaque"):
        account = Account(provider, name)
    assert account("GET", "/profile").json()["data"]["username"] == name
    assert account("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
    assert account("GET", "/sessions").status_code == 200


def test_settings_are_open(provider):
    assert requests.get(provider.url + "/account/api/settings", timeout=30).json()["data"]["oauth_path"] == "/oauth2"
