"""Records straight on the socket, as only the web server should send them: malformed, contradicting, half (HT-15, HT-16, design D10c, D11)."""
import os
import socket
import struct

import pytest

from wire import (ABORT, BEGIN, DATA, END, GET_VALUES, PARAMS, STDIN, begin, fastcgi, pair, params, plain, record, request, size)

GOOD = plain()
P = record(PARAMS, params(*GOOD)) + record(PARAMS)
BODY = b"grant_type=x"
POST = plain("POST", "/oauth2/token", BODY)


def post(length, *bodies):
    """A token request that announces that much and sends these."""
    pairs = [(n, v) for n, v in plain("POST", "/oauth2/token", BODY) if n != "CONTENT_LENGTH"] + [("CONTENT_LENGTH", v) for v in length]
    return begin() + record(PARAMS, params(*pairs)) + record(PARAMS) + b"".join(record(STDIN, b) for b in bodies) + record(STDIN)


def without(name, *more):
    return request([(n, v) for n, v in GOOD if n != name] + list(more))


def also(*pairs):
    return request(GOOD + list(pairs))


CLOSED = None  # without a word
TABLE = {
    # --- what is no FastCGI
    "nothing": (b"", CLOSED), "zeros": (bytes(64), CLOSED), "ones": (b"\xff" * 64, CLOSED), "an HTTP request": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", CLOSED),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), CLOSED), "version 0": (record(BEGIN, struct.pack(">HB5x", 1, 0), version=0) + P, CLOSED),
    "version 2": (record(BEGIN, struct.pack(">HB5x", 1, 0), version=2) + P, CLOSED), "version 2 later": (begin() + record(PARAMS, b"", version=2), CLOSED),
    # --- records in the wrong place
    "parameters first": (P + record(STDIN), CLOSED), "a body first": (record(STDIN, b"x"), CLOSED), "begun twice": (begin() + begin() + P + record(STDIN), CLOSED),
    "begun again later": (begin() + P + begin() + record(STDIN), CLOSED), "parameters twice": (begin() + P + P + record(STDIN), CLOSED),
    "a body before the parameters end": (begin() + record(PARAMS, params(*GOOD)) + record(STDIN), CLOSED), "an unknown type": (begin() + record(99, b"x") + P + record(STDIN), CLOSED),
    "a type of ours": (begin() + record(END, bytes(8)) + P + record(STDIN), CLOSED), "data": (begin() + P + record(DATA, b"x") + record(STDIN), CLOSED),
    "aborted": (begin() + P + record(ABORT), CLOSED), "aborted at once": (begin() + record(ABORT), CLOSED),
    # --- who is meant
    "two requests mixed": (begin() + record(PARAMS, params(*GOOD), 2) + record(PARAMS, b"", 2) + record(STDIN, b"", 2), CLOSED),
    "a second one between": (begin() + begin(request=2) + P + record(STDIN), CLOSED), "authorizer": (begin(role=2) + P + record(STDIN), CLOSED), "filter": (begin(role=3) + P + record(STDIN), CLOSED),
    "role 0": (begin(role=0) + P + record(STDIN), CLOSED), "a short begin": (record(BEGIN, b"\0\1") + P + record(STDIN), CLOSED), "a long begin": (record(BEGIN, bytes([0, 1] + [0] * 20)) + P, CLOSED),
    # --- parameters
    "a name longer than the rest": (begin() + record(PARAMS, size(200) + size(0) + b"X") + record(PARAMS) + record(STDIN), CLOSED),
    "a value longer than the rest": (begin() + record(PARAMS, size(1) + size(200) + b"Xy") + record(PARAMS) + record(STDIN), CLOSED),
    "a length of two gigabytes": (begin() + record(PARAMS, b"\xff\xff\xff\xff\xff\xff\xff\xff") + record(PARAMS) + record(STDIN), CLOSED),
    "half a length": (begin() + record(PARAMS, b"\x80\x00") + record(PARAMS) + record(STDIN), CLOSED), "a lone length": (begin() + record(PARAMS, b"\x01") + record(PARAMS) + record(STDIN), CLOSED),
    "no name": (begin() + record(PARAMS, params(*GOOD) + size(0) + size(1) + b"x") + record(PARAMS) + record(STDIN), CLOSED),
    "a name with an equals sign": (also(("REQUEST_METHOD=GET", "x")), CLOSED), "a NUL in a name": (also(("A\0B", "x")), CLOSED), "a NUL in a value": (also(("HTTP_ACCEPT", "a\0b")), CLOSED),
    "70 KiB of them": (begin() + record(PARAMS, params(*GOOD, ("HTTP_X", "x" * 60000))) + record(PARAMS, pair("HTTP_Y", "y" * 20000)) + record(PARAMS) + record(STDIN), CLOSED),
    "long lengths for short names": (begin() + record(PARAMS, b"".join(struct.pack(">II", len(n) | 1 << 31, len(v) | 1 << 31) + n.encode() + v.encode() for n, v in GOOD))
                                     + record(PARAMS) + record(STDIN), 200),
    "across records": (begin() + b"".join(record(PARAMS, bytes([b])) for b in params(*GOOD)) + record(PARAMS) + record(STDIN), 200),
    "padded": (begin() + record(PARAMS, params(*GOOD), padding=255) + record(PARAMS) + record(STDIN, padding=1), 200),
    # libfcgi does not skip these; no web server sends them
    "a padded begin": (record(BEGIN, struct.pack(">HB5x", 1, 0), padding=8) + P + record(STDIN), CLOSED),
    "a padded end of parameters": (begin() + record(PARAMS, params(*GOOD)) + record(PARAMS, padding=7) + record(STDIN), CLOSED),
    "none at all": (begin() + record(PARAMS) + record(STDIN), 400), "names of no interest": (also(*[(f"X_{i}", "y") for i in range(900)]), 200),
    # --- twice (D11)
    **{f"{name} twice": (also((name, value)), 400) for name, value in [
        ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/admin/"), ("QUERY_STRING", "x"), ("CONTENT_TYPE", "x"), ("REMOTE_ADDR", "127.0.0.1"), ("REQUEST_SCHEME", "https")]},
    **{f"{name} twice": (also((name, value), (name, "other")), 400) for name, value in [
        ("HTTPS", "on"), ("HTTP_HOST", "x"), ("HTTP_AUTHORIZATION", "Bearer x"), ("HTTP_COOKIE", "a=b"), ("HTTP_ORIGIN", "x"), ("HTTP_X_FORWARDED_FOR", "192.0.2.1"),
        ("HTTP_X_FORWARDED_PROTO", "https"), ("HTTP_SEC_FETCH_SITE", "none"), ("HTTP_X_CSRF_TOKEN", "x"), ("HTTP_USER_AGENT", "x")]},
    "SERVER_PROTOCOL twice, which nobody reads": (also(("SERVER_PROTOCOL", "x")), 200),
    # --- what they say
    "no method": (without("REQUEST_METHOD"), 405), "an empty method": (without("REQUEST_METHOD", ("REQUEST_METHOD", "")), 405), "a method of bytes": (without("REQUEST_METHOD", ("REQUEST_METHOD", b"\xff\n")), 405),
    "a long method": (without("REQUEST_METHOD", ("REQUEST_METHOD", "X" * 5000)), 405), "no target": (without("REQUEST_URI"), 400), "an empty target": (without("REQUEST_URI", ("REQUEST_URI", "")), 400),
    "a target without a slash": (without("REQUEST_URI", ("REQUEST_URI", "healthz")), 400), "a full target": (without("REQUEST_URI", ("REQUEST_URI", "http://x/healthz")), 400),
    "a target of bytes": (without("REQUEST_URI", ("REQUEST_URI", b"/\xff")), 400), "a target with a newline": (without("REQUEST_URI", ("REQUEST_URI", "/a\r\nX-Injected: y")), 400),
    "a target of 60 KiB": (without("REQUEST_URI", ("REQUEST_URI", "/" + "x" * 60000)), 404), "no address": (without("REMOTE_ADDR"), 200), "an address that is none": (without("REMOTE_ADDR", ("REMOTE_ADDR", "x" * 500)), 200),
    "an address of bytes": (without("REMOTE_ADDR", ("REMOTE_ADDR", b"\xff")), 200), "a mapped address": (without("REMOTE_ADDR", ("REMOTE_ADDR", "::ffff:192.0.2.1")), 200),
    "an odd forwarded list": (also(("HTTP_X_FORWARDED_FOR", ",,;,a,192.0.2.1:99999," + "x" * 3000)), 200), "a host of bytes": (also(("HTTP_HOST", b"\xff")), 400),
    "another query than in the target": (request(plain("GET", "/admin/api/users") + []), 401),
    # --- bodies
    "longer than announced": (post(["3"], BODY), CLOSED), "shorter than announced": (post(["99"], BODY), CLOSED), "announced, not sent": (post(["5"]), CLOSED),
    "announced as nothing": (post(["0"], BODY), CLOSED), "announced twice": (post(["12", "12"], BODY), 400), "announced in words": (post(["twelve"], BODY), CLOSED), "announced with a sign": (post(["+12"], BODY), CLOSED),
    "announced below nothing": (post(["-1"], BODY), CLOSED), "announced beyond numbers": (post(["9" * 40], BODY), 413), "announced too large": (post(["131073"], BODY), 413),
    "not announced": (post([], BODY), 400), "in two records": (post(["12"], BODY[:5], BODY[5:]), 400), "byte by byte": (post(["12"], *[bytes([b]) for b in BODY]), 400),
    "128 KiB and more without a word": (post([], *[b"x" * 60000] * 3), 413),
    # --- good ones
    "a good one": (request(GOOD), 200), "of another number": (request(GOOD, number=65535), 200), "a good post": (request(POST, BODY), 400), "to be kept open": (begin(flags=1) + P + record(STDIN), 200),
    "a second behind it": (request(GOOD) + request(GOOD), 200), "nonsense behind it": (request(GOOD) + b"\xff" * 100, 200),
}


@pytest.fixture(params=["main.sock", "login.sock"])
def sock(request, provider):
    path = os.path.join(provider.dir, request.param)
    assert os.path.exists(path)
    return path


@pytest.mark.parametrize("name", TABLE)
def test_records(sock, name):
    raw, status = TABLE[name]
    got = fastcgi(sock, raw, close=raw == b"")
    if status is CLOSED:
        assert got.raw == b"", got.raw[:300]
    else:
        assert got.answer.status == status and got.is_ended, (got.answer, got.kinds)
        assert "x-injected" not in got.answer.headers
    assert fastcgi(sock, request(GOOD)).answer.status == 200


@pytest.mark.parametrize("cut", [1, 7, 8, 15, 16, 20, 24, -9, -8, -1])
def test_cut_off(sock, cut):
    """Half a request, and the peer goes away."""
    assert fastcgi(sock, request(POST, BODY)[:cut], close=True).raw == b""


def test_in_small_pieces(sock):
    """Nothing is read before all is there: what is not read fills the sender's buffer, byte by byte sooner than by more."""
    raw = request(POST, BODY)
    assert fastcgi(sock, raw, pieces=[raw[i:i + 5] for i in range(0, len(raw), 5)]).answer.status == 400


def test_questions(sock):
    """Management records are answered; a request may follow."""
    ask = record(GET_VALUES, pair("FCGI_MAX_CONNS", "") + pair("FCGI_MPXS_CONNS", "") + pair("X", ""), request=0)
    got = fastcgi(sock, ask + request(GOOD))
    assert b"FCGI_MPXS_CONNS0" in got.raw and got.answer.status == 200
    got = fastcgi(sock, record(77, b"x", request=0) + request(GOOD))
    assert got.raw[1] == 11 and got.answer.status == 200  # FCGI_UNKNOWN_TYPE
    got = fastcgi(sock, begin(request=0) + P)  # a management record is what begins request 0
    assert got.kinds == [11] and got.stdout == b""
    assert fastcgi(sock, ask * 100 + request(GOOD)).answer.status in (0, 200)
    assert fastcgi(sock, record(GET_VALUES, b"x" * 5000, request=0)).raw == b""


def test_who_does_not_read(sock):
    """An answer that is not wanted holds up nobody."""
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.connect(sock)
        s.sendall(request(plain("GET", "/.well-known/openid-configuration")))
        s.close()
    assert fastcgi(sock, request(GOOD)).answer.status == 200


def test_the_pool_is_whole(provider):
    """None of it cost a process."""
    assert not provider.events("process_died"), provider.events("process_died")
