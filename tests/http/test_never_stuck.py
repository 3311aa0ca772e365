"""
Nobody is stuck, and nobody gets around a factor: every combination of what is demanded, by which method, of whom,
of what the person has, and whether mails can reach them.  For each the way in is walked to its end; where there is none, the way to recover.
"""
import itertools

import pytest

import jose
from post_office import PostOffice
from provider import PASSWORD, Browser, error_of, query_of
from second import Account, Second, code_of, is_enrol, is_verify, links, secret_of

REQUIRED = ("nobody", "everybody", "application", "acr_values")
METHODS = ("totp", "email", "both")
FACTORS = ("none", "app", "app and codes")
MAILS = ("no server", "no address", "reached")


@pytest.fixture(scope="module")
def people(provider):
    """One person for each set of factors; an administrator with an app, so that any setting is possible."""
    made = {}
    for n, (factors, mails) in enumerate(itertools.product(FACTORS, ("reached", "no address"))):
        provider.add_user(f"stuck{n}", email=f"stuck{n}@example.test" if mails == "reached" else None)
        person = Second(provider, f"stuck{n}")
        if factors != "none":
            account = Account(provider, person.username)
            person.secret = account.enrol()
        if factors == "app and codes":
            provider.later(31)
            answer = account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=person.code())
            person.recovery = answer.json()["data"]["recovery_codes"]
        made[factors, mails] = person
        made[factors, "no server"] = made[factors, "reached"]
    Account(provider, "admin").enrol()
    return made


@pytest.fixture(scope="module")
def clients(provider):
    return {"strict": provider.register(require_mfa=True), "plain": provider.register()}


def acr_of(provider, client, code):
    return jose.claims(provider, provider.redeem(client, code).json()["id_token"])["acr"]


def restore(provider, person, had):
    """As before: whoever had none enrolled on the way."""
    if had == "none":
        provider.run("users", "reset-factor", person.username, check=False)
        person.secret = None


@pytest.fixture(scope="module")
def office():
    with PostOffice(tls=None, auth=False) as o:
        yield o


def way_of(method, factors, mails):
    """What the person is asked for: flows 3, the app preferred wherever there is one."""
    if factors != "none":
        return "app"
    if method != "totp" and mails == "reached":
        return "mail"
    return "stuck" if method == "email" else "enrol"


def second_step(office, mails_n, person, browser, page, way):
    if way == "enrol":
        assert is_enrol(page)
        person.secret = secret_of(page)
        return person.post(browser, page, person.code())
    assert is_verify(page)
    if way == "mail":
        return person.post(browser, page, office.wait_for_code(mails_n))
    return person.post(browser, page, person.next_code())


@pytest.mark.parametrize("required, method, factors, mails", itertools.product(REQUIRED, METHODS, FACTORS, MAILS))
def test_the_way_in(provider, clients, people, office, required, method, factors, mails):
    person = people[factors, mails]
    way = way_of(method, factors, mails)
    client = clients["strict" if required == "application" else "plain"]
    params = {"acr_values": "2"} if required == "acr_values" else {}
    is_demanded = required != "nobody" or factors != "none"
    server = office.settings() if mails != "no server" else {}
    with provider.settings(require_mfa=str(required == "everybody").lower(), mfa_method=method, **server):
        browser = Browser(provider)
        answer = person.first(client, browser, **params)
        where = answer.headers["Location"]
        if not is_demanded or (required == "acr_values" and way == "stuck"):  # a wish that cannot be met
            assert acr_of(provider, client, code_of(client, answer)) == "1"
            return
        assert not where.startswith(client.redirect_uri)  # the password alone does not do
        assert provider.error(client, browser, prompt="none", **params)["error"] == "login_required"
        if way == "stuck":
            assert query_of(where)["error"] == "mfa_unavailable"
            assert "ask an administrator" in error_of(browser.get(where).text)
            return recover_by_administrator(provider, client, person)
        n = len(office.mails)
        page = browser.get(where).text
        answer = second_step(office, n, person, browser, page, way)
        assert acr_of(provider, client, code_of(client, answer)) == "2"
        # and now the session does
        assert "code" in query_of(provider.authorize(client, browser, prompt="none", **params).headers["Location"])
    restore(provider, person, factors)


def recover_by_administrator(provider, client, person):
    """Who allows apps lets the person set one up."""
    with provider.settings(mfa_method="totp"):
        person.enrol(client)
    restore(provider, person, "none")


@pytest.mark.parametrize("required, method", itertools.product(("nobody", "everybody"), METHODS))
def test_the_phone_is_lost(provider, clients, people, required, method):
    """By a recovery code; without one, by an administrator."""
    client = clients["plain"]
    with provider.settings(require_mfa=str(required == "everybody").lower(), mfa_method=method):
        person = people["app and codes", "reached"]
        browser = Browser(provider)
        page = person.to_mfa(client, browser).text
        page = browser.get(links(page)["Use a recovery code"]).text
        code = code_of(client, person.post(browser, page, recovery_code=person.recovery.pop()))
        assert acr_of(provider, client, code) == "2"
        person = people["app", "reached"]
        page = person.to_mfa(client, Browser(provider)).text
        assert "Use a recovery code" not in links(page)
    provider.run("users", "reset-factor", person.username)
    provider.sign_in(client, username=person.username)
    person.secret = Account(provider, person.username).enrol()


def test_no_session_skips_it(provider, clients, people):
    """A session of one factor is not let through where two are demanded, however it is tried."""
    person = people["none", "reached"]
    browser = Browser(provider)
    provider.sign_in(clients["plain"], browser, person.username)
    strict = clients["strict"]
    for params in ({}, {"prompt": "consent"}, {"max_age": "100000"}, {"prompt": "select_account"}, {"acr_values": "1"},
                   {"response_mode": "form_post"}):
        answer = provider.authorize(strict, browser, **params)
        assert answer.status_code == 302 and "/mfa?challenge_id=" in answer.headers["Location"], params
    assert provider.error(strict, browser, prompt="none")["error"] == "interaction_required"
    answer = provider.authorize(strict, browser, method="POST")
    assert is_enrol(browser.follow(answer).text)
