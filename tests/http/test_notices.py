"""Changes are reported by mail, and undone by "this was not me": by a real mail server on loopback (CS-16)."""
import re

import pytest

from post_office import CA, PostOffice
from provider import PASSWORD, Browser, Provider, hidden, id_of, query_of
from second import Account, Second, app_code, secret_of

NEW = "another long password"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return CA(str(tmp_path_factory.mktemp("ca")))


@pytest.fixture(scope="module")
def office(ca):
    with PostOffice(ca.context("localhost", "127.0.0.1")) as o:
        yield o


@pytest.fixture(scope="module")
def provider(ca, office):
    p = Provider(AUTENTICO_CA_FILE=ca.file)
    p.start()
    p.onboard_cli()
    answer = p.api("PUT", "/settings", json=office.settings(allow_email_change="true", allow_username_change="true"))
    assert answer.status_code == 204, answer.text
    yield p
    p.stop()


@pytest.fixture
def name(provider):
    """Whose address is known to be theirs."""
    name.n = getattr(name, "n", 0) + 1
    person = f"told{name.n}"
    provider.add_user(person, email=person + "@example.test")
    assert provider.api("PUT", "/users/" + id_of(provider, person), json={"is_email_verified": True}).status_code == 200
    return person


def news(office, name):
    """All that has come for that person, at least one; each as (subject, link)."""
    address = name + "@example.test"
    with office.news:
        assert office.news.wait_for(lambda: any(address in m.to for m in office.mails), 40)
        found = [m for m in office.mails if address in m.to]
        office.mails[:] = [m for m in office.mails if address not in m.to]
    return [(m.message["Subject"], link_of(m)) for m in found]


def link_of(mail):
    text, html = mail.part("plain"), mail.part("html")
    link = re.search(r"http://\S+/oauth2/not-me\?token=\S+", text)
    assert (link.group() in html) if link else "not-me" not in html
    return link and link.group()


def disown(browser, link):
    page = browser.get(link).text
    return browser.post("/oauth2/not-me", data={"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token")})


def test_a_thief_changes_the_password(provider, office, client, name):
    """From the mail to a new password, and the thief is out."""
    thief = Account(provider, name)
    assert thief("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
    [(subject, link)] = news(office, name)
    assert subject == "The password was changed" and link.startswith(provider.issuer)
    assert provider.rows("SELECT count(*) FROM one_time_links WHERE kind = 'not_me' AND user_id = ?", id_of(provider, name)) == [(1,)]
    owner = Browser(provider)
    page = disown(owner, link).text
    assert thief("GET", "/profile").status_code == 401
    assert provider.error(client, thief.browser, prompt="none")["error"] == "login_required"
    done = owner.post("/oauth2/reset-password", data={
        "csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token"), "password": "mine again, and longer",
        "confirm_password": "mine again, and longer"})
    assert "is changed" in done.text
    provider.sign_in(client, username=name, password="mine again, and longer")
    assert [subject for subject, _ in news(office, name)] == ["The password was reset"]
    assert query_of(link)["token"] not in provider.read_log()


def test_another_address(provider, office, client, name):
    """The old address is told; the new one, which nobody has proven, never gets a link."""
    account = Account(provider, name)
    answer = account("PUT", "/profile", email=name + "-new@example.test", current_password=PASSWORD)
    assert answer.status_code == 200, answer.text
    [(subject, link)] = news(office, name)
    assert subject == "The e-mail address was changed" and link
    assert account("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
    assert news(office, name + "-new") == [("The password was changed", None)]
    assert "Choose a new one" in disown(Browser(provider), link).text


def test_each_change(provider, office, client, name):
    """Name, app, codes: one mail for each, none for what came to nothing or lets nobody in."""
    account = Account(provider, name)
    assert account("PUT", "/profile", given_name="Zoe").status_code == 200
    assert account("POST", "/password", current_password="wrong", new_password=NEW).status_code == 403
    assert account("PUT", "/profile", username=name + "x", current_password=PASSWORD).status_code == 200
    assert [subject for subject, _ in news(office, name)] == ["The username was changed"]
    secret = account.enrol()
    assert [subject for subject, _ in news(office, name)] == ["An authenticator app was added"]
    provider.later(31)
    made = account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=app_code(secret, provider.now()))
    assert [subject for subject, _ in news(office, name)] == ["New recovery codes were made"]
    code = made.json()["data"]["recovery_codes"][0]
    assert account("DELETE", "/mfa/totp", current_password=PASSWORD, code=code).status_code == 200
    assert [subject for subject, _ in news(office, name)] == ["The authenticator app was removed"]


def test_an_app_at_the_sign_in(provider, office, client, name):
    """Whoever knows the password alone could set one up where it is demanded: the person hears of it."""
    with provider.settings(require_mfa="true"):
        Second(provider, name).enrol(client)
    assert [subject for subject, _ in news(office, name)] == ["An authenticator app was added"]


def test_pages(provider, office, client, name):
    """The same by the pages."""
    browser = Browser(provider)
    page = browser.follow(browser.get("/account/security"))
    page = browser.follow(provider.post_login(browser, page.text, name)).text
    token = hidden(page, "csrf_token")
    shown = browser.post("/account/security/totp", data={"csrf_token": token, "current_password": PASSWORD}).text
    browser.post("/account/security/totp/verify", data={
        "csrf_token": token, "enrolment": hidden(shown, "enrolment"), "code": app_code(secret_of(shown), provider.now())})
    assert [subject for subject, _ in news(office, name)] == ["An authenticator app was added"]
    browser.post("/account/security/password", data={
        "csrf_token": token, "current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW})
    assert [subject for subject, _ in news(office, name)] == ["The password was changed"]


def test_a_mail_server_that_is_away(provider, office, client, name):
    """The change is made, the news come later."""
    account = Account(provider, name)
    office.close()
    try:
        assert account("POST", "/password", current_password=PASSWORD, new_password=NEW).status_code == 200
        provider.sign_in(client, username=name, password=NEW)
    finally:
        office.open()
    provider.later(3600)  # the next try is due
    assert [subject for subject, _ in news(office, name)] == ["The password was changed"]
