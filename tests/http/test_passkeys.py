"""Signing in with passkeys (http-api 5.5; WebAuthn 7.2), by an authenticator in software that can do anything wrong."""
import concurrent.futures
import json

import pytest

import jose
from authenticator import BE, BS, ED, OFFERED, UP, UV, Passkey, Site, add_passkey, signs_in_by, unb64
from provider import PASSWORD, Browser, b64url, query_of
from second import Account

NAMES = iter(f"keeper{n}" for n in range(1000))


@pytest.fixture(scope="module", autouse=True)
def passkeys_on(provider):
    answer = provider.api("PUT", "/settings", json={"auth_mode": "password_and_passkey"})
    assert answer.status_code == 204, answer.text


class Person:
    def __init__(self, provider, **how):
        self.provider, self.name = provider, next(NAMES)
        provider.add_user(self.name)
        self.id = provider.rows("SELECT id FROM users WHERE username = ?", self.name)[0][0]
        self.account = Account(provider, self.name)
        self.passkey = add_passkey(self.account, provider.url, PASSWORD, **how)

    def strong(self):
        """The account with both factors shown."""
        return Account(self.provider, self.name, sign_in=signs_in_by(self.provider, self.passkey))

    def events(self, event):
        return self.provider.rows("SELECT detail FROM audit_logs WHERE event = ? AND target_id = ?", event, self.id)

    def reason(self):
        return json.loads(self.events("passkey_login_failed")[-1][0])["reason"]

    def row(self):
        return self.provider.rows("SELECT sign_count, is_uv_initialized, is_backed_up, last_used_at FROM passkeys"
                                  " WHERE user_id = ?", self.id)[0]


@pytest.fixture
def person(provider):
    return Person(provider)


@pytest.fixture
def site(provider, client):
    return Site(provider, client, Browser(provider))


def failed(answer):
    assert answer.status_code == 401, answer.text
    assert answer.json() == {"error": "authentication_failed"}
    assert "autentico_idp_session" not in answer.headers.get("Set-Cookie", "")
    return True


