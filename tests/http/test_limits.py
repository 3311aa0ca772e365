"""Too many requests, too many guesses (http-api 1.4, flows 15, design D10, D11b)."""
import pytest
import requests

from provider import Browser, Provider, hidden, query_of

SLOW = {"AUTENTICO_RATE_LIMIT_RPS": "1000", "AUTENTICO_RATE_LIMIT_BURST": "1000",
        "AUTENTICO_RATE_LIMIT_RPM": "1", "AUTENTICO_RATE_LIMIT_RPM_BURST": "4"}


@pytest.fixture(scope="module")
def limited():
    """One token a minute, four at most."""
    p = Provider(**SLOW)
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


@pytest.fixture
def full(limited):
    """The buckets are full again."""
    limited.later(600)
    return limited


@pytest.fixture(scope="module")
def app(limited):
    return limited.register()


def get(p, path, **headers):
    return requests.get(p.url + path, headers=headers, timeout=10, allow_redirects=False)


def spend(p, n=4):
    for _ in range(n):
        assert get(p, "/oauth2/userinfo").status_code == 401


def is_refused(answer):
    """1.4: 429, Retry-After: 1, OERR"""
    assert answer.status_code == 429, answer.text
    assert answer.headers["Retry-After"] == "1" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY" and "X-Request-ID" in answer.headers
    return True


def test_one_budget_for_all_routes(full):
    """1.4"""
    for path in ("/oauth2/authorize", "/oauth2/userinfo", "/oauth2/login"):
        assert get(full, path).status_code in (400, 401, 405)
    assert requests.post(full.issuer + "/token", timeout=10).status_code == 400
    for answer in (get(full, "/oauth2/authorize"), get(full, "/oauth2/userinfo"), requests.post(full.issuer + "/token", timeout=10),
                   requests.post(full.issuer + "/revoke", timeout=10), requests.post(full.issuer + "/introspect", timeout=10),
                   requests.post(full.issuer + "/login", timeout=10), requests.post(full.url + "/onboard", timeout=10)):
        assert is_refused(answer) and answer.json()["error"] == "too_many_requests"
        assert answer.headers["Content-Type"] == "application/json"


def test_a_persons_browser_gets_a_page(full):
    """1.4, but for people"""
    spend(full)
    page = get(full, "/oauth2/authorize", Accept="text/html,*/*")
    assert is_refused(page) and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert 'class="auth-error" role="alert">Too many requests' in page.text


def test_what_is_not_limited(full):
    """2: only the routes marked RL"""
    spend(full)
    assert get(full, "/oauth2/userinfo").status_code == 429
    for path in ("/healthz", "/.well-known/openid-configuration", "/oauth2/.well-known/jwks.json", "/oauth2/logout",
                 "/oauth2/static/auth.css", "/account/api/settings"):
        assert get(full, path).status_code == 200, path
    for _ in range(8):
        assert full.api("GET", "/users").status_code == 200


def test_tokens_come_back_with_time(full):
    """1.4: one a minute here, and no more than the bucket holds."""
    spend(full)
    assert is_refused(get(full, "/oauth2/userinfo"))
    full.later(60)
    spend(full, 1)
    assert is_refused(get(full, "/oauth2/userinfo"))
    full.later(86400)
    spend(full, 4)
    assert is_refused(get(full, "/oauth2/userinfo"))


def test_a_forged_address_does_not_help(full):
    """CS-14, HT-17: the front says who it is."""
    spend(full)
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "Client-IP"):
        for value in ("192.0.2.1", "127.0.0.1, 192.0.2.7", "for=192.0.2.1"):
            assert is_refused(get(full, "/oauth2/userinfo", **{header: value}))


def test_who_proves_itself_gets_it_back(full, app):
    """design D11b: a confidential client or a live token, at token, introspect, revoke and userinfo."""
    tokens = full.tokens(app)  # costs two: the page and the post
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    for _ in range(5):
        assert get(full, "/oauth2/userinfo", **bearer).status_code == 200
        assert full.introspect(app, "x") == {"active": False}
        assert full.revoke(app, "x").status_code == 200
        tokens = full.refresh(app, tokens["refresh_token"]).json()
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        assert full.redeem(app, "x").status_code == 400  # its own mistake, but it is known who it is
    spend(full, 2)
    assert is_refused(get(full, "/oauth2/userinfo"))


def test_failures_keep_costing(full, app):
    """design D11b"""
    for auth in ((app.id, "wrong" * 9), ("nobody", "x" * 40)):
        assert requests.post(full.issuer + "/token", auth=auth, timeout=10, data={"grant_type": "refresh_token"}).status_code == 401
        assert requests.post(full.issuer + "/introspect", auth=auth, timeout=10, data={"token": "x"}).status_code == 401
    assert is_refused(full.redeem(app, "x"))


def test_a_public_client_proves_nothing(full):
    """design D11b"""
    public = full.register(client_type="public")
    for _ in range(4):
        assert full.redeem(public, "x").status_code == 400
    assert is_refused(full.redeem(public, "x"))


def test_the_limit_comes_first(full, app):
    """1.4: before CSRF and before authentication"""
    spend(full)
    assert is_refused(requests.post(full.issuer + "/login", data={}, timeout=10))
    assert is_refused(full.token(app, grant_type="refresh_token"))


