"""ES256 and EdDSA: keys made at run time, published before they sign (design D4; MD-25, JO-12, JO-13)."""
import json
import secrets
import time

import pytest
import requests
from jwcrypto import jwk, jws

from provider import Provider

TOKEN = secrets.token_urlsafe(32)


@pytest.fixture(scope="module")
def p():
    p = Provider(AUTENTICO_ADMIN_TOKEN=TOKEN)
    p.onboard_cli()
    p.start()
    yield p
    p.stop()


def api(p, method, path, **body):
    answer = requests.request(method, p.url + path, json=body or None, timeout=10,
                              headers={"Authorization": "Bearer " + TOKEN})
    assert answer.status_code in (200, 204), answer.text
    doc = answer.json() if answer.content else {}
    return doc.get("data", doc)


def until(p, event, **members):
    end = time.monotonic() + 20
    while not any(all(e.get(k) == v for k, v in members.items()) for e in p.events(event)):
        assert time.monotonic() < end, p.read_log()
        time.sleep(0.05)


def keys(p):
    """As they are published, again and again until the front asks for them anew."""
    with requests.Session() as s:
        end = time.monotonic() + 15
        while True:  # the front keeps them for ten seconds
            doc = s.get(p.issuer + "/.well-known/jwks.json", timeout=10).json()
            yield doc["keys"]
            assert time.monotonic() < end
            time.sleep(0.2)


def keys_with(p, alg):
    return next(found for found in keys(p) if any(k["alg"] == alg for k in found))


def check(p, token, alg):
    """Verified by jwcrypto, with the published key of that kid and no other."""
    signed = jws.JWS()
    signed.deserialize(token)
    header = signed.jose_header
    assert header["alg"] == alg
    key = [k for k in keys_with(p, alg) if k["kid"] == header["kid"]]
    assert len(key) == 1 and key[0]["alg"] == alg and key[0]["use"] == "sig"
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key[0])
    signed.verify(jwk.JWK(**key[0]))
    return json.loads(signed.payload)


def test_selected_for_everybody_and_for_one(p):
    client = p.add_client(refresh=True)
    special = p.add_client(name="Special")
    check(p, p.tokens(client)["id_token"], "RS256")

    api(p, "PUT", "/admin/api/settings", id_token_signing_alg="ES256")
    until(p, "signing_key_made", alg="ES256")
    tokens = p.tokens(client)  # published, but nobody may know it yet
    check(p, tokens["id_token"], "RS256")

    row = api(p, "GET", "/admin/api/clients/" + special.id)
    api(p, "PUT", "/admin/api/clients/" + special.id, **{
        "client_name": row.get("client_name"), "redirect_uris": row["redirect_uris"],
        "id_token_signed_response_alg": "EdDSA", "access_token_signing_alg": "EdDSA"})
    until(p, "signing_key_made", alg="EdDSA")
    check(p, p.tokens(special)["id_token"], "RS256")

    p.travel(285)  # what was typed above took time of its own
    check(p, p.tokens(client)["id_token"], "RS256")
    p.travel(302)
    until(p, "signing_key_active", alg="ES256")
    until(p, "signing_key_active", alg="EdDSA")

    now = p.tokens(client)
    assert check(p, now["id_token"], "ES256")["aud"] == client.id
    check(p, now["access_token"], "RS256")
    theirs = p.tokens(special)
    check(p, theirs["id_token"], "EdDSA")
    check(p, theirs["access_token"], "EdDSA")
    assert p.userinfo(theirs["access_token"]).status_code == 200
    assert p.introspect(special, theirs["access_token"])["active"] is True
    assert p.userinfo(tokens["access_token"]).status_code == 200  # from before
    assert len({k["kid"] for k in keys_with(p, "EdDSA")}) == 3


def test_discovery_says_what_signs(p):
    """MD-06, MD-09"""
    end = time.monotonic() + 15
    while True:
        algs = requests.get(p.issuer + "/.well-known/openid-configuration",
                            timeout=10).json()["id_token_signing_alg_values_supported"]
        if algs == ["RS256", "ES256", "EdDSA"]:
            return
        assert algs[0] == "RS256" and time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("alg", ["none", "HS256", "es256", "RS512"])
def test_other_algorithms_are_refused(p, alg):
    client = p.add_client(name="Refused " + alg)
    row = api(p, "GET", "/admin/api/clients/" + client.id)
    for member in ("id_token_signed_response_alg", "access_token_signing_alg"):
        answer = requests.put(p.url + "/admin/api/clients/" + client.id, timeout=10,
                              json={"client_name": row["client_name"], "redirect_uris": row["redirect_uris"], member: alg},
                              headers={"Authorization": "Bearer " + TOKEN})
        assert answer.status_code == 400 and member in answer.text
    answer = requests.put(p.url + "/admin/api/settings", json={"id_token_signing_alg": alg}, timeout=10,
                          headers={"Authorization": "Bearer " + TOKEN})
    assert answer.status_code == 400, answer.text