def code_of(client, answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["redirect"].startswith(client.redirect_uri), answer.text
    return query_of(answer.json()["redirect"])["code"]


def id_token(provider, client, answer):
    return jose.claims(provider, provider.redeem(client, code_of(client, answer)).json()["id_token"])


# --- the good ways ---------------------------------------------------------------

@pytest.mark.parametrize("by_name", [True, False], ids=["username_first", "discoverable"])
def test_sign_in(provider, client, site, person, by_name):
    """WA-15: a code, a new session; acr and amr say what was done (D26)."""
    answer = site.sign_in(person.passkey, person.name if by_name else None)
    back = query_of(answer.json()["redirect"])
    assert back["state"] == "st" and back["iss"] == provider.issuer
    assert "autentico_idp_session=" in answer.headers["Set-Cookie"]
    claims = id_token(provider, client, answer)
    assert claims["sub"] == person.id and claims["nonce"] == "no"
    assert claims["acr"] == "2" and claims["amr"] == ["hwk", "user", "mfa"]
    assert "code" in query_of(provider.authorize(client, site.browser, prompt="none").headers["Location"])
    assert person.events("passkey_login_success") == [("",)]
    assert provider.rows("SELECT last_login_at FROM users WHERE id = ?", person.id)[0][0]
    count, uv, synced, used = person.row()
    assert (count, uv, synced) == (2, 1, 0) and used


@pytest.mark.parametrize("alg", OFFERED)
def test_every_algorithm(provider, client, site, alg):
    """WR-02, WR-17, WA-13: all ten that are offered."""
    person = Person(provider, alg=alg)
    code_of(client, site.sign_in(person.passkey))
    site.open()
    begun = site.begin().json()
    body = person.passkey.show(begun["options"])
    signature = bytearray(unb64(body["response"]["signature"]))
    signature[-1] ^= 1
    body["response"]["signature"] = b64url(bytes(signature))
    assert failed(site.finish(begun, body))


def test_options(provider, client, site, person):
    """WA-01: a challenge of its own each time; only the person's own credentials, none where nobody is named."""
    site.open()
    by_name, again, anybody = site.begin(person.name).json(), site.begin(person.name).json(), site.begin().json()
    assert by_name["type"] == "authentication" and anybody["type"] == "discoverable-authentication"
    assert set(by_name) == {"type", "challenge_id", "options"}
    public = by_name["options"]["publicKey"]
    assert public["allowCredentials"] == [{"type": "public-key", "id": b64url(person.passkey.id), "transports": ["internal"]}]
    assert public["rpId"] == "localhost" and public["timeout"] == 300000 and public["userVerification"] == "preferred"
    assert len(unb64(public["challenge"])) >= 16
    assert len({o["options"]["publicKey"]["challenge"] for o in (by_name, again, anybody)}) == 3
    assert "allowCredentials" not in anybody["options"]["publicKey"] and "mediation" not in anybody["options"]
    assert site.begin(mediation="conditional").json()["options"]["mediation"] == "conditional"


def test_nobody_is_told_apart(provider, site):
    """WA-01: who is not there, and who has no passkey."""
    name = next(NAMES)
    provider.add_user(name)
    site.open()
    nobody, without, nothing = site.begin("nobody-of-that-name"), site.begin(name), site.begin("")
    assert nobody.status_code == without.status_code == 400
    assert nobody.json() == without.json() and set(nobody.json()) == {"error"}
    assert nothing.status_code == 400 and "username" in nothing.json()["error"]


@pytest.mark.parametrize("change", [{"state": "other"}, {"scope": "openid"}, {"authorize_sig": "x" * 60}, {"authorize_sig": ""},
                                    {"redirect_uri": "https://evil.example/"}, {"client_id": "autentico-admin"}])
def test_tampered_parameters(site, person, change):
    """http-api 5.5"""
    site.open()
    for username in (person.name, None):
        answer = site.begin(username, **change)
        assert answer.status_code == 400 and "tampered" in answer.json()["error"], answer.text
        assert set(answer.json()) == {"error"}


def test_an_old_page(provider, client, site, person):
    """D7: genuine and expired: back to the start, with the request; so is a page of another browser."""
    site.open()
    other = Site(provider, client, Browser(provider))
    other.query = site.query
    provider.later(3601)
    for one in (site, other):
        answer = one.begin(person.name)
        assert answer.status_code == 200, answer.text
        assert query_of(answer.json()["redirect"])["error"] == "expired"
        assert query_of(answer.json()["redirect"])["client_id"] == client.id


def test_by_form_post(provider, client, site, person):
    """What the application wants as a form is told to the script."""
    answer = site.sign_in(person.passkey, response_mode="form_post")
    assert answer.json()["redirect"] == client.redirect_uri
    form = answer.json()["form_post"]
    assert form["state"] == "st" and form["iss"] == provider.issuer
    assert provider.redeem(client, form["code"]).status_code == 200


# --- what is refused --------------------------------------------------------------

def test_replayed(provider, client, site, person):
    """WA-17, D7: the same assertion twice, and another assertion to the same challenge."""
    site.open()
    begun = site.begin(person.name).json()
    body = person.passkey.show(begun["options"])
    code_of(client, site.finish(begun, body))
    assert failed(site.finish(begun, body)) and person.reason() == "challenge used"
    assert failed(site.finish(begun, person.passkey.show(begun["options"])))


def test_spent_by_a_failure(site, person):
    """D7: one try for a challenge."""
    site.open()
    begun = site.begin(person.name).json()
    assert failed(site.finish(begun, person.passkey.show(begun["options"], signature=b"x")))
    assert failed(site.finish(begun, person.passkey.show(begun["options"])))


def test_in_parallel(provider, client, site, person):
    """WA-17: of sixteen posts of one assertion one gets in."""
    site.open()
    begun = site.begin(person.name).json()
    body = person.passkey.show(begun["options"])
    cookie = "; ".join(f"{c.name}={c.value}" for c in site.browser.cookies)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: Browser(provider).post(
            "/oauth2/passkey/login/finish", json=body, params={"challenge_id": begun["challenge_id"]},
            headers={"Cookie": cookie}), range(16)))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 15
    assert len(person.events("passkey_login_success")) == 1


