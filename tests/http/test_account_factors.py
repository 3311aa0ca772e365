"""Second factors in the account: API (http-api 8), pages, recovery codes: OT-01, OT-05, OT-08."""
import concurrent.futures
import re
import sqlite3

import pytest

import jose
from provider import PASSWORD, Browser, account_console, error_of, hidden, oerr, query_of
from second import Account, Second, app_code, code_of, is_verify, links, picture, read_qr, secret_of


@pytest.fixture
def name(provider):
    name.n = getattr(name, "n", 0) + 1
    provider.add_user(f"member{name.n}", email=f"member{name.n}@example.test")
    return f"member{name.n}"


# --- the API -----------------------------------------------------------------------

def test_setup_and_verify(provider, client, name):
    """OT-01, OT-08"""
    account = Account(provider, name)
    assert account("GET", "/mfa").json() == {"data": {"totp_enabled": False, "recovery_codes_left": 0}}
    oerr(account("POST", "/mfa/totp/verify", code="123456"), 400, "invalid_request")
    oerr(account("POST", "/mfa/totp/setup"), 403, "invalid_password")
    oerr(account("POST", "/mfa/totp/setup", current_password="wrong password"), 403, "invalid_password")
    first = account("POST", "/mfa/totp/setup", current_password=PASSWORD).json()["data"]
    begun = account("POST", "/mfa/totp/setup", current_password=PASSWORD).json()["data"]
    secret = begun["secret"]
    assert secret != first["secret"] and len(secret) == 32
    assert begun["qr_code_data"] == (f"otpauth://totp/Autentico:{name}?algorithm=SHA1&digits=6&issuer=Autentico"
                                     f"&period=30&secret={secret}")
    provider.sign_in(client, username=name)  # begun is no factor yet
    oerr(account("POST", "/mfa/totp/verify", code=app_code(first["secret"], provider.now())), 400, "invalid_code")
    oerr(account("POST", "/mfa/totp/verify", code="12345"), 400, "invalid_code")
    assert "message" in account("POST", "/mfa/totp/verify", code=app_code(secret, provider.now())).json()["data"]
    assert account("GET", "/mfa").json()["data"]["totp_enabled"] is True
    oerr(account("POST", "/mfa/totp/setup", current_password=PASSWORD), 409, "already_enrolled")
    oerr(account("POST", "/mfa/totp/verify", code=app_code(secret, provider.now())), 400, "invalid_request")
    person = Second(provider, name, secret)
    page = person.to_mfa(client, Browser(provider)).text
    assert is_verify(page)
    person.sign_in(client)


def test_setup_locks_like_a_login(provider, name):
    account = Account(provider, name)
    for _ in range(5):
        oerr(account("POST", "/mfa/totp/setup", current_password="wrong password"), 403, "invalid_password")
    oerr(account("POST", "/mfa/totp/setup", current_password=PASSWORD), 429, "account_locked")


def test_remove(provider, client, name):
    """OT-08, flows 11: both factors, the same answer for either; everything ends."""
    account = Account(provider, name)
    oerr(account("DELETE", "/mfa/totp", current_password=PASSWORD, code="123456"), 400, "invalid_request")
    secret = account.enrol()
    provider.later(31)
    wrong = [account("DELETE", "/mfa/totp", current_password="wrong password", code=app_code(secret, provider.now())),
             account("DELETE", "/mfa/totp", current_password=PASSWORD, code="000000"),
             account("DELETE", "/mfa/totp", current_password=PASSWORD), account("DELETE", "/mfa/totp")]
    for answer in wrong:
        oerr(answer, 403, "invalid_credentials")
    assert len({answer.text for answer in wrong}) == 1
    assert account("DELETE", "/mfa/totp", current_password=PASSWORD, code=app_code(secret, provider.now())).status_code == 200
    assert account("GET", "/mfa").status_code == 401
    assert provider.error(client, account.browser, prompt="none")["error"] == "login_required"
    provider.sign_in(client, username=name)


