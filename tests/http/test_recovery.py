"""Recovery links and the reset page (http-api 5.9, form-fields 3, flows 11, CS-16)."""
import concurrent.futures
import html
import json
import pathlib
import re
import subprocess
import urllib.parse

import pytest
import requests

from provider import PASSWORD, Browser, error_of, hidden, id_of, query_of
from second import Account, Second, code_of, links, not_me

NEW = "another long password"
EXPIRED = "This link is not valid, or no longer"


@pytest.fixture
def name(provider):
    name.n = getattr(name, "n", 0) + 1
    provider.add_user(f"lost{name.n}", email=f"lost{name.n}@example.test")
    return f"lost{name.n}"


def recover(provider, name):
    """By the command line, beside the running server."""
    return json.loads(provider.run("users", "recover", name, "--json").stdout)


def fill(browser, page, password=NEW, confirm=None, **more):
    form = {"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token"), "password": password,
            "confirm_password": password if confirm is None else confirm, **more}
    return browser.post("/oauth2/reset-password", data=form)


def events(provider, user_id, event):
    return provider.rows("SELECT actor_id, actor_username, target_type FROM audit_logs WHERE event = ? AND target_id = ?",
                         event, user_id)


# --- by the command line -----------------------------------------------------------------

def test_recover(provider, client, name):
    """CS-16: random, once, hashed, short-lived, its host from the configuration; sessions, tokens, devices and the
    lock are gone afterwards."""
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username=name)
    for _ in range(5):
        page = Browser(provider)
        provider.post_login(page, page.get(provider.authorize_url(client)).text, name, "wrong")
    made = recover(provider, name)
    assert set(made) == {"url", "expires_at"}
    url = urllib.parse.urlsplit(made["url"])
    assert made["url"].startswith(provider.issuer + "/reset-password?token=")
    token = query_of(made["url"])["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert token not in str(provider.rows("SELECT hex(token_hash), kind, user_id FROM one_time_links"))
    assert provider.userinfo(tokens["access_token"]).status_code == 200  # until it is used nothing changes

    visitor = Browser(provider)
    for _ in range(2):  # looking spends nothing
        shown = visitor.get(made["url"])
        assert shown.status_code == 200 and name in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert 'action="/oauth2/reset-password"' in shown.text and hidden(shown.text, "token") == token
    for field in ("state", "redirect_uri", "client_id", "scope", "nonce", "code_challenge", "code_challenge_method"):
        assert hidden(shown.text, field) == ""
    assert re.search(r'<label[^>]*for="password">New Password<', shown.text)
    assert re.search(r'<button[^>]*type="submit">Reset password<', shown.text)
    done = fill(visitor, shown.text)
    assert done.status_code == 200 and "Your password is changed" in done.text
    assert links(done.text)["Back to login"] == "/account/"

    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.error(client, browser, prompt="none")["error"] == "login_required"
    provider.sign_in(client, username=name, password=NEW)  # not locked any longer
    user_id = id_of(provider, name)
    assert events(provider, user_id, "recovery_link_created") == [(None, "cli", "user")]
    assert events(provider, user_id, "password_reset_completed") == [(None, "", "user")]
    assert url.hostname == "localhost"


def test_once(provider, client, name):
    made = recover(provider, name)
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    assert "is changed" in fill(visitor, page).text
    for answer in (visitor.get(made["url"]), fill(visitor, page, "yet another password")):
        assert answer.status_code == 200 and error_of(answer.text).startswith(EXPIRED)
    provider.sign_in(client, username=name, password=NEW)


def test_many_at_once(provider, client, name):
    """CS-16: of many posts of one link one sets the password."""
    made = recover(provider, name)
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.cookies)
    form = {"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token")}

    def take(i):
        return requests.post(provider.issuer + "/reset-password", timeout=60, headers={"Cookie": cookie, "Origin": provider.url},
                             data={**form, "password": f"password {i}", "confirm_password": f"password {i}"})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(take, range(8)))
    won = [i for i, a in enumerate(answers) if "is changed" in a.text]
    assert len(won) == 1
    assert {a.status_code for a in answers} <= {200, 503}
    provider.sign_in(client, username=name, password=f"password {won[0]}")


def test_expires(provider, name):
    with provider.settings(password_reset_expiration="10m"):
        made = recover(provider, name)
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    provider.later(601)
    for answer in (visitor.get(made["url"]), fill(visitor, page)):
        assert error_of(answer.text).startswith(EXPIRED)
    Account(provider, name)  # the old password is right


def test_the_latest_only(provider, name):
    first, second = recover(provider, name), recover(provider, name)
    visitor = Browser(provider)
    assert error_of(visitor.get(first["url"]).text).startswith(EXPIRED)
    assert hidden(visitor.get(second["url"]).text, "token")


