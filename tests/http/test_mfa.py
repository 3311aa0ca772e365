"""Sign-in with a second factor (http-api 5.4, flows 5, design D26): OT rows, CS-02, CS-06, CS-09."""
import concurrent.futures
import re
import sqlite3

import pytest

import jose
from provider import CALLBACK, Browser, error_of, hidden, id_of, query_of
from second import (Second, app_code, code_of, error_back, is_enrol, is_verify, links, picture, read_qr, secret_of)

ONLY = {"require_mfa": "true"}


@pytest.fixture
def person(provider):
    """Somebody new in each test: failures of one are not those of another."""
    person.n = getattr(person, "n", 0) + 1
    name = f"person{person.n}"
    provider.add_user(name, email=f"{name}@example.test")
    return Second(provider, name)


@pytest.fixture
def enrolled(provider, client, person):
    with provider.settings(**ONLY):
        person.enrol(client)
    return person


def events(provider, person, event):
    return provider.rows("SELECT detail FROM audit_logs WHERE event = ? AND actor_id = ?", event,
                id_of(provider, person.username))


def claims(provider, answer):
    assert answer.status_code == 200, answer.text
    return jose.claims(provider, answer.json()["id_token"])


# --- enrolment -------------------------------------------------------------------

def test_enrol_at_sign_in(provider, client, person):
    """OT-01, OT-02, OT-08: picture and text are the same key; a factor after the first right code only."""
    browser = Browser(provider)
    with provider.settings(**ONLY, theme_title="My Site"):
        page = person.to_mfa(client, browser).text
        assert is_enrol(page) and "<title>My Site - " in page
        person.secret = secret_of(page)
        assert len(person.secret) == 32
        assert read_qr(picture(page)) == (f"otpauth://totp/My%20Site:{person.username}?algorithm=SHA1&digits=6"
                                          f"&issuer=My%20Site&period=30&secret={person.secret}")
        answer = person.post(browser, page, "000000" if person.code() != "000000" else "000001")
        again = answer.text
        assert answer.status_code == 200 and is_enrol(again) and "not right" in error_of(again)
        assert secret_of(again) == person.secret  # whoever has scanned it need not again
        assert provider.rows("SELECT * FROM totp_secrets WHERE user_id = ?", id_of(provider, person.username)) == []
        for _ in range(6):  # http-api 5.4: not counted
            again = person.post(browser, again, "12345").text
        code = code_of(client, person.post(browser, again, person.code()))
    token = claims(provider, provider.redeem(client, code))
    assert token["acr"] == "2" and token["amr"] == ["pwd", "otp", "mfa"]
    sealed = provider.rows("SELECT secret_sealed FROM totp_secrets WHERE user_id = ?", id_of(provider, person.username))
    assert len(sealed) == 1 and person.secret.encode() not in sealed[0][0]
    assert len(events(provider, person, "mfa_enrolled")) == 1
    assert events(provider, person, "mfa_success") == [('{"method":"totp"}',)]
    assert '"phase":"enrollment"' in events(provider, person, "mfa_failed")[0][0]


def test_the_form_has_no_say_in_the_secret(provider, client, person):
    """http-api 5.4: totp_secret of the form is ignored."""
    browser = Browser(provider)
    with provider.settings(**ONLY):
        page = person.to_mfa(client, browser).text
        theirs = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        answer = person.post(browser, page, app_code(theirs, provider.now()), totp_secret=theirs)
        assert answer.status_code == 200 and is_enrol(answer.text)


def test_two_windows_enrol(provider, client, person):
    """The second finds the factor that the first has made."""
    one, two = Browser(provider), Browser(provider)
    with provider.settings(**ONLY):
        first, second = person.to_mfa(client, one).text, person.to_mfa(client, two).text
        person.secret = secret_of(first)
        code_of(client, person.post(one, first, person.code()))
        other = secret_of(second)
        assert other != person.secret
        page = person.post(two, second, app_code(other, provider.now()))
        assert page.status_code == 200 and is_verify(page.text)
        code_of(client, person.post(two, page.text, person.next_code()))


# --- verification ----------------------------------------------------------------

