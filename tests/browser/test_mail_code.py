"""Codes by mail in a real Chromium, taken from a real mail server with STARTTLS and a password."""
import re

import pytest

from post_office import CA, PostOffice
from provider import PASSWORD, Provider


@pytest.fixture(scope="module")
def mailing(tmp_path_factory):
    """A provider and the mail server it uses."""
    ca = CA(str(tmp_path_factory.mktemp("ca")))
    p = Provider(AUTENTICO_CA_FILE=ca.file)
    p.start()
    p.onboard_cli()
    with PostOffice(ca.context("localhost")) as office:
        with p.settings(require_mfa="true", mfa_method="email", theme_title="Ex & Co", **office.settings()):
            yield p, office
    p.stop()


def test_a_code_from_the_mail(mailing, browser):
    """OT-05 and issue 3: asked for, resent, mistyped, entered."""
    provider, office = mailing
    name = "reader" + ("js" if browser.javascript else "plain")
    provider.add_user(name, email=name + "@example.test")
    browser.forget()
    n = len(office.mails)
    browser.open(provider.url + "/account/security")
    browser.sign_in(name, PASSWORD)
    assert browser.one("h1").text == "Verification" and "We have sent a code" in browser.text
    first = office.wait(n + 1)
    assert first.is_tls and first.user and first.to == [name + "@example.test"]
    assert first.code() in first.part("html") and "Ex &amp; Co" in first.part("html") and name in first.part("plain")

    # not yet another one; then another one, and the first is void
    browser.driver.find_element("link text", "Resend code").click()
    assert "in a minute" in browser.text
    provider.later(61)
    browser.driver.find_element("link text", "Resend code").click()
    assert "We have sent a code" in browser.text
    code = office.wait(n + 2).code()
    browser.fill(code=f"{(int(code) + 1) % 1000000:06d}")
    browser.press()
    assert "not right" in browser.one("#mfa-error").text
    browser.fill(code=code)
    browser.press()
    assert "/account/security" in browser.url, browser.text


def test_the_mail_can_be_read(mailing, screen):
    """What a mail program shows: the code, no picture or script of anybody, nothing that runs off a phone's screen."""
    provider, office = mailing
    provider.add_user("looker", email="looker@example.test")
    n = len(office.mails)
    screen.forget()
    screen.open(provider.url + "/account/security")
    screen.sign_in("looker", PASSWORD)
    html = office.wait(n + 1).part("html")
    assert not re.search(r"<(img|script|link|iframe|object)\b|url\(", html)
    screen.driver.get("about:blank")
    screen.driver.execute_script("document.open(); document.write(arguments[0]); document.close()", html)
    screen.driver.set_window_size(400, 800)
    assert re.search(r"\d{6}", screen.driver.find_element("tag name", "body").text)
    assert screen.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