def test_another_browser(provider, client, site, person):
    """WA-17: what was begun in one browser finishes in no other."""
    for username in (person.name, None):
        site.open()
        begun = site.begin(username).json()
        assert failed(site.finish(begun, person.passkey.show(begun["options"]), browser=Browser(provider)))
        other = Browser(provider)
        other.get(provider.authorize_url(client))
        assert failed(site.finish(begun, person.passkey.show(begun["options"]), browser=other))


def test_challenge_is_missing_or_none(provider, site, person):
    """http-api 5.5: 400"""
    site.open()
    begun, other = site.begin(person.name).json(), site.begin().json()
    body = person.passkey.show(begun["options"])
    for bad in ("x", "A" * 100, begun["challenge_id"][:-4], "A" + begun["challenge_id"][1:], other["challenge_id"], "é", "a" * 9000):
        answer = site.finish(begun, body, challenge_id=bad)
        assert answer.status_code in (400, 414) and "challenge" in answer.text or answer.status_code == 414, answer.text
    answer = site.browser.post("/oauth2/passkey/login/finish", json=body)
    assert answer.status_code == 400 and "challenge" in answer.json()["error"]
    registration = person.strong()("POST", "/passkeys/register/begin", current_password=PASSWORD).json()["data"]
    assert site.finish(begun, body, challenge_id=registration["challenge_id"]).status_code == 400
    provider.later(301)
    assert site.finish(begun, body).status_code == 400