def test_verify(provider, client, enrolled):
    """OT-02, OT-07; whoever has enrolled is asked though nobody demands it."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser, state="a b&c=é").text
    assert is_verify(page) and 'autocomplete="one-time-code"' in page and 'maxlength="6"' in page
    assert 'id="trust_device"' not in page and not {"Resend code", "Verify using email"} & links(page).keys()
    code = enrolled.next_code()
    answer = enrolled.post(browser, page, f" {code[:3]} {code[3:]} ")
    assert query_of(answer.headers["Location"])["state"] == "a b&c=é"
    token = claims(provider, provider.redeem(client, code_of(client, answer)))
    assert token["acr"] == "2" and token["amr"] == ["pwd", "otp", "mfa"]


def test_no_state(provider, client, enrolled):
    """http-api 5.4: omitted when there was none."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser, state=None).text
    assert "state" not in query_of(enrolled.post(browser, page, enrolled.next_code()).headers["Location"])


@pytest.mark.parametrize("seconds, is_right", [(-61, False), (-30, True), (30, True), (61, False)])
def test_window(provider, client, enrolled, seconds, is_right):
    """OT-03, OT-10: one step to either side."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser).text
    provider.later(120)  # beyond the step of the enrolment
    provider.later(30 - int(provider.now()) % 30 + 1)  # and at the start of one
    answer = enrolled.post(browser, page, app_code(enrolled.secret, provider.now() + seconds))
    assert (answer.status_code == 302) == is_right


def test_used_code(provider, client, enrolled):
    """OT-04: not again in its window, and not from another session."""
    code = enrolled.next_code()
    one, two = Browser(provider), Browser(provider)
    pages = [enrolled.to_mfa(client, b).text for b in (one, two)]
    code_of(client, enrolled.post(one, pages[0], code))
    answer = enrolled.post(two, pages[1], code)
    assert answer.status_code == 200 and "used already" in error_of(answer.text)


def test_used_code_in_parallel(provider, client, enrolled):
    """OT-04: of many browsers with the same code one gets in."""
    code = enrolled.next_code()
    visits = []
    for _ in range(4):
        browser = Browser(provider)
        visits.append((browser, enrolled.to_mfa(client, browser).text))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda v: enrolled.post(v[0], v[1], code), visits))
    assert [a.status_code for a in answers].count(302) == 1, [a.status_code for a in answers]


def test_double_click(provider, client, enrolled):
    """The same form twice: the person gets in, by the code or by the session that the first has made."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser).text
    code = enrolled.next_code()
    code_of(client, enrolled.post(browser, page, code))
    answer = enrolled.post(browser, page, code)
    assert error_back(answer) == "expired"
    code_of(client, browser.get(answer.headers["Location"]))


