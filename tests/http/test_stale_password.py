"""A password that is changed while it is being looked at lets nobody in."""
import contextlib
import os
import signal
import threading
import time

import pytest

from provider import PASSWORD, Browser, query_of

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
    end = time.monotonic() + 20
    while not provider.rows("SELECT 1 FROM lockouts l, users u WHERE u.id = l.user_id AND u.username = ? AND pending_n = 1", name):
        assert time.monotonic() < end
        time.sleep(0.02)


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
    user_id = provider.rows("SELECT id FROM users WHERE username = 'twice'")[0][0]
    seen = set()
    for password in (NEW, PASSWORD, NEW):
        assert provider.api("PUT", f"/users/{user_id}", json={"password": password}).status_code in (200, 204)
        seen.add(provider.rows("SELECT changed_at FROM passwords p, users u WHERE u.id = p.user_id AND u.username = 'twice'")[0][0])
    assert len(seen) == 3
