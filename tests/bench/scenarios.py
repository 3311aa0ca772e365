"""What is measured: each scenario makes its own inputs and can be run again and again."""
import base64
import hashlib
from urllib.parse import urlencode

from harness_path import harness
from load import wrk

VERIFIER = "bench-verifier-0123456789-0123456789-0123456789"


def challenge():
    return harness.b64url(hashlib.sha256(VERIFIER.encode()).digest())


class Scenario:
    """
    name     as in the table
    need     share of B that design 6 asks for, or None
    is_signed, signatures_n   answers with tokens, with so many signatures; the need is that of ES256
    is_grant writes
    """
    name, need, is_cached, is_grant, is_signed, signatures_n = "", None, False, False, False, 0

    def __init__(self, bench):
        self.bench, self.site, self.client = bench, bench.site, bench.client

    def url(self, path):
        port = self.site.port if self.is_cached else self.site.port_uncached
        return f"http://localhost:{port}{path}"

    def authorize_path(self, **more):
        full = self.site.authorize_url(self.client, code_challenge=challenge(), code_challenge_method="S256", **more)
        return full[len(self.site.url):]

    def basic(self):
        return "Basic " + base64.b64encode(f"{self.client.id}:{self.client.secret}".encode()).decode()

    def prepare(self):
        pass

    def run(self, connections, seconds):
        raise NotImplementedError

    def fixed(self, path, connections, seconds, **arguments):
        return wrk(self.site, self.url(path), "fixed.lua", connections, seconds, **arguments)


class Yardstick(Scenario):
    name = "B (hello-world)"

    def run(self, connections, seconds):
        return self.fixed("/yardstick", connections, seconds)


class YardstickPlain(Scenario):
    name = "hello-world, libfcgi's own loop"

    def run(self, connections, seconds):
        return self.fixed("/yardstickplain", connections, seconds)


class Discovery(Scenario):
    name, need = "discovery, from a worker", 0.95

    def run(self, connections, seconds):
        return self.fixed("/.well-known/openid-configuration", connections, seconds)


class Jwks(Scenario):
    name, need = "JWKS, from a worker", 0.95

    def run(self, connections, seconds):
        return self.fixed("/oauth2/.well-known/jwks.json", connections, seconds)


class DiscoveryCached(Discovery):
    name, need, is_cached = "discovery, nginx's cache", 2.5, True


class JwksCached(Jwks):
    name, need, is_cached = "JWKS, nginx's cache", 2.5, True


class AuthorizePage(Scenario):
    name, need = "authorize page", 0.70

    def run(self, connections, seconds):
        return self.fixed(self.authorize_path(), connections, seconds)


class Login(Scenario):
    """One browser's form, posted again and again: each is a new session and a code."""
    name, is_grant = "login, with hash", True

    def prepare(self):
        browser = harness.Browser(self.site)
        page = browser.get(self.authorize_path())
        self.form = self.site.login_form(page.text)
        self.form.update(username=harness.ADMIN, password=harness.PASSWORD)
        self.cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)

    def run(self, connections, seconds):
        before = self.count()
        result = self.fixed("/oauth2/login", connections, seconds, method="POST", body=urlencode(self.form),
                            cookie=self.cookie, origin=self.site.url)
        made = self.count() - before
        assert made >= result.n, f"{result.n} answers but {made} sessions"
        return result

    def count(self):
        return self.bench.rows("sessions")


class LoginWithoutHash(Login):
    name, need = "login, without hash", 0.32


class PooledScenario(Scenario):
    """Needs codes: a signed-in browser collects them first."""

    def collect_codes(self, connections, seconds):
        path = self.bench.fresh_pool("codes")
        return path, wrk(self.site, self.url(self.authorize_path()), "codes.lua", connections, seconds,
                         cookie=self.bench.session_cookie(), codes=path)

    def exchange(self, codes, connections, seconds, **more):
        return wrk(self.site, self.url("/oauth2/token"), "exchange.lua", connections, seconds, codes=codes,
                   auth=self.basic(), redirect_uri=self.client.redirect_uri, verifier=VERIFIER, **more)

    def collect_tokens(self, connections):
        """Enough for each connection of each thread of the run to come, however slow the machine is."""
        threads = min(2, connections)
        access, refresh = self.bench.fresh_pool("access"), self.bench.fresh_pool("refresh")
        while any(lines_of(f"{refresh}.{i}") < 2 * connections for i in range(threads)):
            codes, _ = self.collect_codes(connections, 1)
            self.exchange(codes, connections, 1, tokens=access, refresh=refresh)
        return access, refresh


def lines_of(path):
    try:
        with open(path) as f:
            return sum(1 for _ in f)
    except FileNotFoundError:
        return 0


class AuthorizeCode(PooledScenario):
    name, is_grant = "authorize with a session, code", True

    def run(self, connections, seconds):
        return self.collect_codes(connections, seconds)[1]


class CodeExchange(PooledScenario):
    name, need, is_grant, is_signed, signatures_n = "code exchange", 0.20, True, True, 2

    def run(self, connections, seconds):
        codes, _ = self.collect_codes(connections, seconds + 1)
        return self.exchange(codes, connections, seconds)


class ClientCredentials(Scenario):
    name, need, is_grant, is_signed, signatures_n = "client credentials", 0.32, True, True, 1

    def run(self, connections, seconds):
        return self.fixed("/oauth2/token", connections, seconds, method="POST", auth=self.basic(),
                          body="grant_type=client_credentials")


class Refresh(PooledScenario):
    name, need, is_grant, is_signed, signatures_n = "refresh", 0.22, True, True, 2

    def run(self, connections, seconds):
        _, refresh = self.collect_tokens(connections)
        before = self.bench.rows("tokens")
        result = wrk(self.site, self.url("/oauth2/token"), "refresh.lua", connections, seconds, refresh=refresh,
                     chains=2 * connections, auth=self.basic())
        made = self.bench.rows("tokens") - before
        assert made >= result.n, f"{result.n} answers but {made} tokens"
        return result


class Userinfo(PooledScenario):
    name, need = "userinfo", 0.72

    def run(self, connections, seconds):
        access, _ = self.collect_tokens(connections)
        return wrk(self.site, self.url("/oauth2/userinfo"), "tokens.lua", connections, seconds, tokens=access)


class Introspect(PooledScenario):
    name, need = "introspection", 0.72

    def run(self, connections, seconds):
        access, _ = self.collect_tokens(connections)
        return wrk(self.site, self.url("/oauth2/introspect"), "tokens.lua", connections, seconds, tokens=access,
                   auth=self.basic())


ALL = [YardstickPlain, Discovery, Jwks, DiscoveryCached, JwksCached, AuthorizePage, AuthorizeCode, Login, CodeExchange, Refresh,
       ClientCredentials, Userinfo, Introspect]
