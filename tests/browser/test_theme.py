"""The operator's own title, words and colours: every colour leaves readable pages."""
import pytest
import requests

from axe import findings
from provider import PASSWORD, Provider

TOKEN = "an-admin-token-of-at-least-32-characters"
BRANDS = ("#ff7b00", "#ffeb3b", "#1a237e", "#000000", "#ffffff", "#777777", "#c62828", "#00897b")


@pytest.fixture(scope="module")
def themed():
    p = Provider(AUTENTICO_ADMIN_TOKEN=TOKEN)
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


def put(site, **settings):
    answer = requests.put(site.url + "/admin/api/settings", json=settings, headers={"Authorization": "Bearer " + TOKEN},
                          timeout=30)
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("brand", BRANDS)
def test_any_brand_colour_can_be_read(themed, screen, axe, brand):
    put(themed, theme_brand_color=brand)
    screen.forget()
    screen.open(themed.url + "/admin/")
    wrong = look(screen, axe, f"brand-{brand[1:]}-login")
    screen.sign_in("admin", PASSWORD)
    screen.open(themed.url + "/admin/clients")
    wrong += look(screen, axe, f"brand-{brand[1:]}-clients")
    assert not wrong, "\n".join(wrong)
    assert screen.script("return getComputedStyle(document.querySelector('.btn-brand')).backgroundColor") == rgb(brand)


def look(screen, axe, name):
    wrong = screen.complaints()
    for scheme in ("light", "dark"):
        screen.look(768, scheme)
        screen.shoot(f"{name}-{scheme}")
        wrong += findings(screen, axe)
    screen.complaints()
    return wrong


def rgb(brand):
    return "rgb(%d, %d, %d)" % tuple(int(brand[i:i + 2], 16) for i in (1, 3, 5))


def test_title_tagline_links_and_css(themed, screen):
    put(themed, theme_title="Letters & Sons", theme_tagline="One key for every desk", theme_css_inline=".auth-card{border-radius:0}",
        footer_links='[{"label":"Imprint","url":"https://letters.example/imprint"}]')
    screen.forget()
    screen.open(themed.url + "/account/")
    screen.look(1280, "light")
    screen.shoot("theme-login")
    assert screen.driver.title == "Letters & Sons" and screen.one("h1.auth-title").text == "Letters & Sons"
    assert screen.one(".auth-tagline").text == "One key for every desk"
    link = screen.one(".auth-foot a")
    assert link.text == "Imprint" and link.get_attribute("rel") == "noopener noreferrer"
    assert screen.script("return getComputedStyle(document.querySelector('.auth-card')).borderRadius") == "0px"
    screen.sign_in("admin", PASSWORD)
    assert screen.one(".brand-name").text == "Letters & Sons" and screen.one(".foot a").text == "Imprint"