def test_by_the_second():
    """1.4: both tiers"""
    p = Provider(AUTENTICO_RATE_LIMIT_RPS="0.01", AUTENTICO_RATE_LIMIT_BURST="3", AUTENTICO_RATE_LIMIT_RPM="0")
    try:
        p.start()
        for _ in range(3):
            assert get(p, "/oauth2/userinfo").status_code == 401
        assert is_refused(get(p, "/oauth2/userinfo"))
        p.later(100)
        assert get(p, "/oauth2/userinfo").status_code == 401
        assert is_refused(get(p, "/oauth2/userinfo"))
        # switched off
        p.restart(AUTENTICO_RATE_LIMIT_RPS="0")
        for _ in range(10):
            assert get(p, "/oauth2/userinfo").status_code == 401
    finally:
        p.stop()


@pytest.mark.parametrize("off", ["0", "-1"])
def test_off_as_callers_write_it(off):
    """1.4: 0 or less; settings 7: all four at 0"""
    p = Provider(AUTENTICO_RATE_LIMIT_RPS=off, AUTENTICO_RATE_LIMIT_BURST="0", AUTENTICO_RATE_LIMIT_RPM=off,
                 AUTENTICO_RATE_LIMIT_RPM_BURST="0")
    try:
        p.start()
        for _ in range(30):
            assert get(p, "/oauth2/userinfo").status_code == 401
        # the minute's tier alone
        p.restart(AUTENTICO_RATE_LIMIT_RPS="1000", AUTENTICO_RATE_LIMIT_BURST="1000")
        for _ in range(30):
            assert get(p, "/oauth2/userinfo").status_code == 401
    finally:
        p.stop()


# --- lockout ---------------------------------------------------------------------

def guess(p, client, username, password):
    browser = Browser(p)
    answer = p.post_login(browser, p.authorize(client, browser).text, username, password)
    return query_of(answer.headers["Location"]).get("error")


def person(p, username):
    return next(u for u in p.api("GET", "/users", params={"search": username}).json()["data"]["items"])


def test_lockout(provider, client):
    """CS-13, flows 15: counted, locked, shown, ended by time or by an administrator."""
    provider.add_user("victim")
    with provider.settings(account_lockout_max_attempts="3", account_lockout_duration="10m"):
        for i in range(3):
            assert guess(provider, client, "victim", "wrong password") == "bad_credentials"
            assert person(provider, "victim")["failed_login_attempts"] == i + 1
        row = person(provider, "victim")
        assert row["locked_until"]
        for password in ("wrong password", "correct horse battery"):
            assert guess(provider, client, "victim", password) == "account_locked"
        assert provider.api("POST", f"/users/{row['id']}/unlock").json()["data"]["failed_login_attempts"] == 0
        assert guess(provider, client, "victim", "correct horse battery") is None
        # a right one in between starts the count anew
        for _ in range(2):
            guess(provider, client, "victim", "wrong password")
        assert guess(provider, client, "victim", "correct horse battery") is None
        assert "locked_until" not in person(provider, "victim")
        for _ in range(2):
            assert guess(provider, client, "victim", "wrong password") == "bad_credentials"
        guess(provider, client, "victim", "wrong password")
        assert guess(provider, client, "victim", "correct horse battery") == "account_locked"
        # over by time, and then with all its attempts
        provider.later(601)
        assert guess(provider, client, "victim", "wrong password") == "bad_credentials"
        assert guess(provider, client, "victim", "correct horse battery") is None


def test_the_page_says_locked(provider, client):
    """CS-12: in words, and not whether the account is one."""
    provider.add_user("shut")
    with provider.settings(account_lockout_max_attempts="1"):
        guess(provider, client, "shut", "wrong password")
        browser = Browser(provider)
        answer = provider.post_login(browser, provider.authorize(client, browser).text, "shut", "wrong password")
        page = browser.get(answer.headers["Location"])
        assert "locked" in page.text and hidden(page.text, "state") == "st"


def test_no_lockout(provider, client):
    """settings 3: 0 and less switch it off"""
    provider.add_user("open")
    for limit in ("0", "-1"):
        with provider.settings(account_lockout_max_attempts=limit):
            for _ in range(8):
                assert guess(provider, client, "open", "wrong password") == "bad_credentials"
            assert guess(provider, client, "open", "correct horse battery") is None


def test_spellings_are_one_account(provider, client):
    """CS-13: white space around a name is taken off; another case is another name, and nobody's."""
    provider.add_user("spelled")
    with provider.settings(account_lockout_max_attempts="2"):
        assert guess(provider, client, " spelled", "wrong password") == "bad_credentials"
        assert guess(provider, client, "SPELLED", "wrong password") == "bad_credentials"
        assert guess(provider, client, "spelled\t", "wrong password") == "bad_credentials"
        assert guess(provider, client, "spelled", "wrong password") == "account_locked"


def test_sessions_and_tokens_do_not_mind(provider, client):
    """flows 15: a lock keeps nobody out who is in."""
    provider.add_user("working")
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username="working")
    with provider.settings(account_lockout_max_attempts="1"):
        guess(provider, client, "working", "wrong password")
        assert guess(provider, client, "working", "correct horse battery") == "account_locked"
        assert "code" in query_of(provider.authorize(client, browser).headers["Location"])
        assert provider.userinfo(tokens["access_token"]).status_code == 200
        assert provider.refresh(client, tokens["refresh_token"]).status_code == 200
