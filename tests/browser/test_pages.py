"""
Every page, narrow and wide, light and dark: axe-core finds nothing serious, nothing has to be scrolled sideways.
With AUTENTICO_SCREENSHOTS=FOLDER each is also a picture to look at.
"""
import os

import pytest

from axe import findings
from provider import CALLBACK, PASSWORD

FORMS = [(width, scheme) for width in (320, 768, 1280) for scheme in ("light", "dark")]
LONG = "a-remarkably-long-name-that-somebody-chose-for-an-application-without-any-space"
PERSON = "jane"


class World:
    """An installation with some life in it, and one browser that several people use."""

    def __init__(self, provider, screen):
        self.site, self.screen, self.who = provider, screen, None
        self.url = provider.url
        self.client = provider.add_client(name="Books and letters", refresh=True)
        self.long = provider.add_client(name=LONG, redirect_uri=CALLBACK + "/" + LONG)
        self.disabled = provider.add_client(name="Old wiki", public=True)
        provider.run("clients", "disable", self.disabled.id)
        for name in (PERSON, "locked", "left", "maximiliana.with-a-long-name.and-more"):
            provider.add_user(name, email=name + "@letters.example.test")

    def signed_in(self, who, path):
        if self.who != who:
            self.screen.forget()
            self.screen.open(self.url + ("/admin/" if who == "admin" else "/account/"))
            self.screen.sign_in(who, PASSWORD)
            self.who = who
        self.screen.open(self.url + path)

    def signed_out(self, url):
        self.screen.forget()
        self.who = None
        self.screen.open(url)

    def fails(self, name, times):
        self.signed_out(self.url + "/account/")
        for _ in range(times):
            self.screen.sign_in(name, "not the password")


@pytest.fixture(scope="module")
def world(provider, screen):
    return World(provider, screen)


def form_post(w):
    """As somebody without JavaScript sees it: the page cannot send itself."""
    w.signed_out(w.site.authorize_url(w.client, response_mode="form_post"))
    w.screen.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    w.screen.sign_in("admin", PASSWORD)
    w.screen.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def typed(path, **fields):
    """A console form sent back with what was wrong in it."""
    def go(w):
        w.signed_in("admin", path)
        w.screen.script("document.querySelector('main form:not([role])').noValidate = true")
        w.screen.fill(**fields)
        w.screen.press("main form:not([role]) .btn-brand")
        assert w.screen.all("[aria-invalid=true]")
    return go


def with_opened(path, selector):
    def go(w):
        w.signed_in("admin", path(w) if callable(path) else path)
        for one in w.screen.all(selector):
            one.click()
    return go


def user_page(name, search="/admin/users?search="):
    def go(w):
        w.signed_in("admin", search + name)
        w.screen.press(".row-link")
    return go


def with_opened_user(w):
    """Somebody with sessions, and every action of theirs unfolded."""
    for _ in range(2):
        w.who = None
        w.signed_in(PERSON, "/account/")
    user_page(PERSON)(w)
    assert len(w.screen.all(".items li")) >= 2
    for one in w.screen.all("main summary"):
        one.click()


def locked_user(w):
    w.fails("locked", 5)
    user_page("locked")(w)
    assert "Locked" in w.screen.one("h1").text


def deactivated_user(w):
    user_page("left")(w)
    w.screen.one("summary.btn-danger").click()
    w.screen.press(".act .btn-danger[type=submit]")


def new_secret(w):
    w.signed_in("admin", "/admin/clients/" + w.long.id)
    w.screen.one(".act summary:not(.btn-danger)").click()
    w.screen.press(".act .btn-brand")
    assert w.screen.one("[data-testid=client-secret]").is_displayed()


def created(w):
    w.signed_in("admin", "/admin/clients/new")
    w.screen.fill(client_name="New reader", redirect_uris=CALLBACK)
    w.screen.press()


def saved(w):
    w.signed_in(PERSON, "/account/profile")
    w.screen.fill(given_name="Jane", family_name="Austen", address_locality="Chawton")
    w.screen.press()


def bad_profile(w):
    w.signed_in(PERSON, "/account/profile")
    w.screen.script("document.querySelector('main form').noValidate = true")
    w.screen.fill(picture="not an address")
    w.screen.press()


def refused_login(w):
    w.fails(PERSON, 1)
    assert w.screen.one("#login-error").is_displayed()


def locked_login(w):
    w.fails("locked", 6)
    assert "locked" in w.screen.one("#login-error").text


def logout_question(w):
    w.signed_in("admin", "/account/")
    w.screen.open(w.site.issuer + "/logout")


def signed_out(w):
    logout_question(w)
    w.screen.press("button[value=yes]")
    w.who = None


def unavailable(w):
    """The front's own page while nobody answers at the socket."""
    sock = os.path.join(w.site.dir, "main.sock")
    os.rename(sock, sock + ".aside")
    try:
        w.signed_out(w.url + "/account/")
    finally:
        os.rename(sock + ".aside", sock)
    assert "Temporarily unavailable" in w.screen.one("h1").text


def looked_at(w):
    """With a finding that does not fit into a line, and everything opened."""
    w.site.add_client(name=LONG, client_id="x" * 60, redirect_uri=CALLBACK)
    with w.site.edit() as db:
        db.execute("UPDATE clients SET created_at = created_at - 9999999 WHERE client_id = ?", ("x" * 60,))
    done = w.site.run("doctor", check=False)
    assert done.returncode in (1, 2), done.stderr
    w.signed_in("admin", "/admin/doctor")
    w.screen.one("details.more summary").click()
    assert "less than a minute ago" in w.screen.one(".lead").text


