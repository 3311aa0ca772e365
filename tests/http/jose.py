"""Signatures checked, and forged, by an implementation that is not ours (jwcrypto)."""
import base64
import json

from jwcrypto import jwk, jws
from jwcrypto.jwa import JWA


def b64(raw):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(unb64(token.split(".")[0]))


def payload_of(token):
    """Unverified."""
    return json.loads(unb64(token.split(".")[1]))


def claims(provider, token):
    """Verified against the published key of its kid, whatever the clock says."""
    keys = jwk.JWKSet.from_json(json.dumps(provider.jwks()))
    signed = jws.JWS()
    signed.allowed_algs = ["RS256"]
    signed.deserialize(token, keys.get_key(header_of(token)["kid"]))
    return json.loads(signed.payload)


def compact(header, payload, key=None, alg=None):
    """header.payload.signature; bytes and text go in as they are, the rest as JSON.  Without a key: no signature."""
    head, body = (b64(x if isinstance(x, (bytes, str)) else json.dumps(x)) for x in (header, payload))
    text = head + "." + body
    if key is None:
        return text + "."
    return text + "." + b64(JWA.signing_alg(alg or header["alg"]).sign(key, text.encode()))
