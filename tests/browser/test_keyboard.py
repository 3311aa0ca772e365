"""Everything by keyboard, and one sees where one is."""
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from provider import PASSWORD

WHERE = """const e = document.activeElement, s = getComputedStyle(e);
return e === document.body ? null : {name: e.outerHTML.slice(0, 100), style: s.outlineStyle, width: parseFloat(s.outlineWidth),
    inside: (r => r.right > 0 && r.left < innerWidth && r.width > 0 && r.height > 0)(e.getBoundingClientRect())}"""


def keys(screen, *what):
    ActionChains(screen.driver).send_keys(*what).perform()


def walk(screen):
    """Tab from the start of the page until it leaves; what had the focus."""
    screen.script("document.activeElement.blur(); window.scrollTo(0, 0)")
    stops = []
    for _ in range(60):
        keys(screen, Keys.TAB)
        stop = screen.script(WHERE)
        if stop is None or (stops and stop["name"] == stops[0]["name"]):
            return stops
        stops.append(stop)
    raise AssertionError("the focus never leaves the page")


def test_sign_in_and_out_by_keyboard(provider, screen):
    screen.look(1280, "light")
    screen.forget()
    screen.open(provider.url + "/admin/")
    keys(screen, "admin", Keys.TAB, PASSWORD, Keys.ENTER)
    screen.one("[data-testid=admin-dashboard]")
    keys(screen, Keys.TAB)
    assert screen.script("return document.activeElement.className") == "skip"
    keys(screen, Keys.ENTER)
    assert screen.url.endswith("#main")

    menu = screen.one("[data-testid=user-menu]")
    menu.send_keys(Keys.ENTER)
    keys(screen, Keys.TAB)
    assert screen.script("return document.activeElement.textContent") == "My account"
    keys(screen, Keys.ESCAPE)
    assert not screen.one("details.menu").get_attribute("open")
    assert screen.script("return document.activeElement.dataset.testid") == "user-menu"
    keys(screen, Keys.ENTER, Keys.TAB, Keys.TAB, Keys.ENTER)
    screen.until(lambda d: "You have been signed out." in screen.text)


def test_the_focus_is_seen(provider, screen):
    client = provider.add_client()
    screen.forget()
    screen.open(provider.url + "/admin/")
    stops = walk(screen)
    screen.sign_in("admin", PASSWORD)
    for path in ("/admin/", "/admin/clients/new", "/admin/clients/" + client.id, "/admin/users",
                 "/admin/sessions", "/admin/audit", "/admin/doctor"):
        for width in (320, 1280):
            screen.look(width, "light")
            screen.open(provider.url + path)
            stops += walk(screen)
    screen.look(1280, "light")
    assert len(stops) > 80
    assert [s for s in stops if s["style"] == "none" or s["width"] < 2 or not s["inside"]] == []
