"""Tokens that look like ours: every classic way, and the harmless ways beside them as a control."""
import base64
import json

from cryptography.hazmat.primitives import serialization
from jwcrypto import jwk
from jwcrypto.jwa import JWA

from jose import b64, header_of, payload_of, unb64

OTHER = jwk.JWK.generate(kty="RSA", size=2048)
CURVE = jwk.JWK.generate(kty="EC", crv="P-256")


def text_of(x):
    return x if isinstance(x, (bytes, str)) else json.dumps(x)


def sign(header, payload, key, alg="RS256"):
    """Whatever header and payload are: text goes in as it is."""
    text = b64(text_of(header)) + "." + b64(text_of(payload))
    return text + "." + b64(JWA.signing_alg(alg).sign(key, text.encode()))


class Genuine:
    """A token of ours, and the key it was signed with: what an attacker has not."""

    def __init__(self, provider, token):
        with open(provider.dir + "/.env") as f:
            line = next(line for line in f if line.startswith("AUTENTICO_PRIVATE_KEY="))
        pem = base64.b64decode(line.split("=", 1)[1].strip().strip('"'))
        self.token, self.key = token, jwk.JWK.from_pem(pem)
        self.header, self.claims = header_of(token), payload_of(token)
        self.head, self.body, self.signature = token.split(".")
        self.public = serialization.load_pem_private_key(pem, None).public_key()

    def signed(self, header=None, **claims):
        """With our key; a claim that is None is left out."""
        payload = {k: v for k, v in {**self.claims, **claims}.items() if v is not None}
        return sign(self.header if header is None else header, payload, self.key)

    def headed(self, **members):
        return self.signed({k: v for k, v in {**self.header, **members}.items() if v is not None})

    def raw(self, payload, header=None):
        return sign(self.header if header is None else header, payload, self.key)

    def as_mac_key(self, form):
        if form == "modulus":
            raw = self.public.public_numbers().n.to_bytes(256, "big")
        elif form == "jwk":
            raw = self.key.export_public().encode()
        elif form == "empty":
            raw = b""
        else:
            encoding, kind = form
            raw = self.public.public_bytes(encoding, kind)
        return jwk.JWK(kty="oct", k=b64(raw) or "AA")


PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
MAC_KEYS = {"SPKI in PEM": (PEM, SPKI), "PKCS#1 in PEM": (PEM, PKCS1), "SPKI in DER": (DER, SPKI), "PKCS#1 in DER": (DER, PKCS1),
            "the JWK": "jwk", "the modulus": "modulus", "nothing": "empty"}


def padded(text):
    return text + "=" * (-len(text) % 4 or 4)


