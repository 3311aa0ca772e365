"""AUTENTICO_ADMIN_ALLOW: who may use the administrators' console and API at all (design 4 "network", D11)."""
import shutil

import pytest
import requests

import fastcgi
from provider import ADMIN, Browser, Provider, account_console, oerr
from test_reload import change, hang_up

NEAR, FAR = "192.0.2.7", "203.0.113.9"
PLACES = [("GET", "/admin/api/users"), ("POST", "/admin/api/clients"), ("PUT", "/admin/api/settings"),
          ("GET", "/oauth2/register/x"), ("POST", "/oauth2/register"), ("GET", "/admin/"), ("POST", "/admin/users/new"),
          ("GET", "/admin/callback?code=x&state=y"), ("GET", "/admin"), ("GET", "/admin/nowhere"),
          ("GET", "/admin/api/nowhere"), ("PATCH", "/admin/api/users"), ("OPTIONS", "/admin/api/users"),
          ("GET", "/%61dmin/api/users"), ("GET", "/admin/api/users?limit=%zz")]


@pytest.fixture(scope="module")
def provider():
    p = Provider(tcp=False)  # its own front comes from loopback
    change(p, "AUTENTICO_ADMIN_ALLOW", "192.0.2.0/24, 2001:db8::/32")
    p.onboard_cli()
    p.start()
    yield p
    p.stop()


def ask(p, address, uri="/admin/api/users", method="GET", **headers):
    """(status, body) of a request as the web server would pass it on from that address."""
    return fastcgi.ask(p.dir + "/main.sock", method=method, uri=uri, REMOTE_ADDR=address,
                       HTTP_AUTHORIZATION="Bearer " + p.admin_token, HTTP_HOST=p.url.partition("//")[2], **headers)


@pytest.mark.parametrize("method, uri", PLACES)
def test_closed_to_others(provider, method, uri):
    status, body = ask(provider, FAR, uri, method)
    assert status == 403 and "not open to this address: " + FAR in body
    assert "not open to" not in ask(provider, NEAR, uri, method)[1]


def test_in_the_language_of_the_place(provider):
    said = oerr(provider.api("GET", "/users"), 403, "forbidden")
    assert said == "Administration is not open to this address: 127.0.0.1"
    page = Browser(provider).get("/admin/")
    assert page.status_code == 403 and page.headers["Content-Type"].startswith("text/html") and said in page.text
    assert "Location" not in page.headers  # nobody is sent to sign in for it


@pytest.mark.parametrize("address, is_near", [
    ("192.0.2.0", True), ("192.0.2.255", True), ("192.0.3.0", False), ("192.0.1.255", False), ("::ffff:192.0.2.7", True),
    ("2001:db8::1", True), ("2001:db8:ffff::", True), ("2001:db9::1", False), ("::1", False), ("127.0.0.1", False),
    ("unix:", False), ("", False), ("192.0.2.7.", False)])
def test_addresses(provider, address, is_near):
    assert ask(provider, address)[0] == (200 if is_near else 403)


@pytest.mark.parametrize("peer, forwarded, status", [
    (FAR, NEAR, 403), (NEAR, FAR, 200),                        # nobody believes them
    ("127.0.0.1", NEAR, 200), ("127.0.0.1", FAR, 403),         # a trusted proxy
    ("127.0.0.1", NEAR + ", " + FAR, 403), ("127.0.0.1", FAR + ", " + NEAR, 200)])
def test_the_address_is_the_clients(provider, peer, forwarded, status):
    """D11: what a proxy that is trusted says, and the right-most of it."""
    assert ask(provider, peer, HTTP_X_FORWARDED_FOR=forwarded)[0] == status


def test_before_anything_is_looked_at(provider):
    """No wrong token is told from a right one, nothing is written, and the log says who was sent away."""
    before = provider.rows("SELECT count(*) FROM audit_logs")
    assert provider.api("GET", "/users", token="x" * 43).status_code == 403
    assert requests.post(provider.url + "/admin/api/users", data=b"\xff{", timeout=10).status_code == 403
    assert provider.rows("SELECT count(*) FROM audit_logs") == before
    last = provider.events("request")[-1]
    assert (str(last["status"]), last["why"], last["address"]) == ("403", "forbidden", "127.0.0.1")


def test_everybody_else_goes_on(provider):
    """Applications, people's own pages and what is public; the command line knows no network."""
    client = provider.add_client(refresh=True)
    tokens = provider.tokens(client)
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    account_console(provider, ADMIN)
    for path in ("/healthz", "/oauth2/.well-known/openid-configuration", "/static/auth.css", "/administrators"):
        assert requests.get(provider.url + path, timeout=10).status_code != 403
    assert ADMIN in provider.run("users", "list").stdout


def test_a_token_of_an_administrator_is_no_way_round(provider):
    token = provider.console_token()
    assert provider.api("GET", "/users", token=token).status_code == 403
    answer = requests.post(provider.issuer + "/register", headers={"Authorization": "Bearer " + token}, timeout=10,
                           json={"client_name": "x", "redirect_uris": ["https://app.example/cb"]})
    oerr(answer, 403, "forbidden")


def test_reload_and_the_default(provider):
    change(provider, "AUTENTICO_ADMIN_ALLOW", "127.0.0.1")
    hang_up(provider)
    assert provider.api("GET", "/users").status_code == 200 and ask(provider, NEAR)[0] == 403
    change(provider, "AUTENTICO_ADMIN_ALLOW", None)
    hang_up(provider)
    assert ask(provider, NEAR)[0] == ask(provider, FAR)[0] == 200
    change(provider, "AUTENTICO_ADMIN_ALLOW", "10.0.0.0/33")
    hang_up(provider, "reload_refused")
    assert ask(provider, FAR)[0] == 200  # as it was


@pytest.mark.parametrize("value", ["10.0.0.0/33", "office", "10.0.0.0/8;192.0.2.1", ",", "10.0.0.1-10.0.0.9"])
def test_what_is_no_network_stops_the_start(value):
    p = Provider(AUTENTICO_ADMIN_ALLOW=value)
    try:
        refused = p.run("start", check=False)
        assert refused.returncode == 1 and "AUTENTICO_ADMIN_ALLOW: expected addresses or prefixes" in refused.stderr
    finally:
        shutil.rmtree(p.dir)