def test_remove_locks(provider, name):
    """OT-05: codes are not guessed here either."""
    account = Account(provider, name)
    secret = account.enrol()
    provider.later(31)
    for _ in range(5):
        oerr(account("DELETE", "/mfa/totp", current_password=PASSWORD, code="12345"), 403, "invalid_credentials")
    oerr(account("DELETE", "/mfa/totp", current_password=PASSWORD, code=app_code(secret, provider.now())), 429,
         "account_locked")


def test_of_oneself_only(provider, name):
    """A token of another application does not do."""
    client = provider.add_client()
    token = provider.tokens(client, username=name)["access_token"]
    account = Account(provider, name)
    account.tokens["access_token"] = token
    for method, path in (("GET", "/mfa"), ("POST", "/mfa/totp/setup"), ("POST", "/mfa/totp/verify"),
                         ("DELETE", "/mfa/totp"), ("POST", "/mfa/recovery-codes"), ("GET", "/trusted-devices"),
                         ("DELETE", "/trusted-devices/x")):
        oerr(account(method, path), 403, "forbidden")
        account.tokens["access_token"] = "x"
        assert account(method, path).status_code == 401
        account.tokens["access_token"] = token


def test_trusted_devices(provider, client, name):
    """http-api 8"""
    with provider.settings(trust_device_enabled="true"):
        account = Account(provider, name)
        assert account("GET", "/trusted-devices").json() == {"data": []}
        person = Second(provider, name, account.enrol())
        browser = Browser(provider)
        browser.headers["User-Agent"] = "Mozilla/5.0 (X11) <b>Firefox</b>"
        page = person.to_mfa(client, browser).text
        person.post(browser, page, person.next_code(), trust_device="on")
        listed = account("GET", "/trusted-devices").json()["data"]
        assert len(listed) == 1
        device = listed[0]
        assert set(device) == {"id", "device_name", "created_at", "last_used_at", "expires_at"}
        assert device["device_name"] == "Mozilla/5.0 (X11) <b>Firefox</b>"
        code_of(client, person.first(client, browser, prompt="login"))
        other = Account(provider, "admin")
        oerr(other("DELETE", "/trusted-devices/" + device["id"]), 403, "forbidden")
        oerr(account("DELETE", "/trusted-devices/x"), 403, "forbidden")
        assert account("DELETE", "/trusted-devices/" + device["id"]).status_code == 200
        assert account("GET", "/trusted-devices").json() == {"data": []}
        assert "/mfa?" in person.first(client, browser, prompt="login").headers["Location"]


# --- recovery codes ----------------------------------------------------------------

@pytest.fixture
def person(provider, name):
    """Enrolled, with recovery codes."""
    account = Account(provider, name)
    p = Second(provider, name, account.enrol())
    p.account = account
    provider.later(31)
    answer = account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=p.code())
    p.codes = answer.json()["data"]["recovery_codes"]
    return p


def use_recovery(person, client, browser, typed):
    page = person.to_mfa(client, browser).text
    href = links(page)["Use a recovery code"]
    page = browser.get(href).text
    assert 'name="recovery_code"' in page and "maxlength" in page
    return person.post(browser, page, recovery_code=typed)


def test_recovery_codes(provider, client, person):
    """OT-08: ten, hashed, each once; they count as a second factor."""
    assert len(set(person.codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in person.codes)
    stored = provider.rows("SELECT code_hash FROM recovery_codes")
    assert all(len(h) == 32 for h, in stored)
    browser = Browser(provider)
    code = code_of(client, use_recovery(person, client, browser, person.codes[0].lower().replace("-", " ")))
    token = jose.claims(provider, provider.redeem(client, code).json()["id_token"])
    assert token["acr"] == "2" and token["amr"] == ["pwd", "otp", "mfa"]
    answer = use_recovery(person, client, Browser(provider), person.codes[0])
    assert answer.status_code == 200 and "not right" in error_of(answer.text)
    assert person.account("GET", "/mfa").json()["data"]["recovery_codes_left"] == 9
    used = provider.rows("SELECT detail FROM audit_logs WHERE event = 'recovery_code_used' AND actor_username = ?",
                person.username)
    assert used == [('{"left":"9"}',)]
    success = provider.rows("SELECT detail FROM audit_logs WHERE event = 'mfa_success' AND actor_username = ?",
                   person.username)
    assert ('{"method":"recovery_code"}',) in success


def test_recovery_codes_in_parallel(provider, client, person):
    """OT-08: one code, many browsers, one gets in; and guesses are limited here too."""
    visits = []
    for _ in range(4):
        browser = Browser(provider)
        visits.append((browser, person.to_mfa(client, browser).text))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda v: person.post(*v, recovery_code=person.codes[5]), visits))
    assert [a.status_code for a in answers].count(302) == 1