def test_not_of_the_deactivated(provider, name):
    made = recover(provider, name)
    assert provider.api("POST", f"/users/{id_of(provider, name)}/deactivate").status_code == 204
    assert error_of(Browser(provider).get(made["url"]).text).startswith(EXPIRED)


def test_void_after_a_change(provider, name):
    """A link that was made before the person remembered the password."""
    made = recover(provider, name)
    assert Account(provider, name)("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
    assert error_of(Browser(provider).get(made["url"]).text).startswith(EXPIRED)


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=" + "A" * 43, "?token=" + "A" * 5000,
                                   "?token=%27%20OR%201%3D1--", "?token=a%0d%0aX-Injected:y"])
def test_unknown(provider, query):
    """One proper page, whatever is wrong."""
    answer = Browser(provider).get("/oauth2/reset-password" + query)
    assert answer.status_code == 200 and error_of(answer.text).startswith(EXPIRED)
    assert "<form" not in answer.text and "Back to login" in answer.text and "X-Injected" not in answer.headers


def test_garbled(provider):
    visitor = Browser(provider)
    assert visitor.get("/oauth2/reset-password?token=a&token=b").status_code == 400
    assert visitor.request("DELETE", "/oauth2/reset-password").status_code == 405


def test_csrf(provider, name):
    """CS-06, CS-08: not without a page of ours."""
    made = recover(provider, name)
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    form = {"token": hidden(page, "token"), "password": NEW, "confirm_password": NEW}
    assert visitor.post("/oauth2/reset-password", data=form).status_code == 403
    evil = {"Origin": "https://evil.example"}
    assert visitor.post("/oauth2/reset-password", data={**form, "csrf_token": hidden(page, "csrf_token")},
                        headers=evil).status_code == 403
    Account(provider, name)


def test_what_is_wrong_with_the_password(provider, client, name):
    """200 and the form again; the link is still good."""
    made = recover(provider, name)
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    for password, confirm, says in (("", "", "missing"), ("short", None, "at least 6"), ("x" * 65, None, "at most 64"),
                                    (NEW, "other", "differ"), (NEW, "", "differ")):
        answer = fill(visitor, page, password, confirm)
        assert answer.status_code == 200 and says in error_of(answer.text), answer.text
        assert hidden(answer.text, "token") == query_of(made["url"])["token"] and NEW not in answer.text
    assert "is changed" in fill(visitor, answer.text).text


def test_back_to_the_application(provider, client, name):
    """What the link carries leads back to the login page."""
    made = recover(provider, name)
    carried = {"client_id": client.id, "redirect_uri": client.redirect_uri, "scope": "openid", "state": "s&t",
               "nonce": "n", "code_challenge": "", "code_challenge_method": ""}
    visitor = Browser(provider)
    page = visitor.get(made["url"] + "&" + urllib.parse.urlencode(carried)).text
    assert {key: hidden(page, key) for key in carried} == carried
    done = fill(visitor, page, **carried).text
    back = links(done)["Back to login"]
    assert back.startswith("/oauth2/authorize?response_type=code&")
    got = query_of(back)
    assert got["state"] == "s&t" and got["client_id"] == client.id
    assert "Log In" in visitor.get(back).text


def test_no_trace(provider, client, name):
    """CS-16: the token is in no log and no Referer."""
    made = recover(provider, name)
    token = query_of(made["url"])["token"]
    visitor = Browser(provider)
    page = visitor.get(made["url"]).text
    assert '<meta name="referrer" content="strict-origin">' in page
    assert '<meta name="referrer" content="same-origin">' in visitor.get(provider.authorize_url(client)).text
    done = fill(visitor, page).text
    assert '<meta name="referrer" content="strict-origin">' in done and token not in done
    assert NEW not in provider.read_log()
    found = subprocess.run(["grep", "-rlF", token, provider.dir], capture_output=True, text=True, timeout=30).stdout
    assert found == ""


@pytest.mark.parametrize("server, lines, never", [
    ("nginx", r"(?s)log_format.*?;|access_log[^;]*;", r"\$(request|request_uri|args|query_string|arg_\w+|http_referer)\b"),
    ("apache", r"CustomLog.*", r"%[<>]?r|%q|Referer|%\{QUERY"), ("lighttpd", r"accesslog\.format.*", r"%r|%q|Referer")])
