"""What a case sends and what it must meet; the words of the conformance list.

A case is C(name, request, expectation).  A request is text with @words@ in it that the
world fills in (a client, its secret, tokens, …); the length of the body is counted last.
"""
import html
import re
import urllib.parse

FORM = "application/x-www-form-urlencoded"


class Request:
    """head and body, with @words@ still in them; `pieces` bytes are sent at a time."""

    def __init__(self, head, body=b""):
        self.head, self.body = head, body

    def render(self, world):
        head, body = (fill(part, world) for part in (self.head, self.body))
        return head.replace(b"@length@", str(len(body)).encode()) + body


def fill(text, world):
    raw = text if isinstance(text, bytes) else text.encode("latin-1")
    return re.sub(rb"@([a-z_]+)@", lambda m: world.get(m.group(1).decode(), m.group(0)), raw)


def lines(first, headers):
    return "\r\n".join([first, "Host: @host@", "Connection: close", *headers]) + "\r\n\r\n"


def GET(path, *headers, method="GET"):
    return Request(lines(f"{method} {path} HTTP/1.1", headers))


def POST(path, body="", *headers, type=FORM, method="POST", length="@length@"):
    more = ([f"Content-Type: {type}"] if type is not None else []) + [f"Content-Length: {length}", "Origin: @url@"]
    return Request(lines(f"{method} {path} HTTP/1.1", [*more, *headers]), body)


def RAW(text, body=b""):
    """As it stands, but for the @words@."""
    return Request(text, body)


BASIC = "Authorization: Basic @basic@"
ADMIN = "Authorization: Bearer @admin@"
ACCESS = "Authorization: Bearer @access@"


def TOKEN(body, *headers, **kw):
    return POST("/oauth2/token", body, *headers, **kw)


def API(method, path, body="", type="application/json"):
    return POST("/admin/api" + path, body, ADMIN, method=method, type=type)


# --- expectations ----------------------------------------------------------------

def ours(answer):
    """Whatever we say comes with these, and with nothing that somebody else put there."""
    assert len(answer.headers["x-request-id"]) == 1, "not ours"
    assert answer.get("x-frame-options") == "DENY" and answer.get("x-content-type-options") == "nosniff"
    assert "frame-ancestors 'none'" in answer.get("content-security-policy")
    assert "x-injected" not in answer.headers and "injected" not in answer.get("set-cookie")
    assert not re.search(r"sqlite|SELECT |\.c:\d|Sanitizer", answer.text), answer.text


def is_status(answer, status):
    assert answer.status == status, repr(answer)


def PAGE(status, words=""):
    """PAGE: an error page of ours; the browser goes nowhere."""
    def check(answer, world):
        is_status(answer, status)
        ours(answer)
        assert answer.get("content-type") == "text/html; charset=utf-8" and "location" not in answer.headers
        found = re.search(r'class="auth-error" role="alert">([^<]*)<', answer.text)
        assert found and words in html.unescape(found.group(1)), repr(answer)
    return check


def SHOWN(words, status=200):
    """A page that works."""
    def check(answer, world):
        is_status(answer, status)
        ours(answer)
        assert answer.get("content-type") == "text/html; charset=utf-8" and words in answer.text, repr(answer)
    return check


LOGIN = SHOWN(">Log In</button>")


def REDIR(code, state="st"):
    """REDIR(code): at the application, with state and iss."""
    def check(answer, world):
        is_status(answer, 302)
        ours(answer)
        where = answer.get("location")
        assert where.startswith(world["cb_plain"].decode() + "?"), where
        q = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query, keep_blank_values=True)
        assert q["error"] == [code] and q["iss"] == [world["issuer"].decode()], where
        assert q.get("state") == ([state] if state is not None else None), where
        assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", q.get("error_description", [""])[0])  # HT-10
    return check


def MOVED(where, status=301):
    def check(answer, world):
        is_status(answer, status)
        ours(answer)
        assert answer.get("location") == where, answer.get("location")
    return check


def SIGN_IN(console):
    """A page of a console without a session: off to authorize."""
    def check(answer, world):
        is_status(answer, 302)
        ours(answer)
        assert answer.get("location").startswith(world["issuer"].decode() + "/authorize?"), answer.get("location")
        assert f"client_id=autentico-{console}" in answer.get("location")
    return check


def JSON(status, code, words=""):
    """JSON(nnn,x): no-store, application/json, error and a clean description."""
    def check(answer, world):
        import json
        is_status(answer, status)
        ours(answer)
        assert answer.get("content-type") == "application/json" and answer.get("cache-control") == "no-store"
        body = json.loads(answer.text)
        text = body.get("error_description", "")
        assert body.get("error") == code and words in text, answer.text
        assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", text), text  # HT-10
    return check


def PERR(status, words=""):
    """PERR of http-api 1.3: the words and nothing else."""
    def check(answer, world):
        import json
        is_status(answer, status)
        ours(answer)
        assert answer.get("content-type") == "application/json" and answer.get("cache-control") == "no-store"
        assert "set-cookie" not in answer.headers or "idp_session" not in answer.get("set-cookie")
        body = json.loads(answer.text)
        assert list(body) == ["error"] and words in body["error"], answer.text
    return check


def WWW(status, code):
    """WWW(nnn,x); code None: a realm and no more."""
    def check(answer, world):
        is_status(answer, status)
        ours(answer)
        challenge = answer.get("www-authenticate")
        assert re.fullmatch(r'Bearer realm="[^"]*"(, \w+="[^"\\]*")*', challenge), challenge  # BT-08
        assert (f'error="{code}"' in challenge) if code else ("error" not in challenge), challenge
    return check


def TEXT(status, words):
    def check(answer, world):
        is_status(answer, status)
        ours(answer)
        assert answer.get("content-type") == "text/plain; charset=utf-8" and words in answer.text, repr(answer)
    return check


CSRF = TEXT(403, "CSRF")


def OK(status=200, words="", type=None):
    def check(answer, world):
        is_status(answer, status)
        assert words in answer.text, repr(answer)
        assert type is None or answer.get("content-type") == type
    return check


def FRONT(status):
    """The web server itself; nothing of it reached us."""
    def check(answer, world):
        is_status(answer, status)
        assert "x-request-id" not in answer.headers and answer.get("connection") in ("close", ""), repr(answer)
    return check


def GONE(answer, world):
    """The connection is closed without a word."""
    assert answer.raw == b"", answer.raw[:200]


class C:
    def __init__(self, name, request, expect):
        self.name, self.request, self.expect = name, request, expect