def test_wrong_recovery_codes_in_parallel(provider, client, person):
    """OT-05: 64 wrong ones at once: five are looked at, and then not even a right one."""
    browser = Browser(provider)
    pages = [person.to_mfa(client, browser).text for _ in range(8)]
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    forms = [{"csrf_token": hidden(p, "csrf_token"), "challenge_id": hidden(p, "challenge_id"),
              "recovery_code": "AAAA-BBBB-CCCC-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[i % 32] * 4}
             for i, p in enumerate(pages * 8)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda f: Browser(provider).post("/oauth2/mfa", data=f, headers={"Cookie": cookie}), forms))
    failed = provider.rows("SELECT detail FROM audit_logs WHERE event = 'mfa_failed' AND actor_username = ?",
                  person.username)
    assert len([d for d, in failed if "locked" not in d]) == 5
    answer = use_recovery(person, client, browser, person.codes[1])
    assert "Too many" in error_of(answer.text)
    provider.later(901)
    code_of(client, use_recovery(person, client, browser, person.codes[1]))


def test_new_codes(provider, client, person):
    """OT-08: whoever makes new ones has to have the factor; the old ones are over."""
    account = person.account
    provider.later(31)
    oerr(account("POST", "/mfa/recovery-codes", current_password=PASSWORD), 403, "invalid_credentials")
    oerr(account("POST", "/mfa/recovery-codes", current_password="wrong password", code=person.code()), 403,
         "invalid_credentials")
    fresh = account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code=person.codes[0]).json()["data"]
    assert not set(fresh["recovery_codes"]) & set(person.codes)
    answer = use_recovery(person, client, Browser(provider), person.codes[1])
    assert "not right" in error_of(answer.text)
    code_of(client, use_recovery(person, client, Browser(provider), fresh["recovery_codes"][1]))


def test_no_codes_without_a_factor(provider, name):
    account = Account(provider, name)
    oerr(account("POST", "/mfa/recovery-codes", current_password=PASSWORD, code="123456"), 400, "invalid_request")


def test_lost_phone(provider, client, person):
    """With a recovery code one gets in, removes the app and sets up another."""
    answer = person.account("DELETE", "/mfa/totp", current_password=PASSWORD, code=person.codes[0])
    assert answer.status_code == 200, answer.text
    account = Account(provider, person.username)
    assert account("GET", "/mfa").json()["data"] == {"totp_enabled": False, "recovery_codes_left": 0}
    person.secret = account.enrol()
    person.sign_in(client)


# --- the pages -----------------------------------------------------------------------

def test_pages(provider, client, name):
    """The whole of it without JavaScript: set up, codes, new codes, remove."""
    browser = account_console(provider, name)
    page = browser.get("/account/security")
    assert 'data-testid="nav-security"' in page.text and 'data-testid="nav-trusted-devices"' in page.text
    token = hidden(page.text, "csrf_token")
    assert browser.post("/account/security/totp", data={"current_password": PASSWORD}).status_code == 403  # CS-06
    answer = browser.post("/account/security/totp", data={"csrf_token": token, "current_password": "wrong password"})
    assert answer.status_code == 403 and "not right" in error_of(answer.text)
    shown = browser.post("/account/security/totp", data={"csrf_token": token, "current_password": PASSWORD})
    secret = secret_of(shown.text)
    assert read_qr(picture(shown.text)).endswith("&secret=" + secret)
    form = {"csrf_token": token, "enrolment": hidden(shown.text, "enrolment")}
    again = browser.post("/account/security/totp/verify", data={**form, "code": "12345"})
    assert again.status_code == 400 and secret_of(again.text) == secret
    before = browser.cookies.get("autentico_idp_session")
    done = browser.post("/account/security/totp/verify", data={**form, "code": app_code(secret, provider.now())})
    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", done.text)
    assert done.status_code == 200 and len(codes) == 10
    assert browser.cookies.get("autentico_idp_session") != before  # CS-02
    # what was proven just now is not asked for again
    assert "code" in query_of(provider.authorize(client, browser, prompt="none", acr_values="2").headers["Location"])
    page = browser.get("/account/security").text
    assert "10 of your codes are unused" in page and codes[0] not in page
    repeated = browser.post("/account/security/totp/verify", data={**form, "code": app_code(secret, provider.now() + 30)})
    assert repeated.status_code == 409 and "already" in error_of(repeated.text)

    renewed = browser.post("/account/security/recovery-codes",
                           data={"csrf_token": token, "current_password": PASSWORD, "code": codes[0]})
    fresh = re.findall(r"<code>([A-Z2-7-]{19})</code>", renewed.text)
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    provider.later(31)
    removed = browser.post("/account/security/totp/remove", data={
        "csrf_token": token, "current_password": PASSWORD, "code": app_code(secret, provider.now())})
    assert removed.status_code == 303
    assert "Log In" in browser.follow(browser.get("/account/security")).text