def test_wrong_codes_of_a_challenge(provider, client, enrolled):
    """OT-05, http-api 5.4: the fifth uses it up; what the request said is not lost."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser, max_age="500", prompt="login").text
    for _ in range(4):
        answer = enrolled.post(browser, page, "12345x")
        assert answer.status_code == 200 and "not right" in error_of(answer.text)
    answer = enrolled.post(browser, page, "12345x")
    assert error_back(answer) == "mfa_failed"
    back = query_of(answer.headers["Location"])
    assert (back["max_age"], back["prompt"], back["state"], back["client_id"]) == ("500", "login", "st", client.id)
    assert "Too many wrong codes" in error_of(browser.get(answer.headers["Location"]).text)
    assert error_back(enrolled.post(browser, page, enrolled.next_code())) == "mfa_failed"
    assert len(events(provider, enrolled, "mfa_failed")) == 5


def test_wrong_codes_of_a_person(provider, client, enrolled):
    """OT-05: neither a new sign-in nor a right password starts anew; time does."""
    browser = Browser(provider)
    for _ in range(2):
        page = enrolled.to_mfa(client, browser).text
        for _ in range(2):
            enrolled.post(browser, page, "12345x")
    page = enrolled.to_mfa(client, browser).text
    assert "not right" in error_of(enrolled.post(browser, page, "12345x").text)
    page = enrolled.to_mfa(client, browser).text
    answer = enrolled.post(browser, page, enrolled.next_code())
    assert answer.status_code == 200 and "Too many" in error_of(answer.text)
    provider.later(901)
    enrolled.sign_in(client)


def test_wrong_codes_in_parallel(provider, client, enrolled):
    """OT-05: of 64 at once, over several challenges, no more than five are looked at."""
    browser = Browser(provider)
    pages = [enrolled.to_mfa(client, browser).text for _ in range(8)]
    forms = [{"csrf_token": hidden(p, "csrf_token"), "challenge_id": hidden(p, "challenge_id"), "code": f"{i:06}"}
             for i, p in enumerate(pages * 8)]
    right = enrolled.next_code()
    forms = [dict(f, code="000000" if f["code"] == right else f["code"]) for f in forms]
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)

    def post(form):
        return Browser(provider).post("/oauth2/mfa", data=form, headers={"Cookie": cookie}).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(post, forms))
    assert set(statuses) <= {200, 302, 503}
    looked_at = [d for d, in events(provider, enrolled, "mfa_failed") if "locked" not in d]
    assert len(looked_at) == 5, looked_at
    page = enrolled.to_mfa(client, browser).text
    assert "Too many" in error_of(enrolled.post(browser, page, right).text)


def test_honest_parallel_sign_ins(provider, client, enrolled):
    """A person with a phone, a laptop and a tablet is not locked out by being right everywhere at once."""
    for _ in range(3):
        provider.later(120)
        visits = [Browser(provider) for _ in range(3)]
        pages = [enrolled.to_mfa(client, browser).text for browser in visits]
        codes = [enrolled.code(ahead) for ahead in (-30, 0, 30)]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda v: enrolled.post(*v), zip(visits, pages, codes)))
        assert 302 in [a.status_code for a in answers]  # an earlier one may come after a later one
    provider.later(60)
    enrolled.sign_in(client)
    assert provider.rows("SELECT * FROM factor_lockouts WHERE user_id = ?", id_of(provider, enrolled.username)) == []


# --- who may ---------------------------------------------------------------------

def test_without_a_challenge(provider, client, enrolled):
    """OT-09, http-api 5.4"""
    browser = Browser(provider)
    answer = browser.get("/oauth2/mfa")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for challenge in ("x", "A" * 43):
        answer = browser.get("/oauth2/mfa?challenge_id=" + challenge)
        assert error_back(answer) == "expired" and "client_id" not in answer.headers["Location"]
        assert browser.get(answer.headers["Location"]).status_code == 400
    page = enrolled.to_mfa(client, browser).text
    token = hidden(page, "csrf_token")
    for form in ({}, {"code": "123456"}, {"challenge_id": "A" * 43, "code": "123456"}):
        assert error_back(browser.post("/oauth2/mfa", data={"csrf_token": token, **form})) == "expired"
    assert error_back(enrolled.post(browser, page)) == "code_missing"
    answer = browser.request("PUT", "/oauth2/mfa", headers={"Origin": provider.url, "X-CSRF-Token": token})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_csrf(provider, client, enrolled):
    """CS-06, CS-08"""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser).text
    code = enrolled.next_code()
    answer = browser.post("/oauth2/mfa", data={"challenge_id": hidden(page, "challenge_id"), "code": code})
    assert answer.status_code == 403 and "CSRF" in answer.text
    form = {"csrf_token": hidden(page, "csrf_token"), "challenge_id": hidden(page, "challenge_id"), "code": code}
    answer = browser.post("/oauth2/mfa", data=form, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 403
    code_of(client, browser.post("/oauth2/mfa", data=form))


def test_another_browser(provider, client, enrolled):
    """CS-09, OT-09: who comes by the link alone starts over, even with the right code."""
    page = enrolled.to_mfa(client, Browser(provider)).text
    challenge = hidden(page, "challenge_id")
    other = Browser(provider)
    answer = other.get("/oauth2/mfa?challenge_id=" + challenge)
    assert error_back(answer) == "expired"
    own = other.get(answer.headers["Location"]).text
    form = {"csrf_token": hidden(own, "csrf_token"), "challenge_id": challenge, "code": enrolled.next_code()}
    assert error_back(other.post("/oauth2/mfa", data=form)) == "expired"


def test_expired_challenge(provider, client, enrolled):
    """flows 5: ten minutes"""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser).text
    provider.later(601)
    assert error_back(enrolled.post(browser, page, enrolled.code())) == "expired"
    assert error_back(browser.get("/oauth2/mfa?challenge_id=" + hidden(page, "challenge_id"))) == "expired"


def test_challenges_end_with_the_password(provider, client, enrolled):
    """OT-09: begun with a password that is no longer right, or by somebody who was deactivated."""
    browser = Browser(provider)
    user = id_of(provider, enrolled.username)
    page = enrolled.to_mfa(client, browser).text
    assert provider.api("PUT", f"/users/{user}", json={"password": "another long one"}).status_code == 200
    assert error_back(enrolled.post(browser, page, enrolled.next_code())) == "expired"
    page = enrolled.to_mfa(client, browser, password="another long one").text
    provider.api("POST", f"/users/{user}/deactivate")
    assert error_back(enrolled.post(browser, page, enrolled.next_code())) == "expired"


def test_application_gone_meanwhile(provider, enrolled):
    """Everything is checked again."""
    app = provider.add_client(name="Short-lived")
    browser = Browser(provider)
    page = enrolled.to_mfa(app, browser).text
    provider.api("DELETE", f"/clients/{app.id}")
    assert enrolled.post(browser, page, enrolled.next_code()).status_code == 400


def test_switching_is_not_open(provider, client, enrolled):
    """http-api 5.4: only where mails can be sent."""
    browser = Browser(provider)
    with provider.settings(mfa_method="both"):
        page = enrolled.to_mfa(client, browser).text
        again = browser.get(f"/oauth2/mfa?challenge_id={hidden(page, 'challenge_id')}&switch_to=email")
        assert again.status_code == 200 and is_verify(again.text) and "authenticator" in again.text
        code_of(client, enrolled.post(browser, again.text, enrolled.next_code()))


# --- trusted devices ---------------------------------------------------------------

def trust(provider, client, person, browser, **params):
    page = person.to_mfa(client, browser, **params).text
    assert 'id="trust_device"' in page
    answer = person.post(browser, page, person.next_code(), trust_device="on")
    code_of(client, answer)
    return answer


def device_cookie(answer):
    return re.search(r"autentico_trusted_device=([^;]+); ([^,]*(?:, \d\d [^,]*)?)", answer.headers["Set-Cookie"])


def test_trusted_device(provider, client, enrolled):
    """flows 3, http-api 10, D26: not asked again, and no stronger than it was."""
    with provider.settings(trust_device_enabled="true"):
        browser = Browser(provider)
        page = enrolled.to_mfa(client, browser).text
        assert "Trust this device for 30 days" in page
        answer = trust(provider, client, enrolled, browser)
        cookie, attributes = device_cookie(answer).groups()
        assert len(cookie) == 43 and "Path=/oauth2" in attributes and "Max-Age=2592000" in attributes
        assert "HttpOnly" in attributes and "SameSite=Strict" in attributes
        with open(provider.dir + "/autentico.db", "rb") as db, open(provider.dir + "/autentico.db-wal", "rb") as wal:
            assert cookie.encode() not in db.read() + wal.read()
        code = code_of(client, enrolled.first(client, browser, prompt="login"))
        token = claims(provider, provider.redeem(client, code))
        assert token["acr"] == "1" and token["amr"] == ["pwd"]
        # the session owes nothing while the trust is on
        assert "code" in query_of(provider.authorize(client, browser, prompt="none").headers["Location"])
        assert provider.error(client, browser, prompt="none", acr_values="2")["error"] == "interaction_required"
        assert is_verify(browser.follow(provider.authorize(client, browser, acr_values="2")).text)
        # another person on the same machine is asked
        browser.cookies.clear("localhost.local", "/", "autentico_idp_session")
        with provider.settings(**ONLY):
            assert is_enrol(Second(provider, "admin").to_mfa(client, browser).text)
        code_of(client, enrolled.first(client, browser))
    # nor is anybody once it is switched off
    assert provider.error(client, browser, prompt="none")["error"] == "interaction_required"
    assert "/mfa?" in enrolled.first(client, browser, prompt="login").headers["Location"]


def test_trust_expires_and_is_withdrawn(provider, client, enrolled):
    with provider.settings(trust_device_enabled="true", trust_device_expiration="2h"):
        browser = Browser(provider)
        answer = trust(provider, client, enrolled, browser)
        assert "Max-Age=7200" in answer.headers["Set-Cookie"]
        code_of(client, enrolled.first(client, browser, prompt="login"))
        provider.later(7201)
        page = enrolled.to_mfa(client, browser, prompt="login").text
        assert "Trust this device for 2 hours" in page
        enrolled.post(browser, page, enrolled.next_code(), trust_device="on")
        code_of(client, enrolled.first(client, browser, prompt="login"))
        db = sqlite3.connect(provider.dir + "/autentico.db", isolation_level=None)
        db.execute("DELETE FROM trusted_devices")
        db.close()
        assert provider.error(client, browser, prompt="none")["error"] == "interaction_required"
        assert "/mfa?" in enrolled.first(client, browser, prompt="login").headers["Location"]


def test_trust_is_not_for_the_asking(provider, client, enrolled):
    """The box counts only where it is offered; an application may say otherwise."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser).text
    answer = enrolled.post(browser, page, enrolled.next_code(), trust_device="on")
    assert "trusted_device" not in answer.headers["Set-Cookie"]
    generous = provider.register(trust_device_enabled=True, trust_device_expiration="1h")
    strict = provider.register(trust_device_enabled=False)
    trust(provider, generous, enrolled, browser, prompt="login")
    code_of(generous, enrolled.first(generous, browser, prompt="login"))
    with provider.settings(trust_device_enabled="true"):
        assert "/mfa?" in enrolled.first(strict, browser, prompt="login").headers["Location"]


