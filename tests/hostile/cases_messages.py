"""The HTTP of it: framing, targets, headers, cookies, paths, methods (HT-06, HT-12, HT-15 to HT-17, CS-14)."""
from expect import (ACCESS, ADMIN, BASIC, C, CSRF, FORM, FRONT, GET, GONE, JSON, LOGIN, MOVED, OK, PAGE, POST, RAW, SHOWN, SIGN_IN, TEXT, TOKEN, WWW)

CODE = "grant_type=authorization_code&code=x&redirect_uri=@cb@"
HOST = "Host: @host@\r\nConnection: close\r\n"
POSTED = f"POST /oauth2/token HTTP/1.1\r\n{HOST}Content-Type: {FORM}\r\n{BASIC}\r\n"
AUTHORIZE = "/oauth2/authorize?@q@"
DISCOVERY = "/oauth2/.well-known/openid-configuration"

cases = []


def add(name, request, expect):
    cases.append(C(name, request, expect))


# --- HT-15: where one message ends ---------------------------------------------------
add("HT-15 length and chunks", RAW(POSTED + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), FRONT(400))
add("HT-15 chunks and length", RAW(POSTED + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), FRONT(400))
add("HT-15 two lengths", RAW(POSTED + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), FRONT(400))
add("HT-15 the same length twice", RAW(POSTED + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), FRONT(400))
add("HT-15 two lengths in one", RAW(POSTED + "Content-Length: 3, 3\r\n\r\nabc"), FRONT(400))
add("HT-15 a length with a sign", RAW(POSTED + "Content-Length: +3\r\n\r\nabc"), FRONT(400))
add("HT-15 a length in hex", RAW(POSTED + "Content-Length: 0x3\r\n\r\nabc"), FRONT(400))
add("HT-15 a folded line", RAW(f"GET /healthz HTTP/1.1\r\n{HOST}X-A: b\r\n c\r\n\r\n"), FRONT(400))
add("HT-15 a line that begins with space", RAW(f"GET /healthz HTTP/1.1\r\n X-A: b\r\n{HOST}\r\n"), FRONT(400))
add("HT-15 a space before the colon", RAW(f"GET /healthz HTTP/1.1\r\n{HOST}X-A : b\r\n\r\n"), FRONT(400))
add("HT-15 a NUL in a header", RAW(f"GET /healthz HTTP/1.1\r\n{HOST}X-A: b\0c\r\n\r\n"), FRONT(400))
add("HT-15 a bare return in a header", RAW(f"GET /healthz HTTP/1.1\r\n{HOST}X-A: b\rX-B: c\r\n\r\n"), FRONT(400))
# nginx ends a line at a bare newline too (RFC 9112 2.2 lets it) and has no switch for it; by FastCGI come names and
# values without the ends of their lines, so that we cannot tell.  Being the edge it disagrees with nobody, and no value
# holds a newline.  lighttpd and Apache refuse it: test_fronts.py
add("HT-15 bare newlines", RAW("GET /healthz HTTP/1.1\nHost: @host@\nConnection: close\n\n"), OK(200, '"ok"'))
add("HT-15 an unknown coding", RAW(POSTED + "Transfer-Encoding: gzip\r\n\r\n"), FRONT(501))
add("HT-15 chunked twice", RAW(POSTED + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), FRONT(501))
add("HT-15 chunked with a tab", RAW(POSTED + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"), FRONT(501))
add("HT-15 chunks of nonsense", RAW(POSTED + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"), FRONT(400))
add("HT-15 a chunk too large for a number", RAW(POSTED + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"), FRONT(400))
add("HT-15 chunks", RAW(POSTED + "Transfer-Encoding: chunked\r\n\r\n5\r\ngrant\r\n7\r\n_type=x\r\n0\r\n\r\n"), JSON(400, "unsupported_grant_type"))
add("HT-15 a second request behind the body", RAW(POSTED.replace("Connection: close\r\n", "") + "Content-Length: 12\r\n\r\ngrant_type=x"
                                               + f"GET /healthz HTTP/1.1\r\n{HOST}\r\n"), OK(400, "unsupported_grant_type"))

# --- the request line ----------------------------------------------------------------
add("line: HTTP/1.0", RAW("GET /healthz HTTP/1.0\r\nHost: @host@\r\n\r\n"), OK(200, '"ok"'))
add("line: HTTP/2.0", RAW(f"GET /healthz HTTP/2.0\r\n{HOST}\r\n"), FRONT(505))
add("line: HTTP/9.9", RAW(f"GET /healthz HTTP/9.9\r\n{HOST}\r\n"), FRONT(505))
add("line: no version number", RAW(f"GET /healthz HTTP/\r\n{HOST}\r\n"), FRONT(400))
add("line: no host", RAW("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"), FRONT(400))
add("line: two hosts", RAW(f"GET /healthz HTTP/1.1\r\n{HOST}Host: evil.example\r\n\r\n"), FRONT(400))
add("line: a host that is not ours", RAW("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), FRONT(421))
add("line: a host with a path", RAW("GET /healthz HTTP/1.1\r\nHost: @host@/evil\r\nConnection: close\r\n\r\n"), FRONT(400))
add("line: a host with a user", RAW("GET /healthz HTTP/1.1\r\nHost: evil@@host@\r\nConnection: close\r\n\r\n"), FRONT(421))
add("line: another host in the target", RAW(f"GET http://evil.example/healthz HTTP/1.1\r\n{HOST}\r\n"), FRONT(421))
add("line: CONNECT", RAW(f"CONNECT localhost:443 HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: a small method", RAW(f"get /healthz HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: a method of bytes", RAW(f"G\xffT /healthz HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: a long target", RAW(f"GET /{'x' * 20000} HTTP/1.1\r\n{HOST}\r\n"), FRONT(414))
add("line: a space in the target", RAW(f"GET /health z HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: a tab in the target", RAW(f"GET /health\tz HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: a NUL in the target", RAW(f"GET /health\0z HTTP/1.1\r\n{HOST}\r\n"), FRONT(400))
add("line: TLS at the plain port", RAW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), FRONT(400))
add("line: the preface of HTTP/2", RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), FRONT(400))
add("line: nonsense", RAW("\xff\xfe\xfd\r\n\r\n"), FRONT(400))

# --- headers -------------------------------------------------------------------------
add("HT-16 one header of 20 KiB", GET("/healthz", "X-A: " + "x" * 20000), FRONT(400))
add("HT-16 headers of 80 KiB", GET("/healthz", *[f"X-{i}: " + "x" * 8000 for i in range(10)]), FRONT(400))
add("HT-16 nine hundred headers", GET("/healthz", *[f"X-{i}: y" for i in range(900)]), OK(200, '"ok"'))
add("HT-24 a scheme in odd letters", GET("/oauth2/userinfo", "Authorization: bEaReR @access@"), OK(200, '"sub"'))
add("headers: two Authorization", GET("/oauth2/userinfo", ACCESS, "Authorization: Bearer x"), FRONT(400))
add("headers: Authorization of 9 KiB", GET("/oauth2/userinfo", "Authorization: Bearer " + "x" * 9000), WWW(401, "invalid_token"))
add("headers: Authorization of bytes", GET("/oauth2/userinfo", "Authorization: Bearer \xff\xfe"), JSON(400, "invalid_request"))
add("headers: Authorization of tabs", GET("/oauth2/userinfo", "Authorization: Bearer\tx"), JSON(400, "invalid_request"))
add("headers: Basic of bytes", TOKEN(CODE, "Authorization: Basic \xff"), JSON(400, "invalid_request"))
add("headers: Origin of bytes", RAW(f"POST /oauth2/login HTTP/1.1\r\n{HOST}Origin: \xff\r\nContent-Length: 0\r\n\r\n"), JSON(400, "invalid_request"))
add("headers: a user agent of bytes", GET("/healthz", "User-Agent: \xff\xfe\x80"), OK(200, '"ok"'))
add("headers: a long user agent", GET(AUTHORIZE, "User-Agent: " + "x" * 8000), LOGIN)
add("headers: injected by underscore", GET("/oauth2/userinfo", "HTTP_AUTHORIZATION: Bearer @access@", "X_Forwarded_For: 1.2.3.4"), WWW(401, None))
add("headers: Proxy", GET("/healthz", "Proxy: http://evil.example/"), OK(200, '"ok"'))
add("headers: Range", GET("/healthz", "Range: bytes=0-1"), OK(200, '"ok"'))
add("headers: a hundred ranges", GET("/oauth2/static/auth.css", "Range: bytes=" + ",".join(f"{i}-" for i in range(100))), OK(200))
add("headers: Expect", POST("/oauth2/token", CODE, BASIC, "Expect: 100-continue"), OK(100))
add("headers: an unknown Expect", POST("/oauth2/token", CODE, BASIC, "Expect: the-inquisition"), JSON(400, "invalid_grant"))
add("headers: another method by header", GET("/admin/api/users", "X-HTTP-Method-Override: DELETE", ADMIN), OK(200, '"items"'))
add("headers: another path by header", GET("/healthz", "X-Original-URL: /admin/api/users", "X-Rewrite-URL: /admin/", ADMIN), OK(200, '"ok"'))
add("headers: gzip", POST("/oauth2/token", "\x1f\x8b\x08\x00", BASIC, "Content-Encoding: gzip"), JSON(400, "invalid_request"))
add("headers: Upgrade", GET("/healthz", "Upgrade: websocket", "Connection: Upgrade"), OK(200, '"ok"'))
add("headers: If-None-Match of bytes", GET("/oauth2/static/theme.css", 'If-None-Match: "\xff", W/"x", *' + ",x" * 500), OK(200))
add("headers: Accept of bytes", GET("/oauth2/authorize", "Accept: \xff"), PAGE(400, "redirect_uri"))
add("headers: a request id of one's own", GET("/healthz", "X-Request-ID: injected"), OK(200, '"ok"'))

# --- cookies -------------------------------------------------------------------------
add("cookies: a flood", GET(AUTHORIZE, "Cookie: " + "; ".join(f"c{i}=x" for i in range(600))), LOGIN)
add("cookies: a flood, the session last", GET(AUTHORIZE, "Cookie: " + "; ".join([f"c{i}=x" for i in range(600)] + ["autentico_idp_session=@session@"])), LOGIN)
add("cookies: the session among a few", GET(AUTHORIZE, "Cookie: " + "; ".join([f"c{i}=x" for i in range(60)] + ["autentico_idp_session=@session@"])), OK(302))
add("cookies: one of 12 KiB", GET(AUTHORIZE, "Cookie: a=" + "x" * 12000), LOGIN)
add("cookies: 20 KiB", GET(AUTHORIZE, "Cookie: a=" + "x" * 20000), FRONT(400))
add("cookies: in two headers", GET(AUTHORIZE, "Cookie: a=b", "Cookie: autentico_idp_session=@session@"), PAGE(400, "HTTP_COOKIE was sent twice"))
add("cookies: in two headers at the API", TOKEN(CODE, BASIC, "Cookie: a=b", "Cookie: c=d"), JSON(400, "invalid_request", "twice"))
for what, value in {"bytes": "\xff\xfe", "another's": "A" * 43, "short": "x", "long": "x" * 5000, "markup": "<script>", "a quote": '"', "SQL": "' OR 1=1--",
                    "a path": "../../etc/passwd", "nothing": "", "white space": "   ", "a percent": "%00%0d%0a", "an equals sign": "=", "the token of the store": "@uid@"}.items():
    add(f"CS-03 cookies: a session that is {what}", GET(AUTHORIZE, f"Cookie: autentico_idp_session={value}"), LOGIN)
    add(f"CS-06 cookies: a form cookie that is {what}", GET(AUTHORIZE, f"Cookie: autentico_csrf={value}"), LOGIN)
    add(f"cookies: a console that is {what}", GET("/admin/users", f"Cookie: autentico_admin={value}; autentico_account={value}"), SIGN_IN("admin"))
for what, value in {"no names": "; ; =; =x; a; ;;;", "separators": "," * 3000, "no end": "a=b; c", "quotes": 'a="b; autentico_idp_session=@session@"'}.items():
    add(f"cookies: {what}", GET("/account/", f"Cookie: {value}"), SIGN_IN("account"))

# --- header injection ----------------------------------------------------------------
for what, text in {"CR LF": "%0d%0aX-Injected:%20y", "LF": "%0aX-Injected:%20y", "a double": "%250d%250aX-Injected:%20y", "Unicode": "%e5%98%8a%e5%98%8dX-Injected:%20y",
                   "U+2028": "%e2%80%a8X-Injected:%20y", "NEL": "%c2%85X-Injected:%20y"}.items():
    bad = what == "NEL"
    add(f"injection: state, {what}", GET(f"/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=@cb@&prompt=none&state={text}"), OK(302))
    add(f"injection: post_logout state, {what}", GET(f"/oauth2/logout?state={text}"), PAGE(400, "state") if bad else SHOWN("You have been signed out."))
    add(f"injection: the path, {what}", GET(f"/a//{text}"), OK(400 if what in ("CR LF", "LF", "NEL") else 301))
    add(f"injection: redirect_uri, {what}", GET(f"/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=@cb@{text}"), PAGE(400, "redirect_uri"))
    add(f"injection: the console's way back, {what}", GET(f"/admin/users?search={text}"), SIGN_IN("admin"))

# --- paths ---------------------------------------------------------------------------
for path, expect in {
        "/oauth2/./token": MOVED("/oauth2/token"), "/oauth2/x/../token": MOVED("/oauth2/token"), "/x/../../../oauth2/token": FRONT(400),
        "/%2e%2e/oauth2/token": FRONT(400), "/oauth2/%2e/token": TEXT(400, "path"), "/oauth2/..%2ftoken": TEXT(400, "path"), "/oauth2%2ftoken": TEXT(400, "path"),
        "/oauth2\\token": TEXT(400, "path"), "/oauth2%5ctoken": TEXT(400, "path"), "/oauth2/token%00": FRONT(400), "/oauth2/token;x": TEXT(404, "404"),
        "/oauth2/token;/../x": MOVED("/oauth2/x"), "/oauth2/token/": TEXT(404, "404"), "/oauth2/token%20": TEXT(404, "404"), "/oauth2/token%0a": TEXT(400, "path"), "/oauth2/token.": TEXT(404, "404"),
        "/oauth2/token#x": TEXT(404, "404"), "/oauth2/tok%65n": JSON(405, "invalid_request"), "/OAuth2/token": TEXT(404, "404"), "/oauth2/token%c0%af": TEXT(400, "path"),
        "/oauth2/token%ff": TEXT(400, "path"), "/oauth2/t%C3%B6ken": TEXT(404, "404"), "/oauth2//token": MOVED("/oauth2/token"), "//oauth2/token": MOVED("/oauth2/token"),
        "//evil.example/%2e%2e": TEXT(400, "path"), "//evil.example/..": MOVED("/"), "/.": MOVED("/"), "/..": FRONT(400), "/%": FRONT(400), "/%zz": FRONT(400), "/%u002e": FRONT(400), "*": FRONT(400),
        "/+": TEXT(404, "404"), "/?": MOVED("/account/", 302), "/admin/api/users/": JSON(404, "not_found"), "/admin/api//users": MOVED("/admin/api/users"),
        "/admin/api/users/..": MOVED("/admin/api/"), "/admin/api/users/%2e%2e/settings": TEXT(400, "path"), "/%61dmin/api/users": WWW(401, None),
        "/admin/api/users/a%2fb": TEXT(400, "path"), "/admin/api": JSON(404, "not_found"), "/ADMIN/api/users": TEXT(404, "404"),
        "/oauth2/static/../token": MOVED("/oauth2/token"), "/oauth2/static/..%2f..%2fetc%2fpasswd": TEXT(400, "path"), "/oauth2/static/%2e%2e/auth.css": TEXT(400, "path"),
        "/oauth2/static/....//....//etc/passwd": MOVED("/oauth2/static/..../..../etc/passwd"), "/oauth2/static../static/auth.css": TEXT(404, "404"), "/oauth2/static/auth.css%00.png": FRONT(400),
        "/oauth2/static/": OK(404), "/oauth2/static/.env": OK(404), "/oauth2/static/503.html": OK(200), "/oauth2/static/auth.css/x": OK(404),
        "/.autentico/503.html": OK(404), "/.autentico/503.json": OK(404), "/.env": TEXT(404, "404"), "/.git/config": TEXT(404, "404"), "/autentico.db": TEXT(404, "404"),
        "/.well-known/../admin/": MOVED("/admin/"), "/.well-known/openid-configuration/": TEXT(404, "404"), "/onboard/../admin/": MOVED("/admin/"),
        "/onboard/x": MOVED("/admin/", 302), "/healthz/x": TEXT(404, "404"), "/admin/callback": OK(302), "/account/callback": OK(302)}.items():
    add(f"path: {path}", GET(path), expect)
add("path: nine thousand slashes", GET("/" * 9000 + "healthz"), MOVED("/healthz"))
add("path: three thousand dots", GET("/." * 3000 + "/healthz"), MOVED("/healthz"))
add("path: long", GET("/oauth2/" + "x" * 9000), TEXT(404, "404"))
