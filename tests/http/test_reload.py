"""HUP replaces every process without failing a request; what cannot be taken is refused and changes nothing."""
import base64
import os
import re
import signal
import subprocess
import threading
import time

from provider import Browser, Provider, query_of


def env_file(p):
    return os.path.join(p.dir, ".env")


def change(p, name, value):
    """Sets a variable in the file, as an operator with an editor would."""
    with open(env_file(p)) as f:
        lines = [line for line in f.read().splitlines() if not line.startswith(name + "=")]
    with open(env_file(p), "w") as f:
        f.write("\n".join(lines + ([f"{name}={value}"] if value is not None else [])) + "\n")


def value_of(p, name):
    with open(env_file(p)) as f:
        return re.search(rf"^{name}=(.*)$", f.read(), re.M).group(1)


def hang_up(p, until="reloaded"):
    """Sends HUP and waits for what the log says of it, and for the old processes to go."""
    seen, before = len(p.events(until)), set(p.children())
    p.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while len(p.events(until)) == seen:
        assert time.monotonic() < end and p.process.poll() is None, p.read_log()
        time.sleep(0.02)
    if until == "reloaded":
        while len(before & set(p.children())) > 1:  # the private front stays
            assert time.monotonic() < end, p.read_log()
            time.sleep(0.02)


def start(**env):
    p = Provider(**env)
    p.onboard_cli()
    p.start()
    return p


def test_no_request_fails_or_waits_for_it():
    """Full sign-ins while the pool is replaced three times."""
    p = start()
    try:
        client = p.add_client(refresh=True)
        stop, failures, done = threading.Event(), [], []

        def sign_in_again_and_again():
            while not stop.is_set():
                try:
                    tokens = p.tokens(client)
                    assert p.userinfo(tokens["access_token"]).status_code == 200
                    assert p.refresh(client, tokens["refresh_token"]).status_code == 200
                    done.append(1)
                except Exception as e:  # noqa: BLE001
                    failures.append(repr(e))

        threads = [threading.Thread(target=sign_in_again_and_again) for _ in range(3)]
        for t in threads:
            t.start()
        for _ in range(3):
            hang_up(p)
        stop.set()
        for t in threads:
            t.join(60)
        assert not failures, failures[:3]
        assert done
        assert not p.events("process_died")
    finally:
        p.stop()


def test_new_values_are_in_force():
    p = start()
    try:
        client = p.add_client(refresh=True)
        assert "refresh_token" in p.tokens(client)
        change(p, "AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY", "true")
        assert "refresh_token" in p.tokens(client)  # not before it is told
        hang_up(p)
        assert "refresh_token" not in p.tokens(client)
    finally:
        p.stop()


def test_a_fault_changes_nothing():
    p = start()
    try:
        client = p.add_client()
        change(p, "AUTENTICO_WORKERS", "many")
        hang_up(p, "reload_refused")
        assert any("AUTENTICO_WORKERS" in e["why"] for e in p.events("configuration"))
        change(p, "AUTENTICO_WORKERS", None)
        change(p, "AUTENTICO_APP_OAUTH_PATH", "/elsewhere")
        hang_up(p, "reload_refused")
        assert any("restart" in e["why"] for e in p.events("configuration"))
        assert p.userinfo(p.tokens(client)["access_token"]).status_code == 200
        change(p, "AUTENTICO_APP_OAUTH_PATH", "/oauth2")
        change(p, "AUTENTICO_ENCRYPTION_KEY", base64.b64encode(os.urandom(32)).decode())
        hang_up(p, "reload_refused")  # the sealed columns would be lost
        assert any("AUTENTICO_ENCRYPTION_KEY" in e["why"] for e in p.events("reload"))
        assert p.userinfo(p.tokens(client)["access_token"]).status_code == 200
    finally:
        p.stop()


def test_number_of_processes():
    p = start(AUTENTICO_WORKERS="3", AUTENTICO_LOGIN_WORKERS="2")
    try:
        before = len(p.children())
        del p.env["AUTENTICO_WORKERS"]  # the environment of a running process stays what it was
        change(p, "AUTENTICO_HASHERS", "3")
        hang_up(p)
        assert len(p.children()) == before + 3 - max(1, (os.cpu_count() or 1) // 2)
    finally:
        p.stop()


def test_cookie_secret_with_overlap_and_without():
    """Sessions outlive a rotation while the previous secret is named, and end without it."""
    p = start()
    try:
        client, browser = p.add_client(), Browser(p)
        p.sign_in(client, browser)
        old = value_of(p, "AUTENTICO_CSRF_SECRET_KEY")
        change(p, "AUTENTICO_CSRF_SECRET_KEY", os.urandom(32).hex())
        change(p, "AUTENTICO_COOKIE_SECRET_PREVIOUS", old)
        hang_up(p)
        assert "code" in query_of(browser.get(p.authorize_url(client)).headers["Location"])
        change(p, "AUTENTICO_CSRF_SECRET_KEY", os.urandom(32).hex())
        change(p, "AUTENTICO_COOKIE_SECRET_PREVIOUS", None)
        hang_up(p)
        assert browser.get(p.authorize_url(client)).status_code == 200  # the sign-in page
    finally:
        p.stop()


def test_secrets_of_the_environment_are_kept():
    """D3a: they are overwritten where /proc shows them, and still there for the next reading."""
    secret = os.urandom(32).hex()
    p = Provider(AUTENTICO_COOKIE_SECRET=secret)
    change(p, "AUTENTICO_CSRF_SECRET_KEY", None)
    p.onboard_cli()
    p.start()
    try:
        with open(f"/proc/{p.process.pid}/environ", "rb") as f:
            assert secret.encode() not in f.read()
        client, browser = p.add_client(), Browser(p)
        p.sign_in(client, browser)
        hang_up(p)
        assert "code" in query_of(browser.get(p.authorize_url(client)).headers["Location"])
    finally:
        p.stop()


def test_new_private_key():
    """Another key under another kid: both are published, the new one signs, what the old one signed stays valid."""
    p = start()
    try:
        client = p.add_client()
        old = p.tokens(client)
        pem = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
        change(p, "AUTENTICO_PRIVATE_KEY", base64.b64encode(pem).decode())
        change(p, "AUTENTICO_JWK_CERT_KEY_ID", "second")
        hang_up(p)
        keys = p.jwks()["keys"]
        header = p.tokens(client)["access_token"].split(".")[0]
        assert b'"second"' in base64.urlsafe_b64decode(header + "==")
        assert p.userinfo(old["access_token"]).status_code == 200
        assert len(keys) == 2 and "second" in {k["kid"] for k in keys}
    finally:
        p.stop()
