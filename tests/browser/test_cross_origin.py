"""An application that lives in the browser, on another origin: HT-12, HT-13, design D16, with Chromium as the judge."""
import http.server
import threading

import pytest

from provider import ADMIN, PASSWORD, Provider, pkce, query_of

FETCH = """
    const done = arguments[arguments.length - 1];
    fetch(arguments[0], arguments[1]).then(async r => done({status: r.status, text: await r.text(),
        challenge: r.headers.get('WWW-Authenticate')})).catch(e => done({error: '' + e}))"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><title>An application</title><h1>Here</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def places():
    """Two origins with a page; the first will be an application's."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def provider():
    p = Provider(AUTENTICO_ENABLE_CORS="true")
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


@pytest.fixture(scope="module")
def app(provider, places):
    return provider.add_client(public=True, refresh=True, redirect_uri=places[0] + "/callback")


def fetch(screen, url, **how):
    screen.driver.set_script_timeout(20)
    return screen.driver.execute_async_script(FETCH, url, how)


def form(**fields):
    return {"method": "POST", "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            "body": "&".join(f"{k}={v}" for k, v in fields.items())}


def test_the_whole_job_from_a_script(provider, app, places, screen):
    verifier, challenge = pkce()
    screen.open(provider.authorize_url(app, code_challenge=challenge, code_challenge_method="S256"))
    screen.sign_in(ADMIN, PASSWORD)
    screen.until(lambda d: d.current_url.startswith(places[0]))
    code = query_of(screen.url)["code"]

    found = fetch(screen, provider.issuer + "/.well-known/openid-configuration")
    assert found["status"] == 200 and f'"issuer":"{provider.issuer}"' in found["text"]
    assert fetch(screen, provider.issuer + "/.well-known/jwks.json")["status"] == 200
    made = fetch(screen, provider.issuer + "/token", **form(
        grant_type="authorization_code", code=code, code_verifier=verifier, client_id=app.id,
        redirect_uri=app.redirect_uri.replace(":", "%3A").replace("/", "%2F")))
    assert made["status"] == 200, made
    token = screen.script("return JSON.parse(arguments[0]).access_token", made["text"])
    # a header of its own: Chromium asks first, and with a wrong one the script reads why not
    for value, status in ((token, 200), ("wrong", 401)):
        info = fetch(screen, provider.issuer + "/userinfo", headers={"Authorization": "Bearer " + value})
        assert info["status"] == status
    assert 'error="invalid_token"' in info["challenge"]
    gone = fetch(screen, provider.issuer + "/revoke", **form(token=token, client_id=app.id))
    assert gone["status"] == 200


def test_pages_cannot_be_read(provider, app, places, screen):
    """HT-12, with the person signed in and the cookie on its way"""
    screen.open(places[0] + "/")
    for path in ("/oauth2/authorize", "/oauth2/logout", "/account/profile", "/admin/", "/onboard"):
        answer = fetch(screen, provider.url + path, credentials="include")
        assert "error" in answer, (path, answer)


def test_from_elsewhere_nothing_can(provider, app, places, screen):
    screen.open(places[1] + "/")
    for path in ("/.well-known/openid-configuration", "/oauth2/.well-known/jwks.json", "/oauth2/userinfo", "/healthz"):
        assert "error" in fetch(screen, provider.url + path), path
