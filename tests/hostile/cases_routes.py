"""Every route, by somebody who has no business there, and with what it cannot use (CS-06 to CS-08, IN-02, RV-05, MD-27)."""
from expect import ACCESS, ADMIN, API, BASIC, C, CSRF, GET, JSON, OK, PAGE, POST, REDIR, SHOWN, SIGN_IN, TEXT, TOKEN, WWW

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
for path in ("/admin/", "/admin/users", "/admin/users/new", f"/admin/users/{NOBODY}", "/admin/clients", "/admin/clients/new", "/admin/clients/x"):
    add(f"console {path}: nobody", GET(path), SIGN_IN("admin"))
    add(f"console {path}: a bearer", GET(path, ADMIN), SIGN_IN("admin"))
    add(f"console {path}: the session of the sign-in alone", GET(path, COOKIES), SIGN_IN("admin"))
for path in ("/account/", "/account/profile"):
    add(f"console {path}: nobody", GET(path), SIGN_IN("account"))
    add(f"console {path}: a bearer", GET(path, ACCESS), SIGN_IN("account"))
for path in ("/admin/users/new", f"/admin/users/{NOBODY}/deactivate", f"/admin/users/{NOBODY}/reactivate", f"/admin/users/{NOBODY}/unlock", f"/admin/users/{NOBODY}/factors/totp/remove",
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

# --- the second factor -----------------------------------------------------------------
for path in ("/oauth2/mfa", "/oauth2/mfa/anything"):
    add(f"{path}: no challenge", GET(path), JSON(400, "invalid_request"))
    add(f"{path}: a post of nobody", POST(path, "challenge_id=x&code=123456"), CSRF)
add("mfa: by PUT", POST("/oauth2/mfa", "x", method="PUT"), CSRF)
for method, path in (("GET", "/mfa"), ("POST", "/mfa/totp/setup"), ("POST", "/mfa/totp/verify"), ("DELETE", "/mfa/totp"),
                     ("POST", "/mfa/recovery-codes"), ("GET", "/trusted-devices"), ("DELETE", f"/trusted-devices/{NOBODY}")):
    add(f"account API {method} {path}: nobody", POST("/account/api" + path, "{}", method=method), WWW(401, None))

# --- the admin API -------------------------------------------------------------------
ROUTES = [("GET", "/users"), ("POST", "/users"), ("GET", f"/users/{NOBODY}"), ("PUT", f"/users/{NOBODY}"), ("DELETE", f"/users/{NOBODY}"),
          ("POST", f"/users/{NOBODY}/deactivate"), ("POST", f"/users/{NOBODY}/reactivate"), ("POST", f"/users/{NOBODY}/unlock"),
          ("POST", f"/users/{NOBODY}/revoke-sessions"), ("GET", "/clients"), ("POST", "/clients"), ("GET", "/clients/nobody"), ("PUT", "/clients/nobody"),
          ("GET", f"/users/{NOBODY}/factors"), ("DELETE", f"/users/{NOBODY}/factors/totp"),
          ("DELETE", "/clients/nobody"), ("POST", "/clients/nobody/rotate-secret"), ("GET", "/settings"), ("PUT", "/settings")]
for method, path in ROUTES:
    full = "/admin/api" + path
    add(f"API {method} {path}: nobody", POST(full, "{}", method=method), WWW(401, None))
    add(f"API {method} {path}: cookies", POST(full, "{}", COOKIES, method=method), WWW(401, None))
    add(f"API {method} {path}: a token of another client", POST(full, "{}", ACCESS, method=method), JSON(403, "forbidden"))
    add(f"API {method} {path}: an ID token", POST(full, "{}", "Authorization: Bearer @idt@", method=method), JSON(401, "invalid_token"))
    add(f"API {method} {path}: the token in the query", POST(full + "?access_token=@admin@", "{}", method=method), WWW(401, None))
    add(f"API {method} {path}: the token in the body", POST(full, "access_token=@admin@", method=method), WWW(401, None))
for method, path in ROUTES:
    if NOBODY in path and not path.endswith("revoke-sessions"):
        add(f"API {method} {path}: of nobody", API(method, path, "{}"), JSON(404, "not_found"))
    elif "/nobody" in path:
        add(f"API {method} {path}: of nobody", API(method, path, "{}"), JSON(404, "invalid_client"))
add("API revoke-sessions: of nobody", API("POST", f"/users/{NOBODY}/revoke-sessions"), OK(204))
for bad in ("x", "' OR 1=1--", "..", "%27", "0" * 21, "0" * 19, "v" * 20, "Z" * 20, "é", "a b", "%e2%80%8b", "*", ":id"):
    target = bad.replace(" ", "%20").replace("é", "%c3%a9")
    if bad != "..":
        add(f"API users: an id like {bad}", API("GET", "/users/" + target), JSON(404, "not_found"))
        add(f"API clients: an id like {bad}", API("GET", "/clients/" + target), JSON(404, "invalid_client"))
for method, path in (("POST", "/oauth2/register"), ("GET", "/oauth2/register/nobody"), ("PUT", "/oauth2/register/nobody"), ("DELETE", "/oauth2/register/nobody")):
    add(f"register {method}: nobody", POST(path, "{}", method=method), WWW(401, None))
    add(f"register {method}: the admin token", POST(path, "{}", ADMIN, method=method), WWW(401, "invalid_token"))
    add(f"register {method}: another's token", POST(path, "{}", ACCESS, method=method), JSON(403, "forbidden"))
