"""The pages of password, sessions and recovery, as test_pages.py looks at all others; and what a person does on them."""
import pytest

from provider import PASSWORD, Browser
from second import not_me
from test_pages import PERSON, World, inspect

NEW = "another long password"
PHONE = ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile "
         "Safari/537.36")


class Account(World):
    def elsewhere(self, name, agent=PHONE):
        browser = Browser(self.site)
        browser.headers["User-Agent"] = agent
        self.site.sign_in(self.client, browser, username=name)
        return browser

    def recovery_link(self, name):
        return self.site.run("users", "recover", name).stdout.split()[0]


@pytest.fixture(scope="module")
def world(provider, screen):
    return Account(provider, screen)


def password_open(w):
    w.signed_in(PERSON, "/account/security")
    w.screen.one(".act summary").click()


def password_wrong(w):
    password_open(w)
    w.screen.fill(current_password=PASSWORD, new_password="short", confirm_password="short")
    w.screen.press("form[action$=password] .btn-brand")
    assert w.screen.all("#new_password[aria-invalid=true]") and w.screen.one("#new_password").is_displayed()


def sessions_many(w):
    w.signed_in(PERSON, "/account/sessions")
    w.elsewhere(PERSON)
    w.elsewhere(PERSON, "curl/8.1")
    w.elsewhere(PERSON, "x" * 300)
    w.screen.open(w.url + "/account/sessions")
    assert len(w.screen.all("table.list tbody tr")) >= 4


def sessions_one(w):
    w.signed_in("left", "/account/sessions")
    assert len(w.screen.all("[data-testid=this-session]")) == 1 and not w.screen.all("[data-testid=end-others]")


def reset_form(w):
    w.signed_out(w.recovery_link("left"))


def reset_wrong(w):
    reset_form(w)
    w.screen.fill(password="short", confirm_password="short")
    w.screen.press()
    assert w.screen.all("#reset-error")


def reset_done(w):
    w.signed_out(w.recovery_link("maximiliana.with-a-long-name.and-more"))
    w.screen.fill(password=PASSWORD, confirm_password=PASSWORD)
    w.screen.press()
    assert "Your password is changed" in w.screen.text


def link_page(w):
    w.signed_in("admin", "/admin/users?search=left")
    w.screen.press(".row-link")
    w.screen.one("#recovery + .acts summary").click()
    w.screen.press("form[action$=recovery-link] button")
    assert w.screen.one("[data-testid=recovery-link]").is_displayed()


def person_page(w):
    w.signed_in("admin", "/admin/users?search=left")
    w.screen.press(".row-link")
    w.screen.one("#recovery + .acts summary").click()


PAGES = {
    "password": password_open, "password-wrong": password_wrong, "sessions": sessions_many, "sessions-one": sessions_one,
    "reset": reset_form, "reset-wrong": reset_wrong, "reset-done": reset_done,
    "reset-expired": lambda w: w.signed_out(w.url + "/oauth2/reset-password?token=x"),
    "not-me": lambda w: w.signed_out(w.url + not_me(w.site, "left")),
    "user-recovery": person_page, "recovery-link": link_page,
}


@pytest.mark.parametrize("name", PAGES)
def test_page(world, screen, axe, name):
    PAGES[name](world)
    inspect(screen, axe, name)


# --- what a person does, with JavaScript and without ---------------------------------------

def test_change_password(provider, browser):
    """The other browser is signed out; nothing is complained of."""
    name = f"changer{int(browser.javascript)}"
    provider.add_user(name)
    client = provider.add_client()
    other = Browser(provider)
    provider.sign_in(client, other, username=name)
    browser.forget()
    browser.open(provider.url + "/account/security")
    browser.sign_in(name, PASSWORD)
    browser.one(".act summary").click()
    browser.fill(current_password=PASSWORD, new_password=NEW, confirm_password=NEW)
    browser.press("form[action$=password] .btn-brand")
    assert "Password changed." in browser.text
    assert provider.error(client, other, prompt="none")["error"] == "login_required"
    provider.sign_in(client, username=name, password=NEW)
    assert browser.complaints() == []


def test_end_sessions(provider, browser):
    """One by one, and all the others."""
    name = f"ender{int(browser.javascript)}"
    provider.add_user(name)
    client = provider.add_client()
    others = [Browser(provider) for _ in range(3)]
    for other in others:
        other.headers["User-Agent"] = PHONE
        provider.sign_in(client, other, username=name)
    browser.forget()
    browser.open(provider.url + "/account/sessions")
    browser.sign_in(name, PASSWORD)
    assert "Chrome on Android" in browser.text and len(browser.all("table.list tbody tr")) == 4
    browser.press("form[action$='/end'] button")
    assert "Session ended." in browser.text and len(browser.all("table.list tbody tr")) == 3
    browser.press("form[action$=end-others] button")
    assert len(browser.all("table.list tbody tr")) == 1
    for other in others:
        assert provider.error(client, other, prompt="none")["error"] == "login_required"
    assert browser.complaints() == []


def test_recover(provider, browser):
    """From the administrator's page to the sign-in with the new password."""
    name = f"loser{int(browser.javascript)}"
    provider.add_user(name)
    browser.forget()
    browser.open(provider.url + "/admin/users?search=" + name)
    browser.sign_in("admin", PASSWORD)
    browser.open(provider.url + "/admin/users?search=" + name)
    browser.press(".row-link")
    browser.one("#recovery + .acts summary").click()
    browser.press("form[action$=recovery-link] button")
    link = browser.one("[data-testid=recovery-link]").text
    browser.forget()
    browser.open(link)
    browser.fill(password=NEW, confirm_password=NEW)
    browser.press()
    assert "Your password is changed" in browser.text
    browser.press(".auth-link")
    browser.sign_in(name, NEW)
    assert f"Hello, {name}" in browser.text
    browser.open(link)
    assert "This link is not valid" in browser.text
    assert browser.complaints() == []
