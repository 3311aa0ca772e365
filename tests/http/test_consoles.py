"""Onboarding and the consoles, by the ordinary code flow (design D13, D14, D23)."""
import re

from provider import PASSWORD, Browser, error_of, hidden


def test_from_nothing_to_an_application(fresh):
    browser = Browser(fresh)
    page = browser.get("/onboard")
    assert page.status_code == 200 and 'data-testid="onboard-title"' in page.text
    form = {"csrf_token": hidden(page.text, "csrf_token"), "username": "admin", "email": "a@example.test",
            "password": PASSWORD, "confirm_password": "another"}
    again = browser.post("/onboard", data=form)
    assert again.status_code == 200 and "differ" in error_of(again.text)
    done = browser.post("/onboard", data={**form, "confirm_password": PASSWORD})
    assert done.status_code == 302 and done.headers["Location"].endswith("/admin/")
    dashboard = browser.follow(browser.get("/admin/"))
    assert dashboard.status_code == 200 and 'data-testid="admin-dashboard"' in dashboard.text
    assert browser.get("/onboard").headers["Location"].endswith("/admin/")

    page = browser.get("/admin/clients/new")
    made = browser.post("/admin/clients/new", data={
        "csrf_token": hidden(page.text, "csrf_token"), "client_name": "My & app", "client_type": "confidential",
        "redirect_uris": "https://app.example.test/callback\r\n", "post_logout_redirect_uris": "",
        "scopes": "openid profile email", "allow_refresh_token": "on"})
    assert made.status_code in (200, 201), made.text
    secret = re.search(r'data-testid="client-secret"[^>]*>([^<]*)<', made.text)
    assert secret and len(secret.group(1).strip()) == 43 and "My & app" not in made.text
    assert "My &amp; app" in browser.get("/admin/clients").text
    # without the form token nothing happens
    assert browser.post("/admin/clients/new", data={"client_name": "x"}).status_code == 403


def test_people_without_the_role(provider):
    provider.add_user("plain")
    browser = Browser(provider)
    page = browser.follow(browser.get("/account/"))
    answer = provider.post_login(browser, page.text, "plain")
    home = browser.follow(answer)
    assert home.status_code == 200 and 'data-testid="account-dashboard"' in home.text
    denied = browser.follow(browser.get("/admin/"))
    assert denied.status_code == 403 and 'data-testid="access-denied"' in denied.text


def test_a_signed_out_browser_is_out_of_the_console(provider):
    """CS-04"""
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/"))
    assert browser.follow(provider.post_login(browser, page.text)).status_code == 200
    asked = browser.get("/oauth2/logout")
    out = browser.post("/oauth2/logout/confirm", data={
        "csrf_token": hidden(asked.text, "csrf_token"), "handle": hidden(asked.text, "handle"), "action": "yes"})
    assert "You have been signed out." in out.text
    assert "Log In" in browser.follow(browser.get("/admin/")).text


def test_deactivate_and_reactivate_a_person(provider, client):
    provider.add_user("leaver")
    tokens = provider.tokens(client, username="leaver")
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/users"))
    people = browser.follow(provider.post_login(browser, page.text))
    href = re.search(r'href="(/admin/users/[0-9a-v]{20})"[^>]*>\s*leaver', people.text).group(1)
    person = browser.get(href)
    token = hidden(person.text, "csrf_token")
    assert browser.follow(browser.post(href + "/deactivate", data={"csrf_token": token})).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    person = browser.get(href)
    assert "Deactivated" in person.text and href + "/reactivate" in person.text
    browser.post(href + "/reactivate", data={"csrf_token": token})
    assert "Active" in browser.get(href).text
    assert "code" in provider.sign_in(client, username="leaver")


def test_sessions_are_seen_and_ended(provider, client):
    """CS-06, D13: the same action as the API's, with a form token; found again in the trail."""
    provider.add_user("guest")
    browser, elsewhere = Browser(provider), Browser(provider)
    tokens = provider.tokens(client, browser, username="guest")
    other = provider.tokens(client, elsewhere, username="guest")
    admin = Browser(provider)
    page = admin.follow(admin.get("/admin/sessions?search=guest"))
    page = admin.follow(provider.post_login(admin, page.text))
    assert "search=guest" not in page.url and page.status_code == 200  # a query does not survive the sign-in
    page = admin.get("/admin/sessions?search=guest")
    actions = re.findall(r'action="(/admin/sessions/[0-9a-v]{20}/end)"', page.text)
    assert len(actions) == 2 and "2 in total" in page.text
    assert admin.post(actions[0], data={}).status_code == 403
    assert admin.post(actions[0], data={"csrf_token": "x" * 88}).status_code == 403
    assert [provider.userinfo(t["access_token"]).status_code for t in (tokens, other)] == [200, 200]
    token = hidden(page.text, "csrf_token")
    ended = admin.post(actions[0], data={"csrf_token": token})
    assert (ended.status_code, ended.headers["Location"]) == (303, "/admin/sessions?notice=session_ended")
    assert sorted(provider.userinfo(t["access_token"]).status_code for t in (tokens, other)) == [200, 401]
    # on the person's own page
    href = re.search(r'href="(/admin/users/[0-9a-v]{20})"[^>]*>guest', page.text).group(1)
    person = admin.get(href)
    assert re.findall(r'action="(/admin/sessions/[0-9a-v]{20}/end)"', person.text) == [actions[1]]
    ended = admin.post(actions[1], data={"csrf_token": token, "from": "user"})
    assert ended.headers["Location"] == href + "?notice=session_ended"
    assert [provider.userinfo(t["access_token"]).status_code for t in (tokens, other)] == [401, 401]
    assert "guest is signed in nowhere" in admin.get(href).text
    trail = admin.get("/admin/audit?event=session_revoked").text
    assert trail.count("type: idp_session") == 2 and 'href="/admin/audit?event=session_revoked"' in trail


def test_everything_of_a_person_is_ended(provider, client):
    """flows 11, all_user_sessions_revoked: tokens of applications, too"""
    provider.add_user("thief")
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username="thief")
    admin = Browser(provider)
    people = admin.follow(provider.post_login(admin, admin.follow(admin.get("/admin/users")).text))
    href = re.search(r'href="(/admin/users/[0-9a-v]{20})"[^>]*>\s*thief', people.text).group(1)
    token = hidden(admin.get(href).text, "csrf_token")
    assert admin.post(href + "/revoke-sessions", data={}).status_code == 403
    ended = admin.post(href + "/revoke-sessions", data={"csrf_token": token})
    assert ended.headers["Location"] == href + "?notice=sessions_ended"
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.error(client, browser, prompt="none")["error"] == "login_required"
    assert admin.post("/admin/users/" + "0" * 20 + "/revoke-sessions", data={"csrf_token": token}).status_code == 404