# --- who demands it, and stepping up -------------------------------------------------

def test_required_by_an_application(provider, client, person):
    """D26: the factor alone is asked for, once; the session stays and its cookie does not (CS-02)."""
    strict = provider.register(require_mfa=True)
    browser = Browser(provider)
    first = provider.tokens(client, browser, username=person.username)
    old = browser.cookies.get("autentico_idp_session")
    assert provider.error(strict, browser, prompt="none")["error"] == "interaction_required"
    page = browser.follow(provider.authorize(strict, browser)).text
    assert is_enrol(page)  # and no password
    person.secret = secret_of(page)
    provider.later(100)
    answer = person.post(browser, page, person.code())
    token = claims(provider, provider.redeem(strict, code_of(strict, answer)))
    before = jose.claims(provider, first["id_token"])
    assert token["acr"] == "2" and token["amr"] == ["pwd", "otp", "mfa"]
    assert token["sid"] == before["sid"] and token["auth_time"] == before["auth_time"]
    new = browser.cookies.get("autentico_idp_session")
    assert new != old
    assert "code" in query_of(provider.authorize(strict, browser, prompt="none").headers["Location"])
    thief = Browser(provider)
    thief.cookies.set("autentico_idp_session", old, domain="localhost.local", path="/")
    assert provider.error(client, thief, prompt="none")["error"] == "login_required"
    # the applications of before are still signed in; what they get now says what has happened since
    assert provider.userinfo(first["access_token"]).status_code == 200
    assert jose.claims(provider, provider.tokens_of(browser, client)["id_token"])["acr"] == "2"