def loosened(text):
    """The same bytes by another spelling: bits that nobody reads set in the last character (none to spare: another byte)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = alphabet.index(text[-1])
    return text[:-1] + alphabet[at ^ 1]


REFUSED = {
    # JO-01: another algorithm with the right key, and with another one
    **{f"JO-01 {alg} by our key": (lambda g, alg=alg: sign({**g.header, "alg": alg}, g.claims, g.key, alg)) for alg in ("RS384", "RS512", "PS256")},
    "JO-01 ES256 by a key of one's own": lambda g: sign({**g.header, "alg": "ES256"}, g.claims, CURVE, "ES256"),
    "JO-01 RS256 said, PS256 done": lambda g: sign(g.header, g.claims, g.key, "PS256"),
    "JO-01 PS256 said, RS256 done": lambda g: g.headed(alg="PS256"),
    **{f"JO-01 alg {alg!r}": (lambda g, alg=alg: g.headed(alg=alg)) for alg in ("", "rs256", "RS256 ", "RSA", 256, True, ["RS256"], {"a": 1})},
    "JO-01 no alg": lambda g: g.headed(alg=None),
    # JO-02
    **{f"JO-02 {alg} without a signature": (lambda g, alg=alg: b64(json.dumps({**g.header, "alg": alg})) + "." + g.body + ".") for alg in ("none", "None", "NONE", "nOnE")},
    "JO-02 none with the signature": lambda g: b64('{"alg":"none"}') + "." + g.body + "." + g.signature,
    "JO-02 none, two segments": lambda g: b64('{"alg":"none"}') + "." + g.body,
    "JO-02 our header without a signature": lambda g: g.head + "." + g.body + ".",
    # JO-03
    **{f"JO-03 HS256 with {name}": (lambda g, form=form: sign({**g.header, "alg": "HS256"}, g.claims, g.as_mac_key(form), "HS256")) for name, form in MAC_KEYS.items()},
    # JO-04, by our own key
    "JO-04 crit of nothing": lambda g: g.headed(crit=[]),
    "JO-04 crit of something absent": lambda g: g.headed(crit=["exp"]),
    "JO-04 crit of something unknown": lambda g: g.headed(crit=["http://example.test/x"], **{"http://example.test/x": True}),
    "JO-04 crit of a known name": lambda g: g.headed(crit=["alg"]),
    "JO-04 crit as text": lambda g: g.headed(crit="exp"),
    "JO-04 crit null": lambda g: g.signed(json.dumps({**g.header, "crit": None})),
    "JO-04 b64 false": lambda g: g.headed(crit=["b64"], b64=False),
    "JO-04 b64 false without crit": lambda g: g.headed(b64=False),
    # JO-05: a key brought along
    "JO-05 jwk": lambda g: sign({**g.header, "jwk": json.loads(OTHER.export_public())}, g.claims, OTHER),
    "JO-05 jwk without kid": lambda g: sign({"alg": "RS256", "typ": "JWT", "jwk": json.loads(OTHER.export_public())}, g.claims, OTHER),
    "JO-05 jku": lambda g: sign({**g.header, "jku": "http://127.0.0.1:1/jwks"}, g.claims, OTHER),
    "JO-05 x5u": lambda g: sign({**g.header, "x5u": "http://127.0.0.1:1/x"}, g.claims, OTHER),
    "JO-05 x5c": lambda g: sign({**g.header, "x5c": ["MIIB"]}, g.claims, OTHER),
    **{f"JO-05 kid {kid!r:.40}": (lambda g, kid=kid: sign({**g.header, "kid": kid}, g.claims, OTHER)) for kid in (
        "../../../dev/null", "http://127.0.0.1:1/", "' UNION SELECT 'x", "|id", "", "x" * 900)},
    **{f"JO-05 kid {kid!r}, by our key": (lambda g, kid=kid: g.signed(json.dumps({**g.header, "kid": kid}))) for kid in ("other", 1, None, ["x"], {})},
    # JO-07
    "JO-07 padding on the header": lambda g: f"{padded(g.head)}.{g.body}.{g.signature}",
    "JO-07 padding on the payload": lambda g: f"{g.head}.{padded(g.body)}.{g.signature}",
    "JO-07 padding on the signature": lambda g: f"{g.head}.{g.body}.{padded(g.signature)}",
    "JO-07 the other alphabet": lambda g: f"{g.head}.{g.body}.{'+/' + g.signature[2:]}",
    "JO-07 trailing bits of the signature": lambda g: f"{g.head}.{g.body}.{loosened(g.signature)}",
    "JO-07 trailing bits of the payload": lambda g: f"{g.head}.{loosened(g.body)}.{g.signature}",
    "JO-07 one character more": lambda g: g.token + "A",
    "JO-07 one character less": lambda g: g.token[:-1],
    "JO-07 one segment": lambda g: g.head,
    "JO-07 two segments": lambda g: f"{g.head}.{g.body}",
    "JO-07 four segments": lambda g: f"{g.token}.{g.signature}",
    "JO-07 five segments": lambda g: f"{g.token}.x.y",
    "JO-07 a hundred segments": lambda g: ".".join(["e30"] * 100),
    "JO-07 only dots": lambda g: "..",
    "JO-07 a dot first": lambda g: "." + g.token,
    "JO-07 a dot last": lambda g: g.token + ".",
    "JO-07 an empty header": lambda g: f".{g.body}.{g.signature}",
    "JO-07 an empty payload": lambda g: f"{g.head}..{g.signature}",
    "JO-07 JSON serialization": lambda g: json.dumps({"protected": g.head, "payload": g.body, "signature": g.signature}, separators=(",", ":")),
    "JO-07 a claim twice": lambda g: g.raw(json.dumps(g.claims)[:-1] + ', "sub": "x"}'),
    "JO-07 a claim twice, the same": lambda g: g.raw(json.dumps(g.claims)[:-1] + ', "iss": %s}' % json.dumps(g.claims["iss"])),
    "JO-07 a header member twice": lambda g: g.signed(json.dumps(g.header)[:-1] + ', "alg": "RS256"}'),
    **{f"JO-07 the payload is {what}": (lambda g, text=text: g.raw(text)) for what, text in {
        "an array": "[]", "text": '"x"', "a number": "1", "null": "null", "nothing": "{}", "not closed": '{"iss":', "no JSON": "x", "two": "{}{}", "bytes": b"\xff\xfe",
        "with a NUL": b'{"a":"\0"}', "deep": "[" * 2000}.items()},
    **{f"JO-07 the header is {what}": (lambda g, text=text: g.signed(text)) for what, text in {
        "an array": '["RS256"]', "text": '"RS256"', "null": "null", "empty": "{}", "no JSON": "x", "bytes": b"\xff"}.items()},
    # the signature
    "signed by somebody else": lambda g: sign(g.header, g.claims, OTHER),
    "a signature of zeros": lambda g: f"{g.head}.{g.body}.{b64(bytes(256))}",
    "a signature of ones": lambda g: f"{g.head}.{g.body}.{b64(bytes([255] * 256))}",
    "a short signature": lambda g: f"{g.head}.{g.body}.AA",
    "a long signature": lambda g: f"{g.head}.{g.body}.{b64(unb64(g.signature) + bytes(16))}",
    "a changed payload": lambda g: f"{g.head}.{b64(json.dumps({**g.claims, 'sub': 'x'}))}.{g.signature}",
    "a changed header": lambda g: f"{b64(json.dumps({**g.header, 'x': 1}))}.{g.body}.{g.signature}",
    "one bit of the signature": lambda g: f"{g.head}.{g.body}.{b64(bytes([unb64(g.signature)[0] ^ 1]) + unb64(g.signature)[1:])}",
    "an encrypted one (JO-15)": lambda g: ".".join([b64('{"alg":"RSA-OAEP","enc":"A256GCM"}'), "AAAA", "AAAA", "AAAA", "AAAA"]),
    # JO-06: of our key, but not of this kind
    "JO-06 a logout token": lambda g: g.signed({**g.header, "typ": "logout+jwt"}, events={"http://schemas.openid.net/event/backchannel-logout": {}}),
    "JO-06 of another typ": lambda g: g.headed(typ="at+jwt"),
    "JO-06 of no typ": lambda g: g.headed(typ=None),
    **{f"JO-06 iss {iss!r}": (lambda g, iss=iss: g.raw(json.dumps({**g.claims, "iss": iss}))) for iss in ("https://evil.example", "", 1, None, ["x"])},
    "JO-06 iss with a slash": lambda g: g.signed(iss=g.claims["iss"] + "/"),
    "JO-06 iss in capitals": lambda g: g.signed(iss=g.claims["iss"].upper()),
    "JO-06 no iss": lambda g: g.signed(iss=None),
    "JO-06 no aud": lambda g: g.signed(aud=None),
    "JO-06 aud a number": lambda g: g.signed(aud=1),
    "JO-06 no sub": lambda g: g.signed(sub=None),
    "JO-06 sub a number": lambda g: g.signed(sub=1),
}

# Of access tokens only: a hint may be old, and is not in the store.
REFUSED_BEARERS = {
    **{f"JO-10 {name}": make for name, make in {
        "exp past": lambda g: g.signed(exp=g.claims["iat"] - 1), "exp now": lambda g: g.signed(exp=g.claims["iat"]), "no exp": lambda g: g.signed(exp=None),
        "nbf ahead": lambda g: g.signed(nbf=g.claims["iat"] + 3600), "iat ahead": lambda g: g.signed(iat=g.claims["iat"] + 3600)}.items()},
    **{f"JO-11 {name} {value!r}": (lambda g, name=name, value=value: g.raw(json.dumps({**g.claims, name: value}))) for name, value in [
        ("exp", 1e300), ("exp", -1), ("exp", "2147483647"), ("exp", True), ("exp", None), ("exp", []), ("exp", 0), ("nbf", "0"), ("nbf", -1e300), ("iat", "0"), ("iat", -5),
        ("iat", 1e300), ("nbf", {})]},
    "JO-11 exp beyond 64 bits": lambda g: g.raw(json.dumps({**g.claims, "exp": 0}).replace('"exp": 0', '"exp": 99999999999999999999')),
    "JO-06 no typ claim": lambda g: g.signed(typ=None),
    "JO-06 another typ claim": lambda g: g.signed(typ="ID"),
    "JO-06 an audience without us": lambda g: g.signed(aud=[g.claims["azp"]]),
    "JO-06 somebody else's sub": lambda g: g.signed(sub="0" * 20),
    "JO-06 another azp": lambda g: g.signed(azp="other"),
    "JO-06 no azp": lambda g: g.signed(azp=None),
    "JO-06 no jti": lambda g: g.signed(jti=None),
    "JO-06 a jti of nobody": lambda g: g.signed(jti="0" * 20),
    "JO-06 a jti of no shape": lambda g: g.signed(jti="x" * 500),
    "JO-06 jti a number": lambda g: g.signed(jti=5),
}
REFUSED_HINTS = {
    "JO-06 aud a list": lambda g: g.signed(aud=[g.claims["aud"]]),
    "JO-06 aud empty": lambda g: g.signed(aud=""),
    "JO-06 with a typ claim": lambda g: g.signed(typ="Bearer"),
    "JO-06 with events": lambda g: g.signed(events={}),
    "JO-06 sub empty": lambda g: g.signed(sub=""),
}
TAKEN = {
    "the very token": lambda g: g.token,
    "signed again": lambda g: g.signed(),
    "a header member of no interest": lambda g: g.headed(x="y", cty="x"),
    "a key brought along, but signed by ours (JO-05)": lambda g: g.headed(jwk=json.loads(OTHER.export_public()), jku="http://127.0.0.1:1/"),
    "typ in full": lambda g: g.headed(typ="application/jwt"),
    "typ in small": lambda g: g.headed(typ="jwt"),
    "no kid, there being one key": lambda g: g.headed(kid=None),
    "a claim of no interest": lambda g: g.signed(unheard_of={"a": [1, None]}),
    "the payload spaced out": lambda g: g.raw(json.dumps(g.claims, indent=2)),
}
TAKEN_BEARERS = {
    "JO-11 fractions": lambda g: g.signed(exp=g.claims["exp"] - 0.5, iat=g.claims["iat"] + 0.25),
    "JO-10 a clock that is a little ahead": lambda g: g.signed(iat=g.claims["iat"] + 5, nbf=g.claims["iat"] + 5),
}
