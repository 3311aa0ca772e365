"""A password that is changed while it is being looked at lets nobody in."""
import contextlib
import os
import signal
import threading

import pytest

from provider import PASSWORD, Browser, account_console, b64url, hidden, id_of, query_of, until

NEW = "quite another password"


@contextlib.contextmanager
def hashers_asleep(provider):
    pids = [pid for pid, kind in provider.pool().items() if kind == "hasher"]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def change(provider, name):
    """As whoever takes a password away does it; the program's own ways ask the hashers, which sleep."""
    with provider.edit() as db:
        db.execute("UPDATE passwords SET changed_at = changed_at + 1 WHERE user_id = (SELECT id FROM users WHERE username = ?)", (name,))


def take_away(provider, name):
    with provider.edit() as db:
        db.execute("DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE username = ?)", (name,))


def wait_until_looked_at(provider, name):
    until(lambda: provider.rows("SELECT 1 FROM lockouts l, users u WHERE u.id = l.user_id AND u.username = ? AND pending_n = 1", name),
          "the password is being looked at")


@pytest.mark.parametrize("deed", [change, take_away])
def test_login(provider, client, deed):
    name = "stale-" + deed.__name__
    provider.add_user(name)
    browser, answers = Browser(provider), []
    page = browser.get(provider.authorize_url(client)).text
    with hashers_asleep(provider):
        post = threading.Thread(target=lambda: answers.append(provider.post_login(browser, page, name)))
        post.start()
        wait_until_looked_at(provider, name)
        deed(provider, name)
    post.join(60)
    assert query_of(answers[0].headers["Location"])["error"] == "bad_credentials"
    assert not provider.rows("SELECT 1 FROM sessions s, users u WHERE u.id = s.user_id AND u.username = ?", name)


def test_two_changes_of_one_second(provider):
    """They are told apart."""
    provider.add_user("twice")
    user_id = id_of(provider, "twice")
    seen = set()
    for password in (NEW, PASSWORD, NEW):
        assert provider.api("PUT", f"/users/{user_id}", json={"password": password}).status_code in (200, 204)
        seen.add(provider.rows("SELECT changed_at FROM passwords p, users u WHERE u.id = p.user_id AND u.username = 'twice'")[0][0])
    assert len(seen) == 3


def test_signed_out_meanwhile(provider):
    """Whoever was signed out while the password was looked at changes nothing, and is sent to sign in."""
    name = "meanwhile"
    provider.add_user(name)
    browser, answers = account_console(provider, name), []
    with provider.edit() as db:
        db.execute("INSERT INTO passkeys (credential_id, user_id, name, public_key, alg, sign_count, aaguid, is_uv_initialized,"
                   " is_backup_eligible, is_backed_up, created_at) VALUES (?, ?, 'mine', x'00', -7, 0, zeroblob(16), 1, 0, 0, 1)",
                   (b"mine", id_of(provider, name)))
    path = f"/account/security/passkeys/{b64url(b'mine')}/remove"
    form = {"csrf_token": hidden(browser.get("/account/security").text, "csrf_token"), "current_password": PASSWORD}
    with hashers_asleep(provider):
        post = threading.Thread(target=lambda: answers.append(browser.post(path, data=form)))
        post.start()
        wait_until_looked_at(provider, name)
        assert provider.api("POST", f"/users/{id_of(provider, name)}/revoke-sessions").status_code == 204
    post.join(60)
    assert (answers[0].status_code, answers[0].headers["Location"]) == (303, "/account/security")
    assert provider.rows("SELECT name FROM passkeys WHERE user_id = ?", id_of(provider, name)) == [("mine",)]