def test_few_codes(provider, client, person):
    """A warning when two are left, and when there are none."""
    browser = Browser(provider)
    page = browser.follow(browser.get("/account/security")).text
    answer = provider.post_login(browser, page, person.username)
    page = browser.get(answer.headers["Location"]).text
    browser.follow(person.post(browser, page, person.next_code()))
    assert "auth-warn" not in browser.get("/account/security").text
    db = sqlite3.connect(provider.dir + "/autentico.db", isolation_level=None)
    uid = db.execute("SELECT id FROM users WHERE username = ?", (person.username,)).fetchone()[0]
    for left, says in ((2, "Only 2 left"), (0, "You have no recovery codes")):
        db.execute("UPDATE recovery_codes SET used_at = 1 WHERE user_id = ?1 AND code_hash NOT IN"
                   " (SELECT code_hash FROM recovery_codes WHERE user_id = ?1 AND used_at IS NULL LIMIT ?2)", (uid, left))
        assert says in browser.get("/account/security").text
    db.close()
    page = person.to_mfa(client, Browser(provider)).text
    assert "Use a recovery code" not in links(page)


def test_an_old_page_of_enrolment(provider, name):
    """Ten minutes, and only what we have shown."""
    browser = account_console(provider, name)
    token = hidden(browser.get("/account/security").text, "csrf_token")
    shown = browser.post("/account/security/totp", data={"csrf_token": token, "current_password": PASSWORD}).text
    secret, enrolment = secret_of(shown), hidden(shown, "enrolment")

    def post(enrolment):
        return browser.post("/account/security/totp/verify", data={
            "csrf_token": token, "enrolment": enrolment, "code": app_code(secret, provider.now())})

    at, nonce = enrolment.split(".")
    for bad in ("", "x", nonce, f"{int(at) + 3600}.{nonce}", f"{at}.{nonce[:-1]}", f"x.{nonce}", f"-1.{nonce}"):
        assert post(bad).status_code == 400
    assert post(f"{int(at) - 1}.{nonce}").status_code == 400  # another secret
    provider.later(601)
    answer = post(enrolment)
    assert answer.status_code == 400 and "took too long" in error_of(answer.text)


def test_device_page(provider, client, person):
    with provider.settings(trust_device_enabled="true"):
        trusting = Browser(provider)
        trusting.headers["User-Agent"] = "A <b>browser</b>"
        page = person.to_mfa(client, trusting).text
        person.post(trusting, page, person.next_code(), trust_device="on")
        browser = trusting
        page = browser.follow(browser.get("/account/trusted-devices"))
        assert page.status_code == 200 and "A &lt;b&gt;browser&lt;/b&gt;" in page.text
        action = re.search(r'action="(/account/trusted-devices/[0-9a-v]{20}/remove)"', page.text).group(1)
        assert browser.post(action, data={}).status_code == 403
        done = browser.post(action, data={"csrf_token": hidden(page.text, "csrf_token")})
        assert "You trust no device" in browser.follow(done).text
