"""Every route, by somebody who has no business there, and with what it cannot use (CS-06 to CS-08, IN-02, RV-05, MD-27)."""
from expect import ACCESS, ADMIN, API, BASIC, C, CSRF, GET, JSON, OK, PAGE, PERR, POST, REDIR, SHOWN, SIGN_IN, TEXT, TOKEN, WWW

NOBODY = "0" * 20
COOKIES = "Cookie: autentico_csrf=@csrf_cookie@; autentico_idp_session=@session@"

cases = []


def add(name, request, expect):
    cases.append(C(name, request, expect))


# --- metadata: for everybody, by GET, whatever comes along (MD-01, MD-27) ------------
for path in ("/.well-known/openid-configuration", "/oauth2/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
             "/.well-known/oauth-authorization-server/oauth2"):
    add(f"MD {path}: with a stranger's headers", GET(path + "?x=%zz", "Authorization: Bearer x", "Cookie: " + "c=d; " * 50, "Origin: https://evil.example"),
        OK(200, '"issuer":"http://localhost:', "application/json"))
    add(f"MD-27 {path}: HEAD", GET(path, method="HEAD"), OK(200, "", "application/json"))
    add(f"MD-27 {path}: OPTIONS", GET(path, method="OPTIONS"), JSON(405, "invalid_request"))
    add(f"MD-27 {path}: POST", POST(path, "x"), JSON(405, "invalid_request"))
add("MD-27 jwks: HEAD", GET("/oauth2/.well-known/jwks.json", method="HEAD"), OK(200, "", "application/json"))
add("MD-24 jwks: GET", GET("/oauth2/.well-known/jwks.json?kid=../../x"), OK(200, '{"keys":[{', "application/json"))
add("MD-27 jwks: DELETE", GET("/oauth2/.well-known/jwks.json", method="DELETE"), JSON(405, "invalid_request"))
for name in ("webfinger?resource=acct:x", "security.txt", "change-password", "jwks.json", "openid-configuration/x", "oauth-authorization-server/x", "oauth-protected-resource"):
    add(f"MD-27 unknown: {name}", GET("/.well-known/" + name), OK(404))
add("MD-27 unknown, below the issuer", GET("/oauth2/.well-known/nothing"), TEXT(404, "404"))

# --- protocol -----------------------------------------------------------------------
for path in ("/oauth2/token", "/oauth2/protocol/openid-connect/token"):
    add(f"{path}: nothing", POST(path, ""), JSON(400, "invalid_request"))
    add(f"{path}: a refresh token of nobody, by nobody", POST(path, "grant_type=refresh_token&refresh_token=x"), JSON(400, "invalid_grant"))
    add(f"TK-25 {path}: a confidential client's, by nobody", POST(path, "grant_type=refresh_token&refresh_token=@refresh@"), JSON(401, "invalid_client"))
    add(f"TK-25 {path}: by its name only", POST(path, "grant_type=refresh_token&refresh_token=@refresh@&client_id=@cid@"), JSON(401, "invalid_client"))
    add(f"TK-24 {path}: by another", POST(path, "grant_type=refresh_token&refresh_token=@refresh@&client_id=@public@"), JSON(400, "invalid_grant"))
    add(f"TK-10 {path}: by the wrong method", POST(path, "grant_type=refresh_token&refresh_token=x&client_id=@cid@&client_secret=@secret@"), JSON(401, "invalid_client"))
for path in ("/oauth2/introspect", "/oauth2/revoke"):
    row = "IN-02" if path.endswith("introspect") else "RV-05"
    add(f"{row} {path}: by nobody", POST(path, "token=@access@"), JSON(401, "invalid_client"))
    add(f"{row} {path}: by a name", POST(path, "token=@access@&client_id=@cid@"), JSON(401, "invalid_client"))
    add(f"{row} {path}: with a wrong secret", POST(path, "token=@access@&client_id=@poster@&client_secret=wrong"), JSON(401, "invalid_client"))
    add(f"{row} {path}: by nobody we know", POST(path, "token=@access@&client_id=nobody&client_secret=x"), JSON(401, "invalid_client"))
    add(f"{row} {path}: with an administrator's token", POST(path, "token=x", ACCESS), OK(200))
    add(f"{row} {path}: with an ID token", POST(path, "token=@access@", "Authorization: Bearer @idt@"), WWW(401, "invalid_token"))
    add(f"{row} {path}: with a browser's cookies", POST(path, "token=@access@", COOKIES), JSON(401, "invalid_client"))
    add(f"{row} {path}: with another scheme", POST(path, "token=@access@", "Authorization: Digest x"), WWW(401, "invalid_request"))
    add(f"IN-05, RV-03 {path}: no token", POST(path, "x=y", BASIC), JSON(400, "invalid_request", "token is missing"))
