"""
Nobody is stuck, and nobody gets around a factor, with passkeys: every auth_mode, by which way a person tries, what is
demanded, by which method, and of what the person has.  For each combination every way is walked to its end.
"""
import itertools

import pytest

import jose
from authenticator import UP, Site, add_passkey, signs_in_by
from provider import PASSWORD, Browser, error_of, query_of
from second import Account, Second, is_enrol, is_verify

MODES = ("password", "password_and_passkey", "passkey_only")
REQUIRED = ("nobody", "everybody", "application", "acr_values")
METHODS = ("totp", "email", "both")
HAS = ("nothing", "passkey", "key without PIN", "app", "passkey and app", "key without PIN and app")


@pytest.fixture(scope="module")
def people(provider):
    """One person for each set; the administrator has a passkey and an app, so that any setting is possible."""
    made = {}
    with provider.settings(auth_mode="password_and_passkey"):
        for n, has in enumerate(HAS + ("admin",)):
            name = "admin" if has == "admin" else f"walker{n}"
            if has != "admin":
                provider.add_user(name)
            person, account = Second(provider, name), Account(provider, name)
            how = {"flags": UP} if "without PIN" in has else {}
            person.key = add_passkey(account, provider.url, PASSWORD, **how) if "key" in has or has == "admin" else None
            person.has_both = person.key is not None and not how
            if "app" in has or has == "admin":
                by_key = signs_in_by(provider, person.key) if person.has_both else None
                person.secret = Account(provider, name, sign_in=by_key).enrol()
            made[has] = person
    return made


@pytest.fixture(scope="module")
def clients(provider):
    return {"strict": provider.register(require_mfa=True), "plain": provider.register()}


class Walk:
    """One combination."""

    def __init__(self, provider, clients, person, mode, required, method):
        self.provider, self.person, self.mode, self.method = provider, person, mode, method
        self.client = clients["strict" if required == "application" else "plain"]
        self.params = {"acr_values": "2"} if required == "acr_values" else {}
        self.is_demanded = required in ("everybody", "application")
        self.is_asked = self.is_demanded or required == "acr_values" or person.secret is not None

    def acr(self, where):
        token = self.provider.redeem(self.client, query_of(where)["code"]).json()["id_token"]
        return jose.claims(self.provider, token)["acr"]

    def end(self, browser, where):
        """After one factor: where it leads.  Returns the acr, or None when there is no way on."""
        if where.startswith(self.client.redirect_uri):
            return self.acr(where)
        if query_of(where).get("error") == "use_passkey":
            assert "sign in with your passkey" in error_of(browser.get(where).text)
            return "passkey"
        if query_of(where).get("error") == "mfa_unavailable":
            assert "ask an administrator" in error_of(browser.get(where).text)
            return None
        page = browser.get(where).text
        if self.person.secret is not None:
            assert is_verify(page)
            return self.acr(self.person.post(browser, page, self.person.next_code()).headers["Location"])
        assert is_enrol(page)  # and back to where it was: the next walk begins without an app
        return "enrol"

    def by_password(self):
        """None: there is no way on; "off": not offered."""
        browser = Browser(self.provider)
        page = browser.get(self.provider.authorize_url(self.client, **self.params)).text
        answer = self.provider.post_login(browser, page, self.person.username)
        if self.mode == "passkey_only":
            assert answer.status_code == 400 and "Log In" not in page
            return "off"
        return self.end(browser, answer.headers["Location"])

    def by_passkey(self, by_name):
        browser = Browser(self.provider)
        site = Site(self.provider, self.client, browser)
        page = site.open(**self.params)
        begun = site.begin(self.person.username if by_name else None)
        if self.mode == "password":
            assert begun.status_code == 403 and "passkey-login-btn" not in page
            return "off"
        assert "passkey-login-btn" in page
        if self.person.key is None:
            assert begun.status_code == (400 if by_name else 200)
            return "off"
        answer = site.finish(begun.json(), self.person.key.show(begun.json()["options"]))
        if answer.status_code == 401:
            return None
        return self.end(browser, answer.json()["redirect"])


