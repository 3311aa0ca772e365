"""What may happen once happens once: TK-20, TK-32, CS-13."""
import concurrent.futures

from provider import Browser, query_of


def at_once(n, work):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(work) for _ in range(n)]]


def test_one_code_in_20_requests(provider, client):
    code = provider.sign_in(client)["code"]
    answers = at_once(20, lambda: provider.redeem(client, code))
    good = [a for a in answers if a.status_code == 200]
    assert len(good) == 1
    assert all(a.json()["error"] == "invalid_grant" for a in answers if a.status_code != 200)
    assert provider.userinfo(good[0].json()["access_token"]).status_code == 401


def test_one_refresh_token_in_20_requests(provider, client):
    token = provider.tokens(client)["refresh_token"]
    answers = at_once(20, lambda: provider.refresh(client, token))
    good = [a for a in answers if a.status_code == 200]
    assert len(good) == 1
    assert provider.refresh(client, good[0].json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_50_wrong_passwords(provider, client):
    provider.add_user("victim")

    def guess():
        browser = Browser(provider)
        page = browser.get(provider.authorize_url(client))
        while True:
            answer = provider.post_login(browser, page.text, "victim", "wrong password")
            if answer.status_code != 503:  # all places at the hashers taken
                return query_of(answer.headers["Location"])["error"]

    answers = at_once(50, guess)
    assert answers.count("bad_credentials") == 5 and answers.count("account_locked") == 45
    # locked: the right one does not help either, until an operator unlocks
    browser = Browser(provider)
    page = browser.get(provider.authorize_url(client))
    assert query_of(provider.post_login(browser, page.text, "victim").headers["Location"])["error"] == "account_locked"
    provider.run("users", "unlock", "victim")
    assert "code" in provider.sign_in(client, username="victim")
