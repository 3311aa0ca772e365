"""mod_auth_openidc, in an Apache of its own as the application: signs a person in, refreshes, logs out."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest
import requests

from provider import Browser, free_port, query_of

MODULES = "/usr/lib/apache2/modules"
CONFIG = """
ServerRoot {dir}
DefaultRuntimeDir {dir}
PidFile pid
ErrorLog error.log
LogLevel warn
ServerName localhost
Listen 127.0.0.1:{port}
User nobody
Group nogroup
{modules}
DocumentRoot {dir}/pages
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client.id}
OIDCClientSecret {client.secret}
OIDCRedirectURI {url}/callback
OIDCDefaultLoggedOutURL {url}/bye.html
OIDCCryptoPassphrase only-for-this-test
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCRefreshAccessTokenBeforeExpiry 3600
OIDCPassClaimsAs environment
<Location />
    AuthType openid-connect
    Require valid-user
    Header set X-Person "expr=%{{reqenv:OIDC_CLAIM_preferred_username}}"
    Header set X-Sub "expr=%{{reqenv:OIDC_CLAIM_sub}}"
    Header set X-Access-Token "expr=%{{reqenv:OIDC_access_token}}"
</Location>
<Location /bye.html>
    AuthType None
    Require all granted
</Location>
"""


class Application:
    def __init__(self, provider):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="aut-app-"))
        self.dir.chmod(0o755)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.client = provider.add_client(redirect_uri=self.url + "/callback", refresh=True,
                                          post_logout_redirect_uri=self.url + "/bye.html")
        (self.dir / "pages").mkdir()
        (self.dir / "pages" / "index.html").write_text("the application")
        (self.dir / "pages" / "bye.html").write_text("bye")
        names = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "dir", "auth_openidc")
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
        (self.dir / "conf").write_text(CONFIG.format(dir=self.dir, port=self.port, url=self.url, issuer=provider.issuer,
                                                     client=self.client, modules=modules))
        shutil.chown(self.dir, "nobody")
        self.process = subprocess.Popen(["apache2", "-f", str(self.dir / "conf"), "-D", "FOREGROUND"],
                                        env={"PATH": "/usr/sbin:/usr/bin:/bin"}, stderr=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if requests.get(self.url + "/bye.html", timeout=5).text == "bye":
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError(self.said())

    def said(self):
        log = self.dir / "error.log"
        return log.read_text() if log.exists() else "it did not start"

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def application(provider):
    a = Application(provider)
    yield a
    a.stop()


def test_mod_auth_openidc_signs_in(provider, application):
    browser = Browser(provider)
    sent = browser.get(application.url + "/")
    assert sent.status_code == 302 and sent.headers["Location"].startswith(provider.issuer + "/authorize?")
    asked = query_of(sent.headers["Location"])
    assert asked["code_challenge_method"] == "S256" and asked["client_id"] == application.client.id
    page = browser.get(sent.headers["Location"])
    back = provider.post_login(browser, page.text)
    assert back.headers["Location"].startswith(application.url + "/callback?"), back.text

    landed = browser.get(back.headers["Location"])
    assert landed.status_code == 302 and landed.headers["Location"] == application.url + "/", application.said()
    home = browser.get(application.url + "/")
    assert home.status_code == 200 and home.text == "the application", application.said()
    assert home.headers["X-Person"] == "admin" and re.fullmatch("[0-9a-v]{20}", home.headers["X-Sub"])
    token = home.headers["X-Access-Token"]
    assert provider.userinfo(token).json()["sub"] == home.headers["X-Sub"]

    # it refreshes by itself what lives for less than an hour
    again = browser.get(application.url + "/")
    assert again.status_code == 200 and again.headers["X-Access-Token"] != token, application.said()

    out = browser.get(application.url + "/callback?logout=" + requests.utils.quote(application.url + "/bye.html", ""))
    assert out.headers["Location"].startswith(provider.issuer + "/logout?"), application.said()
    assert query_of(out.headers["Location"])["id_token_hint"]
    gone = browser.get(out.headers["Location"])
    assert gone.headers["Location"] == application.url + "/bye.html", gone.text
    assert browser.get(application.url + "/").status_code == 302
    assert provider.userinfo(again.headers["X-Access-Token"]).status_code == 401
    assert os.path.exists(application.dir / "error.log") and "[auth_openidc:error]" not in application.said()
