"""Passkeys in Chromium, by its virtual authenticator (WebAuthn.addVirtualAuthenticator); every page of theirs by axe."""
import pytest

from authenticator import UP, Site, add_passkey
from chromium import Chromium
from provider import PASSWORD, Browser, query_of
from second import Account
from test_pages import World, inspect

NAMES = iter(f"holder{n}" for n in range(1000))


class Authenticator:
    """A device that the browser has at hand."""

    def __init__(self, screen, **how):
        self.cdp = screen.driver.execute_cdp_cmd
        self.id = self.cdp("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True, **how}})["authenticatorId"]

    def credentials(self):
        return self.cdp("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def clone(self):
        """Another device with the same keys: it has not counted along."""
        for one in self.credentials():
            self.cdp("WebAuthn.removeCredential", {"authenticatorId": self.id, "credentialId": one["credentialId"]})
            self.cdp("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": {**one, "signCount": 1}})

    def verified(self, is_verified):
        self.cdp("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": is_verified})

    def away(self):
        self.cdp("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


@pytest.fixture
def device(screen):
    """A function that plugs one in."""
    plugged = []
    screen.driver.execute_cdp_cmd("WebAuthn.enable", {"enableUI": False})

    def plug(**how):
        plugged.append(Authenticator(screen, **how))
        return plugged[-1]

    yield plug
    for one in plugged:
        one.away()
    screen.driver.execute_cdp_cmd("WebAuthn.disable", {})


@pytest.fixture(scope="module", autouse=True)
def passkeys_on(provider):
    assert provider.api("PUT", "/settings", json={"auth_mode": "password_and_passkey"}).status_code == 204
    add_passkey(Account(provider, "admin"), provider.url, PASSWORD)  # so that passkey_only is possible


@pytest.fixture(scope="module")
def app(provider):
    """Its callback answers nothing: the browser is looked at on its way."""
    return provider.add_client(name="Books", redirect_uri=provider.url + "/healthz")


@pytest.fixture
def name(provider):
    made = next(NAMES)
    provider.add_user(made)
    return made


def to_security(screen, provider, name):
    screen.forget()
    screen.open(provider.url + "/account/security")
    screen.sign_in(name, PASSWORD)


def add(screen, password=PASSWORD):
    """As a person does it on the security page (form-fields 5)."""
    screen.one("[data-testid=add-passkey-btn]").click()
    screen.one('input[placeholder="Enter your password"]').send_keys(password)
    screen.one("#passkey-dialog button[type=submit]").click()


def registered(screen, provider, name):
    to_security(screen, provider, name)
    add(screen)
    screen.one(".key-name")
    screen.forget()


def press_passkey(screen):
    screen.one("#passkey-login-btn").click()


def at_app(screen, provider):
    """The code that it was sent away with."""
    screen.until(lambda d: d.current_url.startswith(provider.url + "/healthz?"))
    return query_of(screen.url)["code"]


def error_on(screen):
    screen.until(lambda d: screen.one("#login-error").text)
    return screen.one("#login-error").text


# --- the whole of it --------------------------------------------------------------

def test_from_the_first_to_the_last(provider, screen, device, name):
    """WR-25, WA-15: added, named, used, removed, as a person does it."""
    device()
    to_security(screen, provider, name)
    add(screen, "not the password")
    screen.until(lambda d: "not right" in screen.one("#passkey-dialog .auth-error").text)
    screen.one("#passkey-dialog [data-close]").click()
    add(screen)
    shown = screen.one(".key-name strong").text
    assert shown.startswith("Passkey ") and len(shown) == 12 and int(shown[8:], 16) >= 0
    assert "not used yet" in screen.one(".key").text
    # from now on the password alone changes no factor
    assert not screen.all("[data-testid=add-passkey-btn]") and screen.all("a[href$=confirm]")
    screen.one(".key summary").click()
    screen.fill(**{"name-1": "My laptop"})
    screen.press("form[action$=rename] button")
    assert screen.one(".key-name strong").text == "My laptop"

    screen.forget()
    screen.open(provider.url + "/account/security")
    screen.fill(username=name)
    press_passkey(screen)
    screen.one("[data-testid=nav-security]")
    assert "last used" in screen.one(".key").text
    # once more on this device: it says so
    add(screen)
    screen.until(lambda d: "already" in screen.one("#passkey-dialog .auth-error").text)
    screen.one("#passkey-dialog [data-close]").click()
    screen.all(".key summary")[1].click()
    screen.fill(**{"remove-passkey-password-1": PASSWORD})
    screen.press(".key form[action$=remove] button")
    assert not screen.all(".key")
    assert not screen.complaints()


@pytest.mark.parametrize("mode", ["username_first", "discoverable", "conditional", "passkey_only"])
def test_every_mode(provider, screen, device, app, name, mode):
    """flows 12: by name, or the passkey says whose it is."""
    device()
    registered(screen, provider, name)
    with provider.settings(passkey_login_mode=mode):
        screen.open(provider.authorize_url(app))
        if mode == "username_first":
            press_passkey(screen)
            assert "username" in error_on(screen)
            screen.fill(username=name)
        if mode != "conditional":
            press_passkey(screen)
        at_app(screen, provider)
    assert not screen.complaints()


def test_suggested(provider, screen, device, app, name):
    """conditional: the browser knows one and offers it; a wrong password in the same form is a wrong password."""
    with provider.settings(passkey_login_mode="conditional"):
        screen.forget()
        screen.open(provider.authorize_url(app))
        assert "webauthn" in screen.one("#username").get_attribute("autocomplete")
        screen.fill(username=name, password="not the password")
        screen.press()
        assert "Invalid" in screen.one("#login-error").text
        screen.fill(username=name, password=PASSWORD)
        screen.one("button[type=submit]").click()
        at_app(screen, provider)
    assert not screen.complaints()


def test_passkey_only(provider, screen, device, app, name):
    """auth_mode=passkey_only: no password anywhere; Enter in the name's field does what the button does."""
    device()
    registered(screen, provider, name)
    with provider.settings(auth_mode="passkey_only"):
        screen.open(provider.authorize_url(app))
        assert not screen.all("#password") and not screen.all("button[type=submit]") and "Log In" not in screen.text
        screen.one("#username").send_keys(name + "\n")
        at_app(screen, provider)
        with provider.settings(passkey_login_mode="passkey_only"):
            screen.forget()
            screen.open(provider.authorize_url(app))
            assert not screen.all("#username")
            press_passkey(screen)
            at_app(screen, provider)
    assert not screen.complaints()


def test_form_post(provider, screen, device, name):
    """An application that wants its answer as a form gets it."""
    app = provider.add_client(name="Letters", redirect_uri=provider.url + "/onboard")
    device()
    registered(screen, provider, name)
    screen.open(provider.authorize_url(app, response_mode="form_post"))
    screen.fill(username=name)
    press_passkey(screen)
    screen.until(lambda d: d.current_url == provider.url + "/onboard")  # which takes no form of others: it got there
    assert not [c for c in screen.complaints() if "Content Security" in c]


# --- what is refused -----------------------------------------------------------------

def test_cloned(provider, screen, device, app, name):
    """WA-14: a device that has not counted along is not let in."""
    key = device()
    registered(screen, provider, name)
    for _ in range(2):
        screen.forget()
        screen.open(provider.authorize_url(app))
        screen.fill(username=name)
        press_passkey(screen)
        at_app(screen, provider)
    key.clone()
    screen.forget()
    screen.open(provider.authorize_url(app))
    screen.fill(username=name)
    press_passkey(screen)
    assert "did not work" in error_on(screen)
    reasons = provider.rows("SELECT detail FROM audit_logs WHERE event = 'passkey_login_failed' AND actor_username = ?", name)
    assert reasons == [('{"reason":"counter"}',)]


def test_not_verified(provider, screen, device, name):
    """WA-10: where two factors are demanded the browser demands the PIN; whoever has none stays outside."""
    key = device()
    registered(screen, provider, name)
    strict = provider.register(require_mfa=True, redirect_uris=[provider.url + "/healthz"])
    key.verified(False)
    screen.open(provider.authorize_url(strict))
    screen.fill(username=name)
    press_passkey(screen)
    assert "No passkey was used" in error_on(screen)
    key.verified(True)
    press_passkey(screen)
    at_app(screen, provider)


def test_no_passkey(provider, screen, device, app, name):
    """WA-05: nobody of that name, nobody's device, a passkey that was removed."""
    device()
    screen.forget()
    screen.open(provider.authorize_url(app))
    screen.fill(username="nobody-here")
    press_passkey(screen)
    assert "no passkey" in error_on(screen)
    registered(screen, provider, name)
    provider.run("users", "remove-passkeys", name)
    with provider.settings(passkey_login_mode="discoverable"):
        screen.open(provider.authorize_url(app))
        press_passkey(screen)
        assert "did not work" in error_on(screen)


def test_an_old_page(provider, screen, device, app, name):
    """Left open for an hour: the person sees why, and signs in from there."""
    device()
    registered(screen, provider, name)
    screen.open(provider.authorize_url(app))
    provider.later(3601)
    screen.fill(username=name)
    press_passkey(screen)
    screen.until(lambda d: "expired" in query_of(d.current_url).get("error", ""))
    assert "expired" in error_on(screen)
    screen.fill(username=name)
    press_passkey(screen)
    at_app(screen, provider)


def test_without_javascript(provider, app):
    """The rest works; the page says why the button does not."""
    plain = Chromium(False)
    try:
        plain.open(provider.authorize_url(app))
        assert "needs JavaScript" in plain.text
        plain.sign_in("admin", PASSWORD)
        assert plain.url.startswith(provider.url + "/healthz?code=")
    finally:
        plain.quit()


# --- how it looks -----------------------------------------------------------------------

@pytest.fixture(scope="module")
def world(provider, screen):
    return World(provider, screen)


def login(**settings):
    def go(w):
        with w.site.settings(**settings):
            w.signed_out(w.site.authorize_url(w.client))
        assert w.screen.all("#passkey-login-btn")
    return go


def login_error(w):
    login()(w)
    press_passkey(w.screen)
    error_on(w.screen)


def security(w):
    account = Account(w.site, "jane")
    if not account("GET", "/passkeys").json()["data"]:
        first, _ = (add_passkey(account, w.site.url, PASSWORD, flags=UP) for _ in range(2))
        Site(w.site, w.client, Browser(w.site)).sign_in(first)
        rows = account("GET", "/passkeys").json()["data"]
        account("PATCH", "/passkeys/" + rows[0]["id"], name="The phone of aunt Cassandra, with a remarkably long name for it")
    w.signed_in("jane", "/account/security")
    for one in w.screen.all("main summary"):
        one.click()
    assert w.screen.all(".key")


def dialog(w):
    security(w)
    w.screen.one("[data-testid=add-passkey-btn]").click()
    assert w.screen.one("#passkey-dialog").is_displayed()


PAGES = {"passkey-login": login(), "passkey-login-only": login(auth_mode="passkey_only"),
         "passkey-login-nameless": login(auth_mode="passkey_only", passkey_login_mode="passkey_only"),
         "passkey-login-error": login_error, "passkeys": security, "passkey-dialog": dialog}


@pytest.mark.parametrize("page", PAGES)
def test_page(world, screen, axe, page):
    PAGES[page](world)
    inspect(screen, axe, page)
