"""An authenticator in software: does everything right unless told otherwise (WebAuthn; python3-cryptography)."""
import base64
import hashlib
import json
import secrets
import struct
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from provider import b64url, hidden, query_of

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
OFFERED = [-7, -35, -36, -257, -258, -259, -37, -38, -39, -8]
HASHES = {-7: hashes.SHA256(), -35: hashes.SHA384(), -36: hashes.SHA512(), -257: hashes.SHA256(), -258: hashes.SHA384(),
          -259: hashes.SHA512(), -37: hashes.SHA256(), -38: hashes.SHA384(), -39: hashes.SHA512()}
CURVES = {-7: (1, ec.SECP256R1()), -35: (2, ec.SECP384R1()), -36: (3, ec.SECP521R1())}


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


# --- CTAP2 canonical CBOR --------------------------------------------------------

def head(major, n):
    for bits, code in ((8, 24), (16, 25), (32, 26), (64, 27)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << bits:
            return bytes([major << 5 | code]) + n.to_bytes(bits // 8, "big")
    raise ValueError(n)


def cbor(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(v) for v in value)
    pairs = sorted(((cbor(k), cbor(v)) for k, v in value.items()), key=lambda p: (p[0][0] >> 5, len(p[0]), p[0]))
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


# --- keys ------------------------------------------------------------------------

class Key:
    def __init__(self, alg=-7):
        self.alg = alg
        if alg in CURVES:
            self.private = ec.generate_private_key(CURVES[alg][1])
        elif alg == -8:
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, 2048)

    def cose(self):
        public = self.private.public_key()
        if self.alg in CURVES:
            n, size = public.public_numbers(), (public.curve.key_size + 7) // 8
            return {1: 2, 3: self.alg, -1: CURVES[self.alg][0], -2: n.x.to_bytes(size, "big"), -3: n.y.to_bytes(size, "big")}
        if self.alg == -8:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {1: 1, 3: -8, -1: 6, -2: raw}
        n = public.public_numbers()
        return {1: 3, 3: self.alg, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}

    def sign(self, data):
        if self.alg in CURVES:
            return self.private.sign(data, ec.ECDSA(HASHES[self.alg]))
        if self.alg == -8:
            return self.private.sign(data)
        digest = HASHES[self.alg]
        if self.alg in (-37, -38, -39):
            return self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.private.sign(data, padding.PKCS1v15(), digest)


# --- ceremonies ------------------------------------------------------------------

class Passkey:
    """One credential of one site; `flags` are what it says of itself from now on."""

    def __init__(self, origin, alg=-7, flags=UP | UV, counts=True):
        self.origin, self.rp_id = origin, urllib.parse.urlsplit(origin).hostname
        self.key, self.id, self.flags = Key(alg), secrets.token_bytes(16), flags
        self.count, self.counts, self.user_handle = 0, counts, None

    def client_data(self, kind, challenge, changes=None):
        members = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **(changes or {})}
        return json.dumps({k: v for k, v in members.items() if v is not ...}).encode()

    def data(self, flags=None, rp_id=None, after=b"", count=None):
        if count is None:
            self.count += self.counts
            count = self.count
        return sha256((rp_id or self.rp_id).encode()) + struct.pack(">BI", self.flags if flags is None else flags, count) + after

    def attested(self):
        return bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor(self.key.cose())

    def envelope(self, **response):
        return {"id": b64url(self.id), "rawId": b64url(self.id), "type": "public-key",
                "response": {k: b64url(v) if isinstance(v, bytes) else v for k, v in response.items()}}

    def make(self, options, client=None, flags=None, fmt="none", self_attest=False, **how):
        """navigator.credentials.create(), as the script sends it."""
        public = options["publicKey"]
        self.user_handle = unb64(public["user"]["id"])
        client_data = self.client_data("webauthn.create", public["challenge"], client)
        data = self.data((self.flags if flags is None else flags) | AT, after=self.attested(), **how)
        statement = {}
        if self_attest:
            fmt, statement = "packed", {"alg": self.key.alg, "sig": self.key.sign(data + sha256(client_data))}
        return self.envelope(clientDataJSON=client_data, transports=["internal"],
                             attestationObject=cbor({"fmt": fmt, "attStmt": statement, "authData": data}))

    def show(self, options, client=None, signature=None, user_handle=..., **how):
        """navigator.credentials.get()"""
        client_data = self.client_data("webauthn.get", options["publicKey"]["challenge"], client)
        data = self.data(**how)
        if signature is None:
            signature = self.key.sign(data + sha256(client_data))
        handle = self.user_handle if user_handle is ... else user_handle
        return self.envelope(clientDataJSON=client_data, authenticatorData=data, signature=signature, userHandle=handle)


# --- the site --------------------------------------------------------------------

PARAMETERS = ("state", "redirect_uri", "client_id", "scope", "nonce", "code_challenge", "code_challenge_method", "prompt",
              "authorize_sig")


class Site:
    """The login page's side of it: what its script does, by hand."""

    def __init__(self, provider, client, browser):
        self.provider, self.client, self.browser = provider, client, browser

    def open(self, **params):
        if "prompt" not in params:  # nobody is signed in
            self.browser.cookies.pop("autentico_idp_session", None)
        page = self.browser.get(self.provider.authorize_url(self.client, **params))
        assert page.status_code == 200, page.text
        return self.read(page.text)

    def read(self, page):
        self.query = {name: hidden(page, name) or "" for name in PARAMETERS}
        return page

    def begin(self, username=None, **more):
        kind = "discoverable" if username is None else "login"
        query = {**self.query, **({} if username is None else {"username": username}), **more}
        return self.browser.get(f"/oauth2/passkey/{kind}/begin", params=query)

    def finish(self, begun, body, browser=None, challenge_id=None):
        kind = "discoverable" if begun["type"] == "discoverable-authentication" else "login"
        return (browser or self.browser).post(f"/oauth2/passkey/{kind}/finish", json=body,
                                              params={"challenge_id": challenge_id or begun["challenge_id"]})

    def sign_in(self, passkey, username=None, show=None, **params):
        """All of it; the last answer."""
        self.open(**params)
        begun = self.begin(username)
        assert begun.status_code == 200, begun.text
        return self.finish(begun.json(), passkey.show(begun.json()["options"], **(show or {})))


def signs_in_by(provider, passkey):
    """For second.Account: both factors by this passkey."""
    def sign_in(client, browser, username, **params):
        answer = Site(provider, client, browser).sign_in(passkey, username, **params)
        assert answer.status_code == 200, answer.text
        return query_of(answer.json()["redirect"])
    return sign_in


def add_passkey(account, origin, password, **how):
    """Registers one by the account API (second.Account)."""
    passkey = Passkey(origin, **how)
    begun = account("POST", "/passkeys/register/begin", current_password=password)
    assert begun.status_code == 200, begun.text
    data = begun.json()["data"]
    done = account("POST", "/passkeys/register/finish?challenge_id=" + data["challenge_id"], **passkey.make(data["options"]))
    assert done.status_code == 200, done.text
    return passkey
