"""response_mode=form_post (OAuth 2.0 Form Post Response Mode)."""
import html
import re

import pytest

from provider import Browser, hidden

EVIL = '"><script>alert(1)</script><form action="https://evil.example/">&\'`'


def form_of(page):
    """action, {field: value} of the one form."""
    assert page.status_code == 200 and page.headers["Content-Type"].lower() == "text/html; charset=utf-8"
    forms = re.findall(r"<form ([^>]*)>", page.text)
    assert len(forms) == 1 and 'method="post"' in forms[0], forms
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return html.unescape(re.search(r'action="([^"]*)"', forms[0]).group(1)), {n: html.unescape(v) for n, v in fields}


def test_success(provider, client):
    """FP-01, FP-03, FP-05, IS-03: of a first sign-in and of a session."""
    browser = Browser(provider)
    page = provider.authorize(client, browser, response_mode="form_post")
    for answer in (provider.post_login(browser, page.text), provider.authorize(client, browser, response_mode="form_post")):
        action, fields = form_of(answer)
        assert action == client.redirect_uri and set(fields) == {"code", "state", "iss"}
        assert fields["state"] == "st" and fields["iss"] == provider.issuer
        assert "no-store" in answer.headers["Cache-Control"] and "no-cache" in answer.headers["Cache-Control"]
        assert answer.headers["Pragma"] == "no-cache" and "Location" not in answer.headers
        assert "data-autosubmit" in answer.text
        assert provider.redeem(client, fields["code"]).status_code == 200


@pytest.mark.parametrize("params, code", [
    ({"prompt": "none"}, "login_required"), ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"), ({"scope": "openid unheard-of"}, "invalid_scope"),
    ({"request": "x"}, "request_not_supported"), ({"max_age": "-1"}, "invalid_request"),
    ({"code_challenge": "x"}, "invalid_request"), ({"id_token_hint": "x"}, "invalid_request")])
def test_errors(provider, client, params, code):
    """FP-02, FP-03, FP-05"""
    answer = provider.authorize(client, response_mode="form_post", **params)
    action, fields = form_of(answer)
    assert action == client.redirect_uri and fields["error"] == code
    assert fields["state"] == "st" and fields["iss"] == provider.issuer
    assert set(fields) <= {"error", "error_description", "state", "iss"}
    assert "no-store" in answer.headers["Cache-Control"]


def test_nothing_gets_out_of_its_attribute(provider):
    """FP-04"""
    uri = "https://app.example.test/cb?a=b&c='d'&copy=1"
    client = provider.register(redirect_uris=[uri])
    answer = provider.authorize(client, response_mode="form_post", prompt="none", state=EVIL)
    action, fields = form_of(answer)
    assert action == uri and fields["state"] == EVIL
    assert "<script>alert" not in answer.text and "evil.example/\"" not in answer.text


def test_the_page_works(provider, client):
    """FP-06, HT-20, HT-21: by script under a nonce, without by a button; and may post to the application only by being asked."""
    answer = provider.authorize(client, response_mode="form_post", prompt="none")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([A-Za-z0-9+/=]+)'", policy).group(1)
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert scripts and all(f'nonce="{html.escape(nonce)}"' in script and "src=" in script for script in scripts)
    assert "unsafe-inline" not in policy and re.search(r"form-action \*[ ;]", policy)
    assert re.search(r"<button[^>]*type=\"submit\"[^>]*>Continue</button>", answer.text)
    # the scheme of a native app is no part of "*"
    app = provider.register(redirect_uris=["com.example.app:/cb"])
    answer = provider.authorize(app, response_mode="form_post", prompt="none")
    assert "form-action * com.example.app:;" in answer.headers["Content-Security-Policy"]
    assert hidden(answer.text, "error") == "login_required"