def test_lenient_application(provider, client, person):
    """settings 5: require_mfa false takes back what the setting demands."""
    lenient = provider.register(require_mfa=False)
    with provider.settings(**ONLY):
        provider.sign_in(lenient, username=person.username)
        assert is_enrol(person.to_mfa(client, Browser(provider)).text)


def test_setting_switched_on(provider, client, person):
    """Sessions of before owe the factor from then on; guide name (D16)."""
    browser = Browser(provider)
    provider.sign_in(client, browser, person.username)
    assert provider.api("PUT", "/settings", json={"mfa_enabled": "true"}).status_code == 204
    try:
        assert is_enrol(browser.follow(provider.authorize(client, browser)).text)
    finally:
        provider.api("PUT", "/settings", json={"require_mfa": "false"})
    assert "code" in query_of(provider.authorize(client, browser).headers["Location"])


@pytest.mark.parametrize("asked, acr", [("2", "2"), ("1 2", "1"), ("2 1", "1"), ("1", "1"), ("urn:x 2", "2")])
def test_acr_values(provider, client, person, asked, acr):
    """CO-23, IT-06: best effort, and the truth."""
    browser = Browser(provider)
    answer = person.first(client, browser, acr_values=asked)
    if acr == "2":
        page = browser.get(answer.headers["Location"]).text
        assert is_enrol(page)
        person.secret = secret_of(page)
        answer = person.post(browser, page, person.code())
    assert claims(provider, provider.redeem(client, code_of(client, answer)))["acr"] == acr


def test_step_up_in_both_tokens(provider, client, enrolled):
    """IT-06, AT-02: acr and amr equal in both tokens and over a refresh."""
    browser = Browser(provider)
    tokens = provider.redeem(client, enrolled.sign_in(client, browser)).json()
    again = provider.refresh(client, tokens["refresh_token"]).json()
    for t in (tokens, again):
        for kind in ("id_token", "access_token"):
            c = jose.claims(provider, t[kind])
            assert c["acr"] == "2" and c["amr"] == ["pwd", "otp", "mfa"], kind