PAGES = {
    "login": lambda w: w.signed_out(w.site.authorize_url(w.client)),
    "login-hint": lambda w: w.signed_out(w.site.authorize_url(w.client, login_hint=PERSON)),
    "login-refused": refused_login,
    "login-locked": locked_login,
    "form-post": form_post,
    "error": lambda w: w.signed_out(w.site.authorize_url(w.client, redirect_uri="https://elsewhere.test/")),
    "logout": logout_question,
    "signed-out": signed_out,
    "unavailable": unavailable,
    "denied": lambda w: w.signed_in(PERSON, "/admin/"),
    "dashboard": lambda w: w.signed_in("admin", "/admin/"),
    "dashboard-menu": with_opened("/admin/", "summary"),
    "clients": lambda w: w.signed_in("admin", "/admin/clients"),
    "clients-none": lambda w: w.signed_in("admin", "/admin/clients?search=nothing-like-it"),
    "client-new": lambda w: w.signed_in("admin", "/admin/clients/new"),
    "client-new-refused": typed("/admin/clients/new", client_name="", redirect_uris="http://not-allowed.test/cb"),
    "client-created": created,
    "client": lambda w: w.signed_in("admin", "/admin/clients/" + w.client.id),
    "client-opened": with_opened(lambda w: "/admin/clients/" + w.client.id, "main summary"),
    "client-long": lambda w: w.signed_in("admin", "/admin/clients/" + w.long.id),
    "client-disabled": lambda w: w.signed_in("admin", "/admin/clients/" + w.disabled.id),
    "client-new-secret": new_secret,
    "client-missing": lambda w: w.signed_in("admin", "/admin/clients/none"),
    "users": lambda w: w.signed_in("admin", "/admin/users"),
    "users-none": lambda w: w.signed_in("admin", "/admin/users?search=nobody-like-it"),
    "user-new": lambda w: w.signed_in("admin", "/admin/users/new"),
    "user-new-refused": typed("/admin/users/new", username="x", password="y"),
    "user": user_page(PERSON),
    "user-locked": locked_user,
    "user-deactivated": deactivated_user,
    "user-opened": with_opened_user,
    "sessions": lambda w: w.signed_in("admin", "/admin/sessions"),
    "sessions-none": lambda w: w.signed_in("admin", "/admin/sessions?search=nobody-like-it"),
    "audit": lambda w: w.signed_in("admin", "/admin/audit"),
    "audit-filtered": lambda w: w.signed_in("admin", "/admin/audit?event=login_failed&created_at_from=2020-01-01"),
    "audit-none": lambda w: w.signed_in("admin", "/admin/audit?created_at_to=2020-01-01&search=nothing-like-it"),
    "audit-refused": lambda w: w.signed_in("admin", "/admin/audit?created_at_from=yesterday"),
    "doctor-never": lambda w: w.signed_in("admin", "/admin/doctor"),
    "doctor": looked_at,
    "account": lambda w: w.signed_in(PERSON, "/account/"),
    "profile": lambda w: w.signed_in(PERSON, "/account/profile"),
    "profile-saved": saved,
    "profile-refused": bad_profile,
}


def sideways(screen, width):
    """Whatever sticks out of a page that is `width` wide."""
    return screen.script("""
        if (document.scrollingElement.scrollWidth <= arguments[0]) { return []; }
        return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > arguments[0])
            .map(e => e.outerHTML.slice(0, 120));""", width)


def one_over_another(screen):
    """Words in the frame of the consoles that lie on each other."""
    return screen.script("""
        const parts = [...document.querySelectorAll('.brand > *, .nav a, .who')].map(e => [e, e.getBoundingClientRect()])
            .filter(([e, r]) => r.width > 0);
        return parts.flatMap(([a, r], i) => parts.slice(i + 1).filter(([b, s]) =>
            r.right > s.left + 1 && s.right > r.left + 1 && r.bottom > s.top + 1 && s.bottom > r.top + 1)
            .map(([b]) => a.textContent + ' / ' + b.textContent));""")


def cut_short(screen):
    """The name of the product and of the console have their room, as long as they are ours."""
    return screen.script("return [...document.querySelectorAll('.brand > span')].filter(e => e.scrollWidth > e.clientWidth)"
                         ".map(e => e.textContent);")


def inspect(screen, axe, name):
    wrong = screen.complaints()  # before axe adds to them
    for width, scheme in FORMS:
        screen.look(width, scheme)
        screen.shoot(f"{name}-{width}-{scheme}")
        wrong += [f"{width} {scheme}: sticks out: {e}" for e in sideways(screen, width)]
        wrong += [f"{width} {scheme}: on each other: {e}" for e in one_over_another(screen)]
        wrong += [f"{width} {scheme}: cut short: {e}" for e in cut_short(screen)]
        wrong += [f"{width} {scheme}: {e}" for e in findings(screen, axe)]
    screen.look(1280, "light")
    screen.complaints()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_page(world, screen, axe, name):
    PAGES[name](world)
    inspect(screen, axe, name)


def test_onboard(fresh, screen, axe):
    screen.forget()
    screen.open(fresh.url + "/onboard")
    inspect(screen, axe, "onboard")
    screen.fill(username="admin", password=PASSWORD, confirm_password="another")
    screen.press()
    assert screen.one("#onboard-error").is_displayed()
    inspect(screen, axe, "onboard-refused")
