"""What main.js adds to pages that are whole without it."""
import pytest

from provider import PASSWORD

DOUBLE = """
    const form = document.querySelector('main form');
    const sent = [];
    form.addEventListener('submit', event => { sent.push(!event.defaultPrevented); event.preventDefault(); });
    form.querySelector('[type=submit]').click();
    form.querySelector('[type=submit]').click();
    return sent;"""


@pytest.fixture
def at_login(provider, screen):
    screen.look(1280, "light")
    screen.forget()
    screen.open(provider.url + "/account/")
    return screen


def test_the_password_can_be_shown(at_login):
    at_login.fill(password="secret words")
    box, button = at_login.one("#password"), at_login.one("[data-reveal]")
    button.click()
    assert box.get_attribute("type") == "text" and button.get_attribute("aria-label") == "Hide password"
    button.click()
    assert box.get_attribute("type") == "password" and button.text == "Show"


def test_a_shown_password_is_hidden_before_it_is_sent(at_login):
    at_login.one("[data-reveal]").click()
    at_login.script("document.querySelector('form').addEventListener('submit', e => e.preventDefault())")
    at_login.fill(username="admin", password="x")
    at_login.one("main [type=submit]").click()
    assert at_login.one("#password").get_attribute("type") == "password"


def test_a_second_click_sends_nothing(at_login):
    at_login.fill(username="admin", password="x")
    assert at_login.script(DOUBLE) == [True, False]


def test_the_theme_is_chosen_and_kept(provider, at_login):
    def background():
        return at_login.script("return getComputedStyle(document.body).backgroundColor")

    light = background()
    toggle = at_login.one("[data-theme-toggle]")
    assert toggle.text == "Dark theme"
    toggle.click()
    dark = background()
    assert dark != light and toggle.text == "Light theme"
    at_login.open(provider.url + "/account/")
    assert background() == dark
    at_login.one("[data-theme-toggle]").click()
    assert background() == light
    at_login.look(1280, "dark")
    assert background() == dark and at_login.one("[data-theme-toggle]").text == "Light theme"
    at_login.look(1280, "light")


def test_copy_and_menu(provider, at_login):
    at_login.open(provider.url + "/admin/")
    at_login.sign_in("admin", PASSWORD)
    at_login.driver.execute_cdp_cmd("Browser.grantPermissions", {
        "origin": provider.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    at_login.one("[aria-label='Copy Issuer']").click()
    at_login.until(lambda d: at_login.one("#announce").get_attribute("textContent") == "Copied")
    assert at_login.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])") == provider.issuer

    menu = at_login.one("details.menu")
    at_login.one("[data-testid=user-menu]").click()
    assert menu.get_attribute("open")
    at_login.one("h1").click()
    assert not menu.get_attribute("open")


def test_times_are_the_readers_own(provider, at_login):
    at_login.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    at_login.sign_in("admin", PASSWORD)
    time = at_login.one(".facts time")
    shown, utc = time.text, time.get_attribute("title")
    expected = at_login.script("""return new Date(arguments[0].replace(' ', 'T')).toLocaleString(undefined, {
        timeZone: 'Asia/Tokyo', year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit'})""", utc)
    assert shown == expected and utc.endswith("Z")
    at_login.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})