def test_enrolled_after_the_login(provider, client, person):
    """D26: refresh says mfa_required; the way back is the factor, and then it works again."""
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username=person.username)
    provider.later(2)
    with provider.settings(**ONLY):
        person.enrol(client)
    answer = provider.refresh(client, tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (403, "mfa_required")
    page = browser.follow(provider.authorize(client, browser)).text
    assert is_verify(page)
    fresh = provider.redeem(client, code_of(client, person.post(browser, page, person.next_code()))).json()
    assert provider.refresh(client, fresh["refresh_token"]).status_code == 200


def test_step_up_of_a_session_that_ended(provider, client, enrolled):
    """Signed out in another tab meanwhile."""
    browser = Browser(provider)
    with provider.settings(trust_device_enabled="true"):
        trust(provider, client, enrolled, browser)
        code_of(client, enrolled.first(client, browser, prompt="login"))
        page = browser.follow(provider.authorize(client, browser, acr_values="2")).text
        browser.cookies.set("autentico_idp_session", "A" * 43, domain="localhost.local", path="/")
        assert error_back(enrolled.post(browser, page, enrolled.next_code())) == "expired"


def test_max_age_and_the_factor(provider, client, enrolled):
    """max_age asks for the password again, and then for what is missing."""
    browser = Browser(provider)
    enrolled.sign_in(client, browser)
    provider.later(100)
    page = enrolled.to_mfa(client, browser, max_age="60").text
    token = claims(provider, provider.redeem(client, code_of(client, enrolled.post(browser, page, enrolled.next_code()))))
    assert token["acr"] == "2" and provider.now() - token["auth_time"] < 60


def test_prompt_login_and_the_factor(provider, client, enrolled):
    """CO-10: both again"""
    browser = Browser(provider)
    enrolled.sign_in(client, browser)
    assert is_verify(enrolled.to_mfa(client, browser, prompt="login").text)


def test_two_tabs(provider, client, enrolled):
    """CS-10: each finishes its own request."""
    browser = Browser(provider)
    pages = [enrolled.to_mfa(client, browser, state=s, nonce=s).text for s in ("one", "two")]
    for state, page in reversed(list(zip(("one", "two"), pages))):
        answer = enrolled.post(browser, page, enrolled.next_code())
        assert query_of(answer.headers["Location"])["state"] == state
        assert claims(provider, provider.redeem(client, code_of(client, answer)))["nonce"] == state


def test_form_post(provider, client, enrolled):
    """FP-01: response_mode survives the second factor."""
    browser = Browser(provider)
    page = enrolled.to_mfa(client, browser, response_mode="form_post").text
    answer = enrolled.post(browser, page, enrolled.next_code())
    assert answer.status_code == 200 and f'action="{CALLBACK}"' in answer.text and hidden(answer.text, "code")


def test_password_grant(provider, enrolled):
    """http-api 6.1"""
    app = provider.register(grant_types=["password", "authorization_code"])

    def ask(**more):
        return provider.token(app, grant_type="password", username=enrolled.username, password="correct horse battery", **more)

    answer = ask()
    assert (answer.status_code, answer.json()["error"]) == (403, "mfa_required")
    answer = ask(totp_code="12345x")
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_mfa_code")
    answer = ask(totp_code=enrolled.next_code())
    assert answer.status_code == 200
    assert jose.claims(provider, answer.json()["access_token"])["acr"] == "2"


def test_discovery(provider):
    """design D26"""
    doc = Browser(provider).get("/.well-known/openid-configuration").json()
    assert doc["acr_values_supported"] == ["1", "2"] and "amr" in doc["claims_supported"]


# --- settings that would lock everybody out ------------------------------------------

def test_settings_that_lock_everybody_out(provider):
    """Refused with the reason, and nothing of the change stays."""
    answer = provider.api("PUT", "/settings", json={"require_mfa": "true", "mfa_method": "email", "theme_tagline": "x"})
    assert answer.status_code == 400 and "smtp_host" in answer.json()["error_description"]
    answer = provider.api("PUT", "/settings", json={"validation_min_username_length": "60"})
    assert answer.status_code == 400 and "administrator" in answer.json()["error_description"]
    stored = provider.api("GET", "/settings").json()["data"]
    assert (stored["require_mfa"], stored["mfa_method"], stored["theme_tagline"]) == ("false", "totp", "")
