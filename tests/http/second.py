"""Second factors as people have them: an authenticator app (oathtool), a phone's camera (zbarimg)."""
import base64
import hashlib
import html
import re
import secrets
import subprocess
import tempfile
import time
import urllib.parse

import requests

from provider import Browser, Client, PASSWORD, hidden, pkce, query_of


def app_code(secret, at):
    """What the app shows at that second."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
    done = subprocess.run(["oathtool", "--totp", "--base32", "--now", now, secret], capture_output=True, text=True,
                          timeout=20, check=True)
    return done.stdout.strip()


def read_qr(png):
    """What a phone's camera makes of it."""
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        f.write(png)
        f.flush()
        done = subprocess.run(["zbarimg", "--quiet", "--raw", f.name], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def picture(page):
    """The QR picture of a page, as PNG."""
    found = re.search(r'<img[^>]*src="data:image/png;base64,([^"]+)"', page)
    return base64.b64decode(html.unescape(found.group(1)))


def secret_of(page):
    return re.search(r'class="auth-secret-key">([A-Z2-7]+)<', page).group(1)


def links(page):
    """text -> href"""
    return {text.strip(): html.unescape(href)
            for href, text in re.findall(r'<a[^>]*href="([^"]*)"[^>]*>([^<]*)</a>', page)}


def is_verify(page):
    return "Verification" in page and "Setup Authenticator" not in page


def is_enrol(page):
    return "Setup Authenticator" in page


class Second:
    """Somebody who signs in with two factors; knows the app's secret once enrolled."""

    def __init__(self, provider, username, secret=None):
        self.provider, self.username, self.secret = provider, username, secret

    def code(self, ahead=0):
        return app_code(self.secret, self.provider.now() + ahead)

    def next_code(self):
        """After those that were used."""
        self.provider.later(31)
        return self.code()

    def first(self, client, browser, password=None, **params):
        """The password step, not followed."""
        page = browser.get(self.provider.authorize_url(client, **params))
        assert page.status_code == 200, page.text
        args = [password] if password else []
        return self.provider.post_login(browser, page.text, self.username, *args)

    def to_mfa(self, client, browser, **params):
        """The page that asks for the second factor."""
        answer = self.first(client, browser, **params)
        assert answer.status_code == 302 and "/mfa?challenge_id=" in answer.headers["Location"], answer.headers
        page = browser.get(answer.headers["Location"])
        assert page.status_code == 200, page.text
        return page

    def post(self, browser, page, code=None, **more):
        form = {"csrf_token": hidden(page, "csrf_token"), "challenge_id": hidden(page, "challenge_id"), **more}
        if hidden(page, "totp_secret"):
            form["totp_secret"] = hidden(page, "totp_secret")
        if code is not None:
            form["code"] = code
        return browser.post("/oauth2/mfa", data=form)

    def enrol(self, client, browser=None):
        """At a sign-in that demands it; returns the code for the application."""
        browser = browser or Browser(self.provider)
        page = self.to_mfa(client, browser).text
        assert is_enrol(page)
        self.secret = secret_of(page)
        return code_of(client, self.post(browser, page, self.code()))

    def sign_in(self, client, browser=None, **params):
        browser = browser or Browser(self.provider)
        page = self.to_mfa(client, browser, **params).text
        assert is_verify(page)
        return code_of(client, self.post(browser, page, self.next_code()))


def code_of(client, answer):
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(client.redirect_uri), answer.headers["Location"]
    return query_of(answer.headers["Location"])["code"]


def error_back(answer):
    """Sent back to the login page, with this error."""
    assert answer.status_code == 302, answer.text
    where = urllib.parse.urlsplit(answer.headers["Location"])
    assert where.path == "/oauth2/authorize", where
    return query_of(answer.headers["Location"])["error"]


class Account:
    """The account API (http-api 8) as one person; signs in by the ordinary code flow."""

    def __init__(self, provider, username, browser=None, sign_in=None):
        self.provider, self.browser = provider, browser or Browser(provider)
        app = Client(provider, "autentico-account", None, provider.url + "/account/callback")
        verifier, challenge = pkce()
        code = (sign_in or provider.sign_in)(app, self.browser, username, code_challenge=challenge, code_challenge_method="S256",
                                             scope="openid profile email")["code"]
        answer = provider.redeem(app, code, code_verifier=verifier)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    def __call__(self, method, path, **body):
        return requests.request(method, self.provider.url + "/account/api" + path, json=body, timeout=30,
                                headers={"Authorization": "Bearer " + self.tokens["access_token"]})

    def enrol(self):
        """Returns the secret."""
        answer = self("POST", "/mfa/totp/setup", current_password=PASSWORD)
        assert answer.status_code == 200, answer.text
        secret = answer.json()["data"]["secret"]
        answer = self("POST", "/mfa/totp/verify", code=app_code(secret, self.provider.now()))
        assert answer.status_code == 200, answer.text
        return secret


def not_me(provider, name):
    """A link as the mail has it."""
    token = secrets.token_urlsafe(32)
    now = int(provider.now())
    with provider.edit() as db:
        db.execute("INSERT INTO one_time_links (token_hash, kind, user_id, created_at, expires_at) VALUES (?, 'not_me', ?, ?, ?)",
                   (hashlib.sha256(token.encode()).digest(), provider.rows("SELECT id FROM users WHERE username = ?", name)[0][0], now, now + 604800))
    return "/oauth2/not-me?token=" + token