def test_no_trace_in_the_log_of_the_web_server(server, lines, never):
    """CS-16: the sites we print log paths, and neither queries nor where somebody came from."""
    site = pathlib.Path(__file__).parents[2] / "contrib" / server / "autentico.conf"
    found = re.findall(lines, site.read_text())
    assert any("%" in line or "$" in line for line in found)
    assert not [line for line in found if re.search(never, line)]
    assert re.search(never, {"nginx": "$request ", "apache": "%r", "lighttpd": "%q"}[server])


def test_second_factor_stays(provider, client, name):
    """Whoever resets the password has still to show the second factor; wrong codes are forgiven by the administrator."""
    account = Account(provider, name)
    person = Second(provider, name, account.enrol())
    browser = Browser(provider)
    page = person.to_mfa(client, browser).text
    for _ in range(5):
        person.post(browser, page, "000000")
    made = recover(provider, name)
    visitor = Browser(provider)
    assert "is changed" in fill(visitor, visitor.get(made["url"]).text).text
    answer = person.first(client, visitor, NEW)
    assert "/mfa?challenge_id=" in answer.headers["Location"]
    page = visitor.get(answer.headers["Location"]).text
    code_of(client, person.post(visitor, page, person.next_code()))


def test_who_has_no_password_gets_one(provider, client, name):
    with provider.edit() as db:
        db.execute("DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE username = ?)", (name,))
    visitor = Browser(provider)
    assert "is changed" in fill(visitor, visitor.get(recover(provider, name)["url"]).text).text
    provider.sign_in(client, username=name, password=NEW)


def test_command(provider, name):
    said = provider.run("users", "recover", name).stdout
    assert said.startswith(provider.issuer + "/reset-password?token=") and "once, until" in said
    failed = provider.run("users", "recover", "nobody", check=False)
    assert failed.returncode == 1 and 'no user "nobody"' in failed.stderr
    assert provider.run("users", "recover", check=False).returncode == 1
    assert "recover" in provider.run("users", "--help").stdout


# --- by the admin API and page -------------------------------------------------------------

def test_admin_api(provider, client, name):
    user_id = id_of(provider, name)
    made = provider.api("POST", f"/users/{user_id}/recovery-link")
    assert made.status_code == 201 and set(made.json()["data"]) == {"url", "expires_at"}
    visitor = Browser(provider)
    assert "is changed" in fill(visitor, visitor.get(made.json()["data"]["url"]).text).text
    provider.sign_in(client, username=name, password=NEW)
    assert events(provider, user_id, "recovery_link_created") == [(None, "admin-token", "user")]
    assert provider.api("POST", "/users/nobody/recovery-link").status_code == 404
    assert provider.api("POST", f"/users/{user_id}/recovery-link", token="x" * 40).status_code == 401


def test_admin_api_not_for_oneself(provider):
    """A stolen token is not a new password."""
    token = provider.console_token()
    answer = provider.api("POST", f"/users/{id_of(provider, 'admin')}/recovery-link", token=token)
    assert answer.status_code == 409


def test_admin_page(provider, client, name):
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/"))
    browser.follow(provider.post_login(browser, page.text))
    path = f"/admin/users/{id_of(provider, name)}"
    page = browser.get(path).text
    assert f'action="{path}/recovery-link"' in page
    assert browser.post(path + "/recovery-link", data={}).status_code == 403
    made = browser.post(path + "/recovery-link", data={"csrf_token": hidden(page, "csrf_token")})
    url = html.unescape(re.search(r'data-testid="recovery-link">([^<]+)<', made.text).group(1))
    assert made.status_code == 200 and url not in browser.get(path).text
    visitor = Browser(provider)
    assert "is changed" in fill(visitor, visitor.get(url).text).text
    assert [row[1] for row in events(provider, id_of(provider, name), "recovery_link_created")] == ["admin"]
    own = browser.get(f"/admin/users/{id_of(provider, 'admin')}").text
    assert "recovery-link" not in own


# --- this was not me -----------------------------------------------------------------------

def test_not_me(provider, client, name):
    """Everything ends, the password that somebody knows is no longer right, and a new one is chosen."""
    url = not_me(provider, name)
    thief = Browser(provider)
    tokens = provider.tokens(client, thief, username=name)
    visitor = Browser(provider)
    page = visitor.get(url)
    assert page.status_code == 200 and name in page.text and "strict-origin" in page.text
    assert provider.userinfo(tokens["access_token"]).status_code == 200  # a mail scanner has looked, no more
    form = {"csrf_token": hidden(page.text, "csrf_token"), "token": hidden(page.text, "token")}
    assert visitor.post("/oauth2/not-me", data={"token": form["token"]}).status_code == 403  # CS-06
    next_page = visitor.post("/oauth2/not-me", data=form)
    assert next_page.status_code == 200 and "Choose a new one" in next_page.text
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.error(client, thief, prompt="none")["error"] == "login_required"
    shown = thief.get(provider.authorize_url(client)).text
    assert "bad_credentials" in provider.post_login(thief, shown, name).headers["Location"]
    assert "is changed" in fill(visitor, next_page.text).text
    provider.sign_in(client, username=name, password=NEW)
    for answer in (visitor.get(url), visitor.post("/oauth2/not-me", data=form)):
        assert answer.status_code == 200 and error_of(answer.text).startswith(EXPIRED)
    assert len(events(provider, id_of(provider, name), "change_disowned")) == 1


