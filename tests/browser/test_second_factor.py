"""Second factors in a real Chromium, with and without JavaScript: the picture is read off the screen."""
import tempfile
import urllib.parse

import pytest

from provider import PASSWORD
from second import app_code, links, read_qr

NAMES = iter(f"walker{n}" for n in range(1000))


@pytest.fixture
def name(provider):
    made = next(NAMES)
    provider.add_user(made, email=made + "@example.test")
    return made


def scan(browser):
    """A phone held at the screen."""
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        browser.driver.save_screenshot(f.name)
        f.seek(0)
        return urllib.parse.urlsplit(read_qr(f.read()))


def enter(browser, provider, secret, selector="main form button[type=submit]"):
    provider.later(31)
    browser.fill(code=app_code(secret, provider.now()))
    browser.press(selector)


def open_all(browser):
    for one in browser.all("main summary"):
        one.click()


def sign_out(browser, provider):
    browser.open(provider.issuer + "/logout")
    browser.press("button[value=yes]")


def test_from_enrolment_to_removal(provider, browser, name):
    """OT-01, OT-02, OT-08: all of it, as a person does it."""
    with provider.settings(require_mfa="true", trust_device_enabled="true", theme_title="Ex & Co"):
        browser.forget()
        browser.open(provider.url + "/account/security")
        browser.sign_in(name, PASSWORD)
        assert browser.one("h1").text == "Setup Authenticator"
        uri = scan(browser)
        secret = browser.one(".auth-secret-key").text
        assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", f"/Ex%20%26%20Co:{name}")
        assert dict(urllib.parse.parse_qsl(uri.query)) == {
            "algorithm": "SHA1", "digits": "6", "issuer": "Ex & Co", "period": "30", "secret": secret}
        browser.fill(code="000000")
        browser.press()
        assert "not right" in browser.one("#mfa-error").text
        assert dict(urllib.parse.parse_qsl(scan(browser).query))["secret"] == secret
        enter(browser, provider, secret)
        assert "/account/security" in browser.url and "Authenticator app" in browser.text
        assert "You have no recovery codes" in browser.text

        # recovery codes
        open_all(browser)
        provider.later(31)
        browser.one("#renew-password").send_keys(PASSWORD)
        browser.one("#renew-code").send_keys(app_code(secret, provider.now()))
        browser.press("form[action$=recovery-codes] button")
        codes = [one.text for one in browser.all("[data-testid=recovery-codes] code")]
        assert len(codes) == 10
        for button in ("[data-copy]", "[data-download]", "[data-print]"):
            assert browser.one(button).is_displayed() == browser.javascript

        # the next time: a code, and this device is trusted
        sign_out(browser, provider)
        browser.open(provider.url + "/account/")
        browser.sign_in(name, PASSWORD)
        assert browser.one("h1").text == "Verification"
        browser.one("#trust_device").click()
        enter(browser, provider, secret)
        browser.one("[data-testid=account-dashboard]")
        sign_out(browser, provider)
        browser.open(provider.url + "/account/trusted-devices")
        browser.sign_in(name, PASSWORD)
        assert "Chrome" in browser.one("table.list").text
        browser.press("form[action$=remove] button")
        assert "You trust no device" in browser.text

        # without the phone
        sign_out(browser, provider)
        browser.open(provider.url + "/account/security")
        browser.sign_in(name, PASSWORD)
        browser.press(f'a[href*="recovery=1"]')
        browser.fill(recovery_code=codes[0].lower())
        browser.press()
        assert "9 of your codes are unused" in browser.one("[data-testid=recovery-left]").text

    # another phone
    open_all(browser)
    browser.one("#remove-password").send_keys(PASSWORD)
    browser.one("#remove-code").send_keys(codes[1])
    browser.press("form[action$=remove] button")
    browser.sign_in(name, PASSWORD)  # every session has ended
    assert "Authenticator app" in browser.text and "Off" in browser.text
    browser.one("#setup-password").send_keys(PASSWORD)
    browser.press("form[action$=totp] button")
    other = dict(urllib.parse.parse_qsl(scan(browser).query))["secret"]
    assert other == browser.one(".auth-secret-key").text != secret
    browser.fill(code=app_code(other, provider.now()))
    browser.press()
    assert len(browser.all("[data-testid=recovery-codes] code")) == 10
    assert not browser.complaints()


@pytest.mark.parametrize("width, scheme", [(320, "dark"), (1280, "light")])
def test_the_picture_is_readable_on_any_screen(provider, screen, width, scheme):
    """On a phone, in the dark: white around it all the same."""
    made = next(NAMES)
    provider.add_user(made)
    with provider.settings(require_mfa="true"):
        screen.forget()
        screen.look(width, scheme, height=1000)
        screen.open(provider.url + "/account/")
        screen.sign_in(made, PASSWORD)
        assert dict(urllib.parse.parse_qsl(scan(screen).query))["secret"] == screen.one(".auth-secret-key").text
        screen.look(1280, "light")


def test_too_many_wrong_codes(provider, browser, name):
    """OT-05: the person reads what happened, on the login page."""
    with provider.settings(require_mfa="true"):
        browser.forget()
        browser.open(provider.url + "/account/")
        browser.sign_in(name, PASSWORD)
        secret = browser.one(".auth-secret-key").text
        enter(browser, provider, secret)
        sign_out(browser, provider)
        browser.open(provider.url + "/account/")
        browser.sign_in(name, PASSWORD)
        for _ in range(5):
            browser.fill(code="000000")
            browser.press()
        assert "Too many wrong codes" in browser.one("#login-error").text
        browser.sign_in(name, PASSWORD)
        enter(browser, provider, secret)
        assert "please wait" in browser.one("#mfa-error").text
        assert "Back to login" in links(browser.driver.page_source)