add("IN-02 introspect: by a public client", POST("/oauth2/introspect", "token=@refresh@&client_id=@public@"), JSON(401, "invalid_client"))
for path in ("/oauth2/userinfo", "/oauth2/protocol/openid-connect/userinfo"):
    add(f"BT-05 {path}: nobody", GET(path, COOKIES), WWW(401, None))
    add(f"BT-03 {path}: in the query", GET(path + "?access_token=@access@"), WWW(401, None))
    add(f"BT-09 {path}: a refresh token", GET(path, "Authorization: Bearer @refresh@"), WWW(401, "invalid_token"))
    add(f"BT-04 {path}: twice", POST(path, "access_token=@access@", ACCESS), WWW(400, "invalid_request"))
    add(f"BT-01 {path}: good", GET(path, ACCESS), OK(200, '"sub"', "application/json"))

# --- pages --------------------------------------------------------------------------
add("logout confirm: nothing", POST("/oauth2/logout/confirm", ""), CSRF)
add("logout confirm: cookies alone", POST("/oauth2/logout/confirm", "action=yes", COOKIES), CSRF)
add("logout confirm: by GET", GET("/oauth2/logout/confirm?action=yes", COOKIES), PAGE(405))
add("CS-07 logout by GET with a session: asked", GET("/oauth2/logout", COOKIES), SHOWN('name="action" value="yes"'))
add("login: nothing", POST("/oauth2/login", ""), CSRF)
add("login: by GET with everything", GET("/oauth2/login?@login@&username=admin&password=x", COOKIES), PAGE(405))
add("login: by DELETE", POST("/oauth2/login", "x=y", method="DELETE"), PAGE(405))
add("onboard: again", POST("/onboard", "username=evil&password=evil-evil&confirm_password=evil-evil"), CSRF)
add("onboard: by PUT", POST("/onboard", "x", method="PUT"), CSRF)
add("onboard: shown again", GET("/onboard?token=" + "x" * 5000), OK(302))
add("onboard: anything below", GET("/onboard/anything?token=x"), OK(302))
for path in ("/oauth2/static/theme.css", "/oauth2/static/auth.css", "/oauth2/static/main.js", "/oauth2/static/logo.svg"):
    add(f"{path}: with everything", GET(path + "?v=%zz", ADMIN, COOKIES), OK(200))
add("static: by POST", POST("/oauth2/static/theme.css", "x"), TEXT(405, "not allowed"))
add("static: no slash", GET("/oauth2/static?x"), OK(301))
add("static: nothing there", GET("/oauth2/static/nothing.css"), OK(404))
add("root: by anything", POST("/", "x", method="PUT"), OK(302))
add("admin: no slash, by anything", POST("/admin", "x", method="DELETE"), OK(301))
add("account: no slash", GET("/account"), OK(301))
add("health: HEAD", GET("/healthz", method="HEAD"), OK(200))
add("account settings: for everybody, by GET", GET("/account/api/settings?%zz", "Authorization: Bearer x"), OK(200, '"oauth_path"'))

# --- consoles: a page without a session, a post without a token ------------------------
for path in ("/admin/", "/admin/users", "/admin/users/new", f"/admin/users/{NOBODY}", "/admin/sessions", "/admin/audit", "/admin/doctor", "/admin/clients", "/admin/clients/new", "/admin/clients/x"):
    add(f"console {path}: nobody", GET(path), SIGN_IN("admin"))
    add(f"console {path}: a bearer", GET(path, ADMIN), SIGN_IN("admin"))
    add(f"console {path}: the session of the sign-in alone", GET(path, COOKIES), SIGN_IN("admin"))
for path in ("/account/", "/account/profile", "/account/security", "/account/sessions", "/account/trusted-devices"):
    add(f"console {path}: nobody", GET(path), SIGN_IN("account"))
    add(f"console {path}: a bearer", GET(path, ACCESS), SIGN_IN("account"))
