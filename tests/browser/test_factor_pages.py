"""The pages of second factors, as test_pages.py looks at all others: axe-core, narrow and wide, light and dark."""
import pytest

from provider import PASSWORD
from second import Account, app_code
from test_pages import World, inspect


class Factors(World):
    def __init__(self, provider, screen):
        super().__init__(provider, screen)
        account = Account(provider, "left")
        self.secret = account.enrol()
        provider.later(31)
        account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=app_code(self.secret, provider.now()))

    def code(self):
        self.site.later(31)
        return app_code(self.secret, self.site.now())

    def half_in(self):
        self.signed_out(self.site.authorize_url(self.client))
        self.screen.sign_in("left", PASSWORD)

    def all_in(self, path):
        if self.who != "left":
            self.signed_out(self.url + "/account/")
            self.screen.sign_in("left", PASSWORD)
            self.screen.fill(code=self.code())
            self.screen.press()
            self.who = "left"
        self.screen.open(self.url + path)


@pytest.fixture(scope="module")
def world(provider, screen):
    return Factors(provider, screen)


def verify(w):
    with w.site.settings(trust_device_enabled="true"):
        w.half_in()
    assert w.screen.all("#trust_device")


def wrong(w):
    w.half_in()
    w.screen.fill(code="000000")
    w.screen.press()
    assert w.screen.all("#mfa-error")


def recovery(w):
    w.half_in()
    w.screen.press('a[href*="recovery=1"]')


def enrol(w):
    with w.site.settings(require_mfa="true"):
        w.signed_out(w.site.authorize_url(w.client))
        w.screen.sign_in("maximiliana.with-a-long-name.and-more", PASSWORD)
    assert w.screen.all(".auth-qr")


def opened(w):
    w.all_in("/account/security")
    for one in w.screen.all("main summary"):
        one.click()


def refused(w):
    w.signed_in("jane", "/account/security")
    w.screen.fill(**{"setup-password": "not the password"})
    w.screen.press("form[action$=totp] button")
    assert w.screen.all(".auth-error")


def set_up_page(w):
    w.signed_in("jane", "/account/security")
    w.screen.fill(**{"setup-password": PASSWORD})
    w.screen.press("form[action$=totp] button")
    assert w.screen.all(".auth-qr")


def codes(w):
    opened(w)
    w.screen.fill(**{"renew-password": PASSWORD, "renew-code": w.code()})
    w.screen.press("form[action$=recovery-codes] button")
    assert w.screen.all("[data-testid=recovery-codes]")


def devices(w):
    with w.site.settings(trust_device_enabled="true"):
        w.half_in()
        w.screen.one("#trust_device").click()
        w.screen.fill(code=w.code())
        w.screen.press()
        w.screen.open(w.url + "/account/trusted-devices")
    assert w.screen.all("table.list")


def person(w):
    w.signed_in("admin", "/admin/users?search=left")
    w.screen.press(".row-link")
    for one in w.screen.all("main summary"):
        one.click()
    assert "Authenticator app" in w.screen.text


PAGES = {
    "mfa": verify, "mfa-wrong": wrong, "mfa-recovery": recovery, "mfa-enroll": enrol,
    "security": lambda w: w.signed_in("jane", "/account/security"), "security-refused": refused, "totp-setup": set_up_page,
    "security-on": opened, "recovery-codes": codes, "devices-none": lambda w: w.signed_in("jane", "/account/trusted-devices"),
    "devices": devices, "user-factors": person,
}


@pytest.mark.parametrize("name", PAGES)
def test_page(world, screen, axe, name):
    PAGES[name](world)
    inspect(screen, axe, name)