def expected_by_one_factor(walk):
    """Password, or passkey without user verification."""
    if not walk.is_asked:
        return "1"
    if walk.person.secret is not None:
        return "2"
    if walk.person.has_both and walk.mode != "password":  # and no app instead of it, for whoever knows the password
        return "passkey"
    if walk.method == "email":  # no mail can be sent
        return None if walk.is_demanded else "1"
    return "enrol"


@pytest.mark.parametrize("mode, required, method, has", itertools.product(MODES, REQUIRED, METHODS, HAS))
def test_every_way(provider, clients, people, mode, required, method, has):
    person = people[has]
    with provider.settings(auth_mode=mode, require_mfa=str(required == "everybody").lower(), mfa_method=method):
        walk = Walk(provider, clients, person, mode, required, method)
        password = walk.by_password()
        assert password == ("off" if mode == "passkey_only" else expected_by_one_factor(walk))
        for by_name in (True, False):
            passkey = walk.by_passkey(by_name)
            if mode == "password" or person.key is None:
                assert passkey == "off"
            elif "without PIN" not in has:
                assert passkey == "2"  # it is both factors, and nothing else is asked for
            elif walk.is_demanded:
                assert passkey is None  # it cannot stand for two
            else:
                assert passkey == expected_by_one_factor(walk)
    if {password, passkey} <= {"off", None, "passkey"}:
        recover(provider, walk)


def recover(provider, walk):
    """Who is left outside gets in as soon as an administrator lets the other way in again."""
    with provider.settings(auth_mode="password_and_passkey", require_mfa="false", mfa_method="totp"):
        walk.mode, walk.method = "password_and_passkey", "totp"
        way = walk.by_password()
        assert way in ("1", "2", "enrol") or (way == "passkey" and walk.by_passkey(True) == "2")


def test_step_up_by_passkey(provider, clients, people):
    """A session of one factor meets an application that wants two: by the passkey, and then it does."""
    person = people["passkey"]
    with provider.settings(auth_mode="password_and_passkey"):
        browser = Browser(provider)
        provider.sign_in(clients["plain"], browser, person.username)
        site = Site(provider, clients["strict"], browser)
        page = browser.get(provider.authorize_url(clients["strict"]))
        assert page.status_code == 200 and "sign in with your passkey" in error_of(page.text)
        assert provider.error(clients["strict"], browser, prompt="none")["error"] == "interaction_required"
        site.open(prompt="login")
        begun = site.begin().json()
        answer = site.finish(begun, person.key.show(begun["options"]))
        assert query_of(answer.json()["redirect"])["code"]
        assert "code" in query_of(provider.authorize(clients["strict"], browser, prompt="none").headers["Location"])


def test_settings_that_lock_everybody_out(provider, people):
    """Refused, with the reason; the administrator of this installation has what it takes, a fresh one has not."""
    fresh = type(provider)()
    try:
        fresh.start()
        fresh.onboard_cli()

        def put(**values):
            return fresh.api("PUT", "/settings", json=values)

        answer = put(auth_mode="passkey_only")
        assert answer.status_code == 400 and answer.json()["error_description"] == "auth_mode: no administrator has a passkey yet"
        assert put(auth_mode="password_and_passkey").status_code == 204
        account = Account(fresh, "admin")
        key = add_passkey(account, fresh.url, PASSWORD, flags=UP)
        assert put(auth_mode="passkey_only").status_code == 204
        answer = put(require_mfa="true")
        assert answer.status_code == 400 and "PIN" in answer.json()["error_description"]
        # and the last passkey of the administrator stays
        gone = account("DELETE", "/passkeys/" + account("GET", "/passkeys").json()["data"][0]["id"], current_password=PASSWORD)
        assert gone.status_code == 400 and gone.json()["error"] == "lockout_prevention"
        app = fresh.add_client()
        key.flags |= 0x04  # once it has verified its user it is good for two
        assert Site(fresh, app, Browser(fresh)).sign_in(key).status_code == 200
        assert put(require_mfa="true").status_code == 204
    finally:
        fresh.stop()
