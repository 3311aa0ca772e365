"""Password hashes brought over from elsewhere: accepted, and replaced at the sign-in (design D5)."""
import subprocess

import pytest

from provider import PASSWORD, Browser
from second import Account


def tool(*args):
    done = subprocess.run(args, input=PASSWORD + "\n", capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def htpasswd(cost):
    """nginx, Apache: $2y$"""
    return tool("htpasswd", "-niB", "-C", str(cost), "somebody").partition(":")[2]


def mkpasswd(method, *more):
    """/etc/shadow"""
    return tool("mkpasswd", "--stdin", "--method=" + method, *more)


MADE = {
    "htpasswd -B": (lambda: htpasswd(5), "$2y$05$"),
    "htpasswd -B -C 10": (lambda: htpasswd(10), "$2y$10$"),
    "bcrypt": (lambda: mkpasswd("bcrypt"), "$2b$"),
    "bcrypt-a": (lambda: mkpasswd("bcrypt-a"), "$2a$"),
    "yescrypt": (lambda: mkpasswd("yescrypt"), "$y$"),
    "sha512crypt": (lambda: mkpasswd("sha512crypt"), "$6$"),
    "sha256crypt": (lambda: mkpasswd("sha256crypt", "--rounds=5000"), "$5$"),
}


def hash_of(provider, name):
    return provider.rows("SELECT p.hash, p.changed_at, p.hashed_at FROM passwords p JOIN users u ON u.id = p.user_id"
                         " WHERE u.username = ?", name)[0]


def bring(provider, name, old):
    provider.add_user(name)
    with provider.edit() as db:
        db.execute("UPDATE passwords SET hash = ?, changed_at = 1000, hashed_at = 1000 WHERE user_id ="
                   " (SELECT id FROM users WHERE username = ?)", (old, name))


@pytest.mark.parametrize("kind", MADE)
def test_login(provider, client, kind):
    make, prefix = MADE[kind]
    old, name = make(), "old" + "".join(c for c in kind if c.isalnum())
    assert old.startswith(prefix), old
    bring(provider, name, old)
    browser = Browser(provider)
    page = browser.get(provider.authorize_url(client)).text
    assert "bad_credentials" in provider.post_login(browser, page, name, PASSWORD + "x").headers["Location"]
    assert hash_of(provider, name) == (old, 1000, 1000)
    provider.sign_in(client, username=name)
    new, changed_at, hashed_at = hash_of(provider, name)
    assert new.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and (changed_at, hashed_at > 1000) == (1000, True)
    provider.sign_in(client, username=name)
    assert hash_of(provider, name)[0] == new  # once


def test_confirmation(provider, client):
    """The same where the password is asked for again, and where the hash changes under a sign-in."""
    bring(provider, "oldconfirm", htpasswd(5))
    account = Account(provider, "oldconfirm")  # its own sign-in upgrades it
    with provider.edit() as db:
        db.execute("UPDATE passwords SET hash = ? WHERE user_id = (SELECT id FROM users WHERE username = 'oldconfirm')",
                   (mkpasswd("sha512crypt"),))
    assert account("POST", "/mfa/totp/setup", current_password=PASSWORD).status_code == 200
    assert hash_of(provider, "oldconfirm")[0].startswith("$argon2id$")


@pytest.mark.parametrize("old", ["", "*", "!", "x", "$1$abcdefgh$jwMHPUKrJnfJ0uGYQpbkW1", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
                                 "$2y$05$short", "$argon2id$v=19$m=1", "correct horse battery", "rEK1ecacw.7.c"])
def test_what_is_no_hash(provider, client, old):
    """DES, MD5, plain text, nonsense: nobody gets in with it, and nothing breaks."""
    name = f"nohash{abs(hash(old)) % 10**8}"
    bring(provider, name, old)
    browser = Browser(provider)
    page = browser.get(provider.authorize_url(client)).text
    assert "bad_credentials" in provider.post_login(browser, page, name).headers["Location"]
    assert hash_of(provider, name)[0] == old
