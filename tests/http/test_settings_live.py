"""Design D17: a setting is live on the next request in every worker, whoever wrote it."""
import os
import sqlite3
import time

import requests


def css(provider):
    """As some worker has it; a connection each, so that all take turns."""
    return requests.get(provider.url + "/oauth2/static/theme.css", timeout=30).text


def test_a_change_is_live_in_every_worker(provider):
    for turn in range(5):
        text = f"body{{order:{turn}}}"
        with provider.settings(theme_css_inline=text):
            seen = {css(provider).splitlines()[-1] for _ in range(40)}
        assert seen == {text}


def test_a_change_by_hand_is_live_soon(provider):
    """Somebody with a shell, or a program of another version, does not tell the workers."""
    assert "by-hand" not in css(provider)
    with sqlite3.connect(os.path.join(provider.dir, "autentico.db")) as db:
        db.execute("INSERT INTO settings (key, value, updated_at) VALUES ('theme_css_inline', '.by-hand{}', 1)"
                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        db.execute("UPDATE installation SET settings_version = settings_version + 1")
    end = time.monotonic() + 20
    row = 0
    while row < 40:
        row = row + 1 if ".by-hand{}" in css(provider) else 0
        assert time.monotonic() < end
