"""The main job in a real Chromium, with and without JavaScript."""
import http.server
import threading

import pytest

from provider import PASSWORD, Client, query_of

WRONG = "Invalid username or password"
LOCKED = "This account is temporarily locked"
SIGNED_OUT = "You have been signed out."


@pytest.fixture
def application():
    """Where an application gets people back: it keeps each path and what was posted there."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            if not self.path.startswith("/favicon"):
                server.came.append((self.path, self.rfile.read(length).decode()))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>app</title><p id=back>Back at the application")

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.came = []
    server.redirect_uri = f"http://127.0.0.1:{server.server_port}/callback"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def register(browser, site, redirect_uri):
    """In the console, by the first administrator; the secret is shown once."""
    browser.open(site.url + "/admin/clients/new")
    browser.fill(client_name="Browser app", redirect_uris=redirect_uri)
    browser.press()
    client_id = browser.one("[data-testid=client-id]").text.strip()
    secret = browser.one("[data-testid=client-secret]").text.strip()
    browser.open(site.url + "/admin/clients/" + client_id)
    assert browser.one("[data-testid=client-id]").text.strip() == client_id
    assert secret not in browser.driver.page_source
    return Client(site, client_id, secret, redirect_uri)


def test_onboard_register_sign_in(new, browser, application):
    browser.forget()
    browser.open(new.url + "/onboard")
    assert "Welcome" in browser.one("[data-testid=onboard-title]").text
    browser.fill(username="admin", password=PASSWORD, confirm_password=PASSWORD)
    browser.press()
    browser.one("[data-testid=admin-dashboard]")
    client = register(browser, new, application.redirect_uri)

    browser.forget()
    browser.open(new.authorize_url(client, state="abc"))
    browser.sign_in("admin", "not the password")
    assert WRONG in browser.one("#login-error").text
    browser.sign_in("admin", PASSWORD)
    assert browser.one("#back").is_displayed()
    answer = query_of(application.came[-1][0])
    assert answer["state"] == "abc" and answer["iss"] == new.issuer
    tokens = new.redeem(client, answer["code"]).json()
    assert new.userinfo(tokens["access_token"]).json()["preferred_username"] == "admin"

    # single sign-on: the second time nobody is asked
    browser.open(new.authorize_url(client, state="again"))
    assert query_of(browser.url)["state"] == "again"


def test_form_post(provider, browser, application):
    """The page sends itself; without JavaScript a person presses Continue."""
    client = provider.add_client(redirect_uri=application.redirect_uri)
    browser.forget()
    browser.open(provider.authorize_url(client, response_mode="form_post"))
    browser.sign_in("admin", PASSWORD)
    if not browser.javascript:
        assert "Taking you back to Test app" in browser.text
        browser.press()
    assert browser.one("#back").is_displayed()
    path, body = application.came[-1]
    assert path == "/callback" and query_of("?" + body)["code"]


def test_lockout(provider, browser):
    username = "locked-out" if browser.javascript else "locked-out-plain"
    provider.add_user(username)
    browser.forget()
    browser.open(provider.url + "/account/")
    for _ in range(5):
        browser.sign_in(username, "not the password")
        assert WRONG in browser.one("#login-error").text
    browser.sign_in(username, PASSWORD)
    assert LOCKED in browser.one("#login-error").text

    browser.forget()
    browser.open(provider.url + "/admin/")
    browser.sign_in("admin", PASSWORD)
    browser.open(provider.url + "/admin/users?search=" + username)
    browser.press(".row-link")
    assert "Locked" in browser.one("h1").text
    browser.press()
    assert "Active" in browser.one("h1").text

    browser.forget()
    browser.open(provider.url + "/account/")
    browser.sign_in(username, PASSWORD)
    assert username in browser.one("[data-testid=account-dashboard]").text


def test_sign_out_of_the_consoles(provider, browser):
    """A console's own sign-out asks no question."""
    browser.forget()
    browser.open(provider.url + "/admin/")
    browser.sign_in("admin", PASSWORD)
    browser.one("[data-testid=user-menu]").click()
    browser.press(".menu-items a[href*=logout]")
    assert SIGNED_OUT in browser.one("main").text
    browser.press("main .auth-link")
    browser.sign_in("admin", PASSWORD)
    browser.press("[data-testid=sign-out]")
    assert SIGNED_OUT in browser.one("main").text
    browser.open(provider.url + "/admin/")
    assert browser.one("#password").is_displayed()


def test_sign_out_from_elsewhere_asks(provider, browser):
    """RL-07, RL-10: somebody else's link does not sign a person out."""
    browser.forget()
    browser.open(provider.url + "/account/")
    browser.sign_in("admin", PASSWORD)
    browser.open(provider.issuer + "/logout")
    assert "Sign out?" in browser.one("h1").text
    browser.press("button[name=action][value=no]")
    browser.open(provider.url + "/account/")
    assert browser.one("[data-testid=account-dashboard]").is_displayed()
    browser.open(provider.issuer + "/logout")
    browser.press("button[name=action][value=yes]")
    assert SIGNED_OUT in browser.one("main").text
    browser.open(provider.url + "/account/")
    assert browser.one("#password").is_displayed()


def test_several_tabs_and_the_back_button(provider, browser, application):
    """Two sign-ins begun at once both end; a page gone back to leads somewhere sensible."""
    client = provider.add_client(redirect_uri=application.redirect_uri)
    browser.forget()
    browser.open(provider.authorize_url(client, state="first"))
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(provider.authorize_url(client, state="second"))
    browser.sign_in("admin", PASSWORD)
    assert query_of(browser.url)["state"] == "second"
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.sign_in("admin", PASSWORD)
    assert query_of(browser.url)["state"] == "first"
    came = len(application.came)
    browser.driver.back()  # the form is not kept; single sign-on answers anew
    browser.until(lambda _: len(application.came) > came)
    assert query_of(application.came[-1][0])["code"] != query_of(application.came[came - 1][0])["code"]