for path in ("/admin/users/new", f"/admin/users/{NOBODY}/deactivate", f"/admin/users/{NOBODY}/reactivate", f"/admin/users/{NOBODY}/unlock", f"/admin/users/{NOBODY}/factors/totp/remove", f"/admin/users/{NOBODY}/factors/passkeys/remove",
             f"/admin/users/{NOBODY}/recovery-link", f"/admin/users/{NOBODY}/revoke-sessions", "/account/security/password", f"/admin/sessions/{NOBODY}/end", "/account/sessions/end-others", f"/account/sessions/{NOBODY}/end",
             "/admin/clients/new", "/admin/clients/x", "/admin/clients/x/rotate-secret", "/admin/clients/x/disable", "/admin/clients/x/enable", "/account/profile"):
    add(f"CS-06 console {path}: a post of nobody", POST(path, "x=y"), CSRF)
    add(f"CS-06 console {path}: cookies alone", POST(path, "x=y", COOKIES), CSRF)
    add(f"CS-08 console {path}: of another site", POST(path, "x=y", COOKIES, "Sec-Fetch-Site: cross-site"), CSRF)
    add(f"console {path}: a bearer posts", POST(path, "x=y", ADMIN), CSRF)
for console in ("admin", "account"):
    for query in ("", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied&state=x"):
        add(f"callback of {console}{query}", GET(f"/{console}/callback{query}"), SIGN_IN(console))
    for query in ("?code=x&state=x&code=y", "?code=" + "x" * 5000 + "&state=y", "?code=%zz"):
        add(f"callback of {console}{query:.20}", GET(f"/{console}/callback{query}"), PAGE(400))

# --- links that are good once (CS-16) ---------------------------------------------------
for path in ("/oauth2/reset-password", "/oauth2/not-me"):
    for what, query in {"nothing": "", "no token": "?token=", "no token of ours": "?token=" + "A" * 43, "a long one": "?token=" + "A" * 5000,
                        "SQL": "?token='%20OR%201=1--", "a line break": "?token=a%0d%0aX-Injected:%20y", "markup": "?token=%22%3E%3Cscript%3E",
                        "another parameter": "?kind=recover&user_id=1"}.items():
        add(f"CS-16 {path}: {what}", GET(path + query), SHOWN("This link is not valid"))
    add(f"{path}: two tokens", GET(path + "?token=a&token=b"), PAGE(400))
    add(f"{path}: no encoding", GET(path + "?token=%zz"), PAGE(400))
    add(f"CS-06 {path}: a post of nobody", POST(path, "token=x"), CSRF)
    add(f"CS-06 {path}: cookies alone", POST(path, "token=x", COOKIES), CSRF)
    add(f"CS-08 {path}: of another site", POST(path, "token=x", COOKIES, "Sec-Fetch-Site: cross-site"), CSRF)
    add(f"{path}: by PUT", POST(path, "token=x", method="PUT"), PAGE(405))

# --- the second factor -----------------------------------------------------------------
for path in ("/oauth2/mfa", "/oauth2/mfa/anything"):
    add(f"{path}: no challenge", GET(path), JSON(400, "invalid_request"))
    add(f"{path}: a post of nobody", POST(path, "challenge_id=x&code=123456"), CSRF)
add("mfa: by PUT", POST("/oauth2/mfa", "x", method="PUT"), CSRF)
for method, path in (("GET", "/mfa"), ("POST", "/mfa/totp/setup"), ("POST", "/mfa/totp/verify"), ("DELETE", "/mfa/totp"),
                     ("POST", "/mfa/recovery-codes"), ("GET", "/trusted-devices"), ("DELETE", f"/trusted-devices/{NOBODY}"),
                     ("GET", "/profile"), ("PUT", "/profile"), ("POST", "/password"), ("GET", "/sessions"),
                     ("POST", "/sessions/revoke-others"), ("DELETE", f"/sessions/{NOBODY}")):
    add(f"account API {method} {path}: nobody", POST("/account/api" + path, "{}", method=method), WWW(401, None))

# --- passkeys (WR-03, WR-06, WR-10, WA-16, WA-17) ------------------------------------------
KIND = '"id":"AAAA","rawId":"AAAA","type":"public-key"'
AUTH_DATA = "A" * 43 + "BAAAAAA"  # 37 bytes, nobody there
for path in ("/oauth2/passkey/login/begin", "/oauth2/passkey/discoverable/begin"):
    add(f"{path}: nothing", GET(path), PERR(400, "tampered"))
    add(f"{path}: a name and nothing", GET(path + "?username=admin"), PERR(400, "tampered"))
    add(f"{path}: a handle of nobody", GET(path + "?username=admin&authorize_sig=" + "A" * 4000), PERR(400, "tampered"))
    add(f"{path}: another application", GET(path + "?@login@&username=admin&client_id=x", COOKIES), PERR(400, "more than once"))
    add(f"{path}: twice", GET(path + "?@login@&username=admin&authorize_sig=x", COOKIES), PERR(400, "more than once"))
    add(f"{path}: garbled", GET(path + "?@login@&username=%zz", COOKIES), PERR(400, "decode"))
    add(f"{path}: by POST", POST(path, "@login@&username=admin", COOKIES), PERR(405))
    add(f"{path}: without the cookie", GET(path + "?@login@&username=admin"), OK(200, '{"redirect":"'))
add("passkey begin: nobody of that name", GET("/oauth2/passkey/login/begin?@login@&username=nobody", COOKIES), PERR(400, "no passkey"))
add("passkey begin: somebody without one", GET("/oauth2/passkey/login/begin?@login@&username=admin", COOKIES), PERR(400, "no passkey"))
add("passkey begin: a name like none", GET("/oauth2/passkey/login/begin?@login@&username=" + "%27%20OR%201=1--" * 90, COOKIES), PERR(400, "no passkey"))
add("passkey begin: no name", GET("/oauth2/passkey/login/begin?@login@&username=%20", COOKIES), PERR(400, "username"))
for path in ("/oauth2/passkey/login/finish", "/oauth2/passkey/discoverable/finish"):
    add(f"{path}: nothing", POST(path, "", type="application/json"), PERR(400, "challenge"))
    add(f"{path}: by GET", GET(path + "?challenge_id=@challenge_id@"), PERR(405))
    for bad in ("x", "A" * 60, "A" * 6000, "%00", "a%20b", "@authorize_sig@"):
        add(f"{path}: a challenge like {bad:.10} ({len(bad)})", POST(path + "?challenge_id=" + bad, "{}", type="application/json"), PERR(400))
FINISH = "/oauth2/passkey/discoverable/finish?challenge_id=@challenge_id@"
add("WA-17 passkey finish: a challenge of the other ceremony", POST("/oauth2/passkey/login/finish?challenge_id=@challenge_id@", "{}", COOKIES, type="application/json"), PERR(400, "challenge"))
add("passkey finish: a challenge twice", POST(FINISH + "&challenge_id=x", "{}", COOKIES, type="application/json"), PERR(400, "more than once"))
for name, body in (("nothing", ""), ("no object", "[]"), ("a form", "id=AAAA&rawId=AAAA"), ("open", '{"id":'), ("deep", '{"a":' * 200 + "1" + "}" * 200),
                   ("twice a member", "{" + KIND + ',"id":"AAAA","response":{}}'), ("empty", "{}"), ("no response", "{" + KIND + "}"),
                   ("a NUL", "{" + KIND + ',"response":{"clientDataJSON":"\\u0000"}}'), ("bytes", b"\xff\xfe{}"),
                   ("a response of numbers", "{" + KIND + ',"response":{"clientDataJSON":1,"authenticatorData":2,"signature":3}}'),
                   ("a registration", "{" + KIND + ',"response":{"clientDataJSON":"e30","attestationObject":"oA"}}'),
                   ("short data", "{" + KIND + ',"response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA"}}'),
                   ("a padded signature", "{" + KIND + f',"response":{{"clientDataJSON":"e30","authenticatorData":"{AUTH_DATA}","signature":"AA=="}}}}'),
                   ("an id of a kilobyte", '{"id":"' + "A" * 1400 + '","rawId":"' + "A" * 1400 + '","type":"public-key","response":{}}')):
    add(f"WA-16 passkey finish: {name}", POST(FINISH, body, COOKIES, type="application/json"), PERR(400))
add("WA-17 passkey finish: another browser", POST(FINISH, "{" + KIND + f',"response":{{"clientDataJSON":"e30","authenticatorData":"{AUTH_DATA}","signature":"AAAA"}}}}', type="application/json"), PERR(401, "authentication_failed"))
add("WA-05 passkey finish: of nobody", POST(FINISH, "{" + KIND + f',"response":{{"clientDataJSON":"e30","authenticatorData":"{AUTH_DATA}","signature":"AAAA"}}}}', COOKIES, type="application/json"), PERR(401, "authentication_failed"))
add("passkey sign-up: begin", GET("/oauth2/passkey/register/begin?@login@&username=newcomer", COOKIES), PERR(403))
add("passkey sign-up: finish", POST("/oauth2/passkey/register/finish?challenge_id=@challenge_id@", "{}", COOKIES, type="application/json"), PERR(403))
for method, path in (("GET", "/passkeys"), ("DELETE", "/passkeys/AAAA"), ("PATCH", "/passkeys/AAAA"), ("POST", "/passkeys/register/begin"),
                     ("POST", "/passkeys/register/finish?challenge_id=@challenge_id@")):
    add(f"account API {method} {path:.30}: nobody", POST("/account/api" + path, "{}", method=method), WWW(401, None))
    add(f"account API {method} {path:.30}: cookies", POST("/account/api" + path, "{}", COOKIES, method=method), WWW(401, None))
    add(f"account API {method} {path:.30}: a token of another application", POST("/account/api" + path, "{}", ACCESS, method=method), JSON(403, "forbidden"))
for path in ("begin", "finish?challenge_id=@challenge_id@", "AAAA/rename", "AAAA/remove"):
    full = "/account/security/passkeys/" + path
    add(f"CS-06 console passkeys {path:.10}: a post of nobody", POST(full, "{}", type="application/json"), CSRF)
    add(f"CS-06 console passkeys {path:.10}: cookies alone", POST(full, "{}", COOKIES, type="application/json"), CSRF)
    add(f"CS-08 console passkeys {path:.10}: of another site", POST(full, "{}", COOKIES, "Sec-Fetch-Site: cross-site", type="application/json"), CSRF)
    add(f"console passkeys {path:.10}: a bearer", POST(full, "{}", ACCESS, type="application/json"), CSRF)

# --- the admin API -------------------------------------------------------------------
ROUTES = [("GET", "/users"), ("POST", "/users"), ("GET", f"/users/{NOBODY}"), ("PUT", f"/users/{NOBODY}"), ("DELETE", f"/users/{NOBODY}"),
          ("POST", f"/users/{NOBODY}/deactivate"), ("POST", f"/users/{NOBODY}/reactivate"), ("POST", f"/users/{NOBODY}/unlock"),
          ("POST", f"/users/{NOBODY}/revoke-sessions"), ("POST", f"/users/{NOBODY}/recovery-link"), ("GET", "/clients"), ("POST", "/clients"), ("GET", "/clients/nobody"), ("PUT", "/clients/nobody"),
          ("GET", f"/users/{NOBODY}/factors"), ("DELETE", f"/users/{NOBODY}/factors/totp"), ("DELETE", f"/users/{NOBODY}/factors/passkeys"),
          ("DELETE", "/clients/nobody"), ("POST", "/clients/nobody/rotate-secret"), ("GET", "/settings"), ("PUT", "/settings"),
          ("POST", "/users/lookup"), ("GET", f"/users/{NOBODY}/idp-sessions"), ("GET", "/sessions"), ("DELETE", f"/sessions/{NOBODY}"),
          ("GET", "/idp-sessions"), ("GET", f"/idp-sessions/{NOBODY}/sessions"), ("DELETE", f"/idp-sessions/{NOBODY}"), ("GET", "/tokens"),
          ("DELETE", f"/tokens/{NOBODY}"), ("GET", "/stats"), ("GET", "/doctor"), ("GET", "/audit-logs"), ("GET", "/settings/export"),
          ("POST", "/settings/import/preview"), ("POST", "/settings/import/apply"), ("POST", "/settings/test-smtp")]
EMPTY_FOR_NOBODY = ("/revoke-sessions", "/idp-sessions", "/sessions")  # http-api 7.1, 7.3: no 404 there
for method, path in ROUTES:
    full = "/admin/api" + path
    add(f"API {method} {path}: nobody", POST(full, "{}", method=method), WWW(401, None))
    add(f"API {method} {path}: cookies", POST(full, "{}", COOKIES, method=method), WWW(401, None))
    add(f"API {method} {path}: a token of another client", POST(full, "{}", ACCESS, method=method), JSON(403, "forbidden"))
    add(f"API {method} {path}: an ID token", POST(full, "{}", "Authorization: Bearer @idt@", method=method), JSON(401, "invalid_token"))
    add(f"API {method} {path}: the token in the query", POST(full + "?access_token=@admin@", "{}", method=method), WWW(401, None))
    add(f"API {method} {path}: the token in the body", POST(full, "access_token=@admin@", method=method), WWW(401, None))
for method, path in ROUTES:
    if NOBODY in path and not path.endswith(EMPTY_FOR_NOBODY):
        add(f"API {method} {path}: of nobody", API(method, path, "{}"), JSON(404, "not_found"))
    elif "/nobody" in path:
        add(f"API {method} {path}: of nobody", API(method, path, "{}"), JSON(404, "invalid_client"))
add("API revoke-sessions: of nobody", API("POST", f"/users/{NOBODY}/revoke-sessions"), OK(204))
add("API idp-sessions: of nobody", API("GET", f"/users/{NOBODY}/idp-sessions"), OK(200, '{"data":[]}'))
add("API sessions: of no browser", API("GET", f"/idp-sessions/{NOBODY}/sessions"), OK(200, '{"data":{"items":[],"total":0}}'))
for path in ("/sessions", "/idp-sessions", "/tokens", "/stats", "/doctor", "/audit-logs", "/settings/export"):
    add(f"API {path}: a body with GET", API("GET", path, '{"limit":"' + "x" * 9000), OK(200, '"data"'))
    add(f"API {path}: by PUT", API("PUT", path, "{}"), JSON(405, "invalid_request"))
    add(f"API {path}: a segment too many", API("GET", path + "/x/y/z"), JSON(404, "not_found"))
for path in ("/idp-sessions", "/tokens", "/audit-logs", f"/idp-sessions/{NOBODY}/sessions"):
    for query in ("limit=-9223372036854775808", "limit=99999999999999999999999999", "offset=9223372036854775807", "offset=0x10", "limit=1e9&offset=1e9",
                  "sort=" + "x" * 4000, "sort=created_at%3BDROP", "order=" + "%c3%a9" * 500, "search=" + "%25" * 1300, "search=%0a%0a", "unknown=" + "y" * 7000):
        add(f"API {path}: {query:.40}", API("GET", path + "?" + query), OK(200, '"total"'))
    add(f"HT-03 API {path}: order twice", API("GET", path + "?order=asc&order=desc"), JSON(400, "invalid_request", "order"))
    add(f"HT-14 API {path}: a byte", API("GET", path + "?search=%fe"), JSON(400, "invalid_request"))
    add(f"API {path}: a sort of 5000 bytes", API("GET", path + "?sort=" + "x" * 5000), JSON(400, "invalid_request"))
for path, name in (("/idp-sessions", "last_activity_at_from"), ("/tokens", "issued_at_to"), ("/audit-logs", "created_at_from")):
    for value in ("x", "2026-02-30", "2026-01-01T25:00:00Z", "99999999999999999999", "-1", "2026-01-01%20--", "2026-1-1"):
        add(f"API {path}: {name}={value}", API("GET", f"{path}?{name}={value}"), OK(400, '{"data":null,"error":{'))
add("API audit-logs: an event of 1 KiB", API("GET", "/audit-logs?event=" + "x" * 1024), OK(200, '"total":0'))
add("API audit-logs: an event of 2 KiB", API("GET", "/audit-logs?event=" + "x" * 2048), JSON(400, "invalid_request"))
add("API sessions: a person of 2 KiB", API("GET", "/sessions?user_id=" + "x" * 2048), JSON(400, "invalid_request"))
for kind in ("sessions", "idp-sessions", "tokens"):
    for bad in ("x", "'%20OR%201=1--", "%27", "0" * 21, "v" * 20, "Z" * 20, "%c3%a9", "*", ":id", "x" * 3000):
        add(f"API {kind}: an id like {bad:.30}", API("DELETE", f"/{kind}/{bad}"), JSON(404, "not_found"))
for bad in ("x", "' OR 1=1--", "..", "%27", "0" * 21, "0" * 19, "v" * 20, "Z" * 20, "é", "a b", "%e2%80%8b", "*", ":id"):
    target = bad.replace(" ", "%20").replace("é", "%c3%a9")
    if bad != "..":
        add(f"API users: an id like {bad}", API("GET", "/users/" + target), JSON(404, "not_found"))
        add(f"API clients: an id like {bad}", API("GET", "/clients/" + target), JSON(404, "invalid_client"))
for method, path in (("POST", "/oauth2/register"), ("GET", "/oauth2/register/nobody"), ("PUT", "/oauth2/register/nobody"), ("DELETE", "/oauth2/register/nobody")):
    add(f"register {method}: nobody", POST(path, "{}", method=method), WWW(401, None))
    add(f"register {method}: the admin token", POST(path, "{}", ADMIN, method=method), WWW(401, "invalid_token"))
    add(f"register {method}: another's token", POST(path, "{}", ACCESS, method=method), JSON(403, "forbidden"))