WRONG = {
    "WA-06 type": (dict(client={"type": "webauthn.create"}), "type"),
    "WA-07 challenge": (dict(client={"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}), "challenge"),
    "WA-07 no challenge": (dict(client={"challenge": ...}), "clientDataJSON"),
    "WA-07 origin": (dict(client={"origin": "https://evil.example"}), "origin"),
    "WA-07 origin of another port": (dict(client={"origin": "http://localhost:1"}), "origin"),
    "WA-07 crossOrigin": (dict(client={"crossOrigin": True}), "crossOrigin"),
    "WA-07 topOrigin": (dict(client={"topOrigin": "https://evil.example"}), "topOrigin"),
    "WA-08 RP id": (dict(rp_id="evil.example"), "rpIdHash"),
    "WA-09 UP": (dict(flags=UV), "user present"),
    "WA-11 BE": (dict(flags=UP | UV | BE), "backup eligibility"),
    "WA-11 BS": (dict(flags=UP | UV | BS), "backup state"),
    "WA-13 signature": (dict(signature=bytes.fromhex("3006020100020100")), "signature"),
    "WA-13 of nothing": (dict(signature=b"\0"), "signature"),
    "WA-03 user handle": (dict(user_handle=b"x" * 32), "user handle"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(site, person, name):
    """One answer to everything; the trail says which step it was."""
    how, step = WRONG[name]
    for username in (person.name, None):
        site.open()
        begun = site.begin(username).json()
        assert failed(site.finish(begun, person.passkey.show(begun["options"], **how)))
        assert person.reason() == step
    code = site.sign_in(person.passkey)  # and the person gets in all the same
    assert code.status_code == 200


def test_tampered_assertion(site, person):
    """WA-13: whatever was signed is another."""
    for member, at in (("clientDataJSON", -2), ("authenticatorData", 33), ("authenticatorData", 32), ("signature", -1)):
        site.open()
        begun = site.begin(person.name).json()
        body = person.passkey.show(begun["options"])
        raw = bytearray(unb64(body["response"][member]))
        raw[at] ^= 0x20 if member == "clientDataJSON" else 0x02
        body["response"][member] = b64url(bytes(raw))
        assert failed(site.finish(begun, body)), member


def test_extensions_are_ignored(client, site, person):
    """WA-12"""
    code_of(client, site.sign_in(person.passkey, show=dict(flags=UP | UV | ED, after=b"\xa1\x67unknown\xf5")))


@pytest.mark.parametrize("data", [b"", b"\0", bytes(36), bytes(32) + b"\x45\0\0\0\0", bytes(32) + b"\xc5\0\0\0\0" + bytes(18),
                                  bytes(32) + b"\x85\0\0\0\0\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
                                  bytes(32) + b"\x85\0\0\0\0\xa1\x01" + b"\x81" * 60 + b"\0",
                                  bytes(32) + b"\x05\0\0\0\0left over"], ids=range(8))
def test_malformed_data(site, person, data):
    """WA-16: 400, whatever it says of its length."""
    site.open()
    begun = site.begin(person.name).json()
    body = person.passkey.show(begun["options"])
    body["response"]["authenticatorData"] = b64url(data)
    answer = site.finish(begun, body)
    assert answer.status_code == 400 and set(answer.json()) == {"error"}, answer.text


def test_malformed_bodies(site, person):
    """WA-16"""
    site.open()
    begun = site.begin(person.name).json()
    good = person.passkey.show(begun["options"])
    bad = [{}, [], None, 7, {**good, "type": "password"}, {**good, "id": "AAAA"}, {**good, "response": []},
           {**good, "response": {**good["response"], "signature": "a b"}},
           {**good, "response": {k: v for k, v in good["response"].items() if k != "signature"}},
           {**good, "response": {**good["response"], "userHandle": 7}}]
    for body in bad:
        assert site.finish(begun, body).status_code == 400, body
    url = "/oauth2/passkey/login/finish?challenge_id=" + begun["challenge_id"]
    for raw in (b"", b"{", b"\xff", b"[" * 5000):
        assert site.browser.post(url, data=raw).status_code == 400


# --- whose is it --------------------------------------------------------------------

def test_somebody_elses(provider, client, site, person):
    """WA-02, WA-03: a passkey that works, of another person."""
    other = Person(provider)
    site.open()
    begun = site.begin(person.name).json()
    assert failed(site.finish(begun, other.passkey.show(begun["options"]))) and other.reason() == "of somebody else"
    # says that it is the other one's: whose handle it shows decides nothing
    begun = site.begin().json()
    assert failed(site.finish(begun, other.passkey.show(begun["options"], user_handle=person.passkey.user_handle)))
    assert provider.error(client, site.browser, prompt="none")["error"] == "login_required"


def test_no_user_handle(client, site, person):
    """WA-04: whoever is not named has to say who it is; who is named need not."""
    site.open()
    begun = site.begin().json()
    assert failed(site.finish(begun, person.passkey.show(begun["options"], user_handle=None))) and person.reason() == "no user handle"
    code_of(client, site.sign_in(person.passkey, person.name, show=dict(user_handle=None)))


def test_not_in_the_list(provider, client, site, person):
    """WA-02: added after the challenge was made."""
    site.open()
    begun = site.begin(person.name).json()
    provider.later(2)
    late = add_passkey(person.strong(), provider.url, PASSWORD)
    assert failed(site.finish(begun, late.show(begun["options"]))) and person.reason() == "not asked for"
    code_of(client, site.sign_in(late, person.name))


def test_unknown_deleted_disabled(provider, client, site, person):
    """WA-05: the same answer to all three."""
    site.open()
    begun = site.begin().json()
    stranger = Passkey(provider.url)
    stranger.user_handle = person.passkey.user_handle
    unknown = site.finish(begun, stranger.show(begun["options"]))
    provider.api("POST", f"/users/{person.id}/deactivate")
    begun = site.begin().json()
    disabled = site.finish(begun, person.passkey.show(begun["options"]))
    assert site.begin(person.name).status_code == 400
    provider.api("POST", f"/users/{person.id}/reactivate")
    account = person.strong()
    extra = add_passkey(account, provider.url, PASSWORD)
    assert account("DELETE", "/passkeys/" + b64url(person.passkey.id), current_password=PASSWORD).status_code == 200
    begun = site.begin().json()
    deleted = site.finish(begun, person.passkey.show(begun["options"]))
    assert failed(unknown) and failed(disabled) and failed(deleted)
    assert unknown.json() == disabled.json() == deleted.json()
    code_of(client, site.sign_in(extra))


def test_locked(provider, client, site, person):
    """The same pipeline as every way in: a locked account is locked."""
    site.open()
    for _ in range(5):
        page = site.open()
        provider.post_login(site.browser, page, person.name, "wrong password")
    assert failed(site.sign_in(person.passkey)) and person.reason() == "locked"
    provider.later(901)
    code_of(client, site.sign_in(person.passkey))


# --- counters ---------------------------------------------------------------------------

def test_cloned(client, site, person):
    """WA-14: the counter goes up, or it is another authenticator with the same key."""
    code_of(client, site.sign_in(person.passkey, show=dict(count=50)))
    for count in (50, 49, 1, 0):
        assert failed(site.sign_in(person.passkey, show=dict(count=count))) and person.reason() == "counter"
        assert person.row()[0] == 50
    code_of(client, site.sign_in(person.passkey, show=dict(count=51)))
    code_of(client, site.sign_in(person.passkey, show=dict(count=2**32 - 1)))
    assert failed(site.sign_in(person.passkey, show=dict(count=0)))


def test_no_counter(provider, client, site):
    """WA-14: 0 for ever is no counter; one that begins to count has one from then on."""
    person = Person(provider, counts=False)
    for _ in range(3):
        code_of(client, site.sign_in(person.passkey))
    code_of(client, site.sign_in(person.passkey, show=dict(count=1)))
    assert failed(site.sign_in(person.passkey))


def test_clones_race(provider, client, person):
    """WA-14: two authenticators with one key, at once."""
    sites = [Site(provider, client, Browser(provider)) for _ in range(8)]
    ready = []
    for s in sites:
        s.open()
        begun = s.begin(person.name).json()
        ready.append((s, begun, person.passkey.show(begun["options"], count=77)))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda r: r[0].finish(r[1], r[2]), ready))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 7


# --- user verification ----------------------------------------------------------------------

def test_one_factor(provider, client, site, person):
    """WA-10: without user verification it is one factor, where one is enough."""
    claims = id_token(provider, client, site.sign_in(person.passkey, show=dict(flags=UP)))
    assert claims["acr"] == "1" and claims["amr"] == ["hwk", "user"]


def test_synced(provider, client, site):
    """WA-11, WA-15: one that is backed up says so, each time."""
    person = Person(provider, flags=UP | UV | BE)
    claims = id_token(provider, client, site.sign_in(person.passkey, show=dict(flags=UP | UV | BE | BS)))
    assert claims["acr"] == "2" and claims["amr"] == ["swk", "user", "mfa"]
    assert person.row()[2] == 1
    assert failed(site.sign_in(person.passkey, show=dict(flags=UP | UV)))


def test_verification_is_demanded(provider, client, person):
    """WA-10: where the passkey has to stand for two factors: of everybody, or of the application's people."""
    strict = provider.register(require_mfa=True)
    for app, setting in ((strict, "false"), (client, "true")):
        with provider.settings(require_mfa=setting):
            site = Site(provider, app, Browser(provider))
            site.open()
            for username in (person.name, None):
                begun = site.begin(username).json()
                assert begun["options"]["publicKey"]["userVerification"] == "required"
                assert failed(site.finish(begun, person.passkey.show(begun["options"], flags=UP)))
                assert person.reason() == "user verified"
            claims = id_token(provider, app, site.sign_in(person.passkey))
            assert claims["acr"] == "2"


def test_the_person_has_an_app(provider, client, site, person):
    """Who has enrolled a second factor is asked for it when the passkey was only one."""
    person.strong().enrol()
    answer = site.sign_in(person.passkey, show=dict(flags=UP))
    assert answer.json()["redirect"].startswith("/oauth2/mfa?challenge_id=")
    page = site.browser.get(answer.json()["redirect"])
    assert "Verification" in page.text
    assert id_token(provider, client, site.sign_in(person.passkey))["acr"] == "2"


def test_acr_values(provider, client, site, person):
    """D26: a passkey with verification is what acr_values=2 asks for."""
    claims = id_token(provider, client, site.sign_in(person.passkey, acr_values="2"))
    assert claims["acr"] == "2"
    answer = site.sign_in(person.passkey, show=dict(flags=UP), acr_values="2", prompt="login")
    assert query_of(answer.json()["redirect"])["error"] == "use_passkey"  # and let it ask for the PIN this time


def test_who_was_asked_for(provider, client, site, person):
    """CO-10: prompt=login is for the person who is signed in here."""
    other = Person(provider)
    code_of(client, site.sign_in(person.passkey))
    answer = site.sign_in(other.passkey, prompt="login")
    assert query_of(answer.json()["redirect"])["error"] == "other_user"
    claims = id_token(provider, client, site.sign_in(person.passkey, prompt="login"))
    assert claims["sub"] == person.id


def test_session_is_renewed(client, site, person):
    """WA-15, CS-02: another cookie at each sign-in."""
    code_of(client, site.sign_in(person.passkey))
    first = site.browser.cookies.get("autentico_idp_session")
    code_of(client, site.sign_in(person.passkey, prompt="login"))
    assert site.browser.cookies.get("autentico_idp_session") != first


# --- the settings ----------------------------------------------------------------------------

def test_modes_on_the_page(provider, client, site, person):
    """form-fields 3: which ways in the page shows."""
    BUTTON = '<button type="button" class="%s" id="passkey-login-btn">'
    admin = Account(provider, "admin")
    add_passkey(admin, provider.url, PASSWORD)
    with provider.settings(auth_mode="password"):
        page = site.open()
        assert 'id="passkey-login-btn"' not in page and "auth-divider" not in page and "passkey" not in page
        assert 'type="submit">Log In</button>' in page
    page = site.open()
    assert BUTTON % "auth-btn-secondary" in page and '<div class="auth-divider">or</div>' in page
    assert 'autocomplete="username"' in page and 'data-passkey="username_first"' in page
    assert page.index('type="submit"') < page.index("passkey-login-btn")
    with provider.settings(passkey_login_mode="conditional"):
        assert 'autocomplete="username webauthn"' in site.open()
    with provider.settings(auth_mode="passkey_only"):
        page = site.open()
        assert BUTTON % "auth-btn" in page and "Log In" not in page and 'id="password"' not in page and "auth-divider" not in page
        assert 'id="username"' in page
        with provider.settings(passkey_login_mode="passkey_only"):
            page = site.open()
            assert 'id="username"' not in page and 'id="password"' not in page and BUTTON % "auth-btn" in page
        answer = provider.post_login(site.browser, page, person.name)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_request"
        code_of(client, site.sign_in(person.passkey, prompt="login"))


def test_off(provider, client, site, person):
    """Where passwords are the way in, nothing is begun and nothing finished."""
    site.open()
    begun = site.begin(person.name).json()
    body = person.passkey.show(begun["options"])
    with provider.settings(auth_mode="password"):
        assert site.begin(person.name).status_code == site.begin().status_code == 403
        assert site.finish(begun, body).status_code == 403
    code_of(client, site.finish(begun, body))


@pytest.mark.parametrize("setting, value", [("auth_mode", "passkey"), ("auth_mode", "both"), ("auth_mode", ""),
                                            ("passkey_login_mode", "sometimes")])
def test_no_such_mode(provider, setting, value):
    answer = provider.api("PUT", "/settings", json={setting: value})
    assert answer.status_code == 400, answer.text


def test_sign_up_is_off(provider, site):
    """http-api 5.5"""
    site.open()
    answer = site.browser.get("/oauth2/passkey/register/begin", params={**site.query, "username": "newcomer"})
    assert answer.status_code == 403 and set(answer.json()) == {"error"}
    answer = site.browser.post("/oauth2/passkey/register/finish?challenge_id=x", json={})
    assert answer.status_code == 403 and set(answer.json()) == {"error"}


def test_the_application_is_gone(provider, site, person):
    """Between begin and finish everything is checked again."""
    app = provider.register()
    one = Site(provider, app, Browser(provider))
    one.open()
    begun = one.begin(person.name).json()
    provider.api("DELETE", "/clients/" + app.id)
    answer = one.finish(begun, person.passkey.show(begun["options"]))
    assert answer.status_code == 400 and "error" in answer.json(), answer.text


def test_the_store_is_broken(provider, client, site, person):
    """All 500s: server_error."""
    site.open()
    begun = site.begin(person.name).json()
    with provider.broken("passkeys"):
        answer = site.finish(begun, person.passkey.show(begun["options"]))
    assert answer.status_code == 500 and answer.json() == {"error": "server_error"}
    code_of(client, site.sign_in(person.passkey))