def test_not_me_takes_back_what_was_added(provider, name):
    """The change that the mail told of, and what came after it; not what was there before."""
    user_id, url = id_of(provider, name), not_me(provider, name)
    at, = provider.rows("SELECT MAX(created_at) FROM one_time_links WHERE user_id = ?", user_id)[0]
    with provider.edit() as db:
        for word, created_at in (("old", at - 1), ("new", at)):
            db.execute("INSERT INTO passkeys (credential_id, user_id, name, public_key, alg, sign_count, aaguid, is_uv_initialized,"
                       " is_backup_eligible, is_backed_up, created_at) VALUES (?, ?, ?, x'00', -7, 0, zeroblob(16), 1, 0, 0, ?)",
                       (word.encode(), user_id, word, created_at))
        db.execute("INSERT INTO totp_secrets (user_id, secret_sealed, last_step, created_at, confirmed_at) VALUES (?, x'00', 0, 1, ?)",
                   (user_id, at))
    visitor = Browser(provider)
    page = visitor.get(url).text
    form = {"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token")}
    assert visitor.post("/oauth2/not-me", data=form).status_code == 200
    assert provider.rows("SELECT name FROM passkeys WHERE user_id = ?", user_id) == [("old",)]
    assert not provider.rows("SELECT 1 FROM totp_secrets WHERE user_id = ?", user_id)


def test_links_are_for_their_own_page(provider, name):
    """One is not the other."""
    visitor = Browser(provider)
    reset, disown = query_of(recover(provider, name)["url"])["token"], query_of(not_me(provider, name))["token"]
    assert error_of(visitor.get("/oauth2/reset-password?token=" + disown).text).startswith(EXPIRED)
    assert error_of(visitor.get("/oauth2/not-me?token=" + reset).text).startswith(EXPIRED)
    page = visitor.get("/oauth2/reset-password?token=" + reset).text
    answer = visitor.post("/oauth2/not-me", data={"csrf_token": hidden(page, "csrf_token"), "token": reset})
    assert error_of(answer.text).startswith(EXPIRED)
    assert error_of(fill(visitor, page.replace(reset, disown)).text).startswith(EXPIRED)
    assert "is changed" in fill(visitor, page).text


def test_not_me_unknown(provider):
    visitor = Browser(provider)
    for query in ("", "?token=", "?token=x", "?token=" + "A" * 43):
        answer = visitor.get("/oauth2/not-me" + query)
        assert answer.status_code == 200 and error_of(answer.text).startswith(EXPIRED)
    assert visitor.get("/oauth2/not-me?token=a&token=b").status_code == 400


# --- where passwords are no way in ----------------------------------------------------------

def test_passkey_only(provider, client, name):
    """The person is let in once, to add a passkey; who has a second factor has to show it all the same."""
    with provider.edit() as db:  # an administrator who could take the setting back
        db.execute("INSERT OR IGNORE INTO passkeys (credential_id, user_id, name, public_key, alg, sign_count, aaguid,"
                   " is_uv_initialized, is_backup_eligible, is_backed_up, created_at)"
                   " VALUES (x'01', (SELECT id FROM users WHERE username = 'admin'), 'x', x'00', -7, 0, zeroblob(16), 1, 0, 0, 1)")
    secret = Account(provider, name).enrol()
    with provider.settings(auth_mode="passkey_only"):
        visitor = Browser(provider)
        done = fill(visitor, visitor.get(recover(provider, name)["url"]).text)
        assert "add one now" in done.text and links(done.text)["Add a passkey"] == "/account/security"
        asked = visitor.follow(visitor.get("/account/security"))
        assert 'name="challenge_id"' in asked.text
        person = Second(provider, name, secret)
        page = visitor.follow(person.post(visitor, asked.text, person.next_code()))
        assert "passkey" in page.text.lower() and page.url.endswith("/account/security")
        session = provider.rows("SELECT acr, amr FROM sessions WHERE user_id = ? AND ended_at IS NULL", id_of(provider, name))
        assert session == [("2", "otp mfa")]
    with provider.edit() as db:
        db.execute("DELETE FROM passkeys WHERE credential_id = x'01'")
