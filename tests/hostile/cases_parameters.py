"""Parameters: twice, contradicting, empty, unknown, malformed, overlong (HT-03 to HT-05, HT-14, HT-16)."""
from expect import (ACCESS, ADMIN, API, BASIC, C, CSRF, FORM, GET, JSON, LOGIN, OK, PAGE, POST, REDIR, SHOWN, TOKEN, WWW)

CODE = "grant_type=authorization_code&code=x&redirect_uri=@cb@"
AUTHORIZE = "/oauth2/authorize?@q@"
BAD = {  # nothing that decodes (HT-14)
    "percent": "%zz", "half a percent": "%4", "a lone percent": "%", "overlong slash": "%c0%af", "overlong NUL": "%c0%80",
    "surrogate": "%ed%a0%80", "beyond Unicode": "%f4%90%80%80", "a stray byte": "%ff", "cut off": "%e2%82", "NUL": "a%00b",
}

cases = []


def add(name, request, expect):
    cases.append(C(name, request, expect))


# --- HT-03: twice ------------------------------------------------------------------
for name in ("client_id", "redirect_uri"):
    value = "@cid@" if name == "client_id" else "@cb@"
    add(f"HT-03 authorize: {name} twice", GET(f"{AUTHORIZE}&{name}={value}"), PAGE(400, f"{name} was sent more than once"))
    add(f"HT-03 authorize: another {name}", GET(f"{AUTHORIZE}&{name}=https%3A%2F%2Fevil.example%2F"), PAGE(400, name))
    add(f"HT-03 authorize: an empty {name} too", GET(f"{AUTHORIZE}&{name}="), PAGE(400, name))
for name in ("response_type", "scope", "nonce", "prompt", "max_age", "code_challenge", "code_challenge_method", "response_mode",
             "login_hint", "id_token_hint", "ui_locales", "acr_values", "display", "claims", "request", "request_uri", "registration"):
    add(f"HT-03 authorize: {name} twice", GET(f"{AUTHORIZE}&{name}=1&{name}=1"), REDIR("invalid_request"))
add("HT-03 authorize: state twice", GET(f"{AUTHORIZE}&state=2"), REDIR("invalid_request", None))
add("HT-03 authorize by POST: client_id twice", POST("/oauth2/authorize", "@q@&client_id=@cid@"), PAGE(400, "client_id"))
add("HT-03 authorize by POST: nonce twice", POST("/oauth2/authorize", "@q@&nonce=x"), REDIR("invalid_request"))
add("HT-03 authorize: query and form contradict", POST("/oauth2/authorize?client_id=other", "@q@"), PAGE(400, "client_id"))
add("HT-03 authorize: query and form contradict, nonce", POST("/oauth2/authorize?nonce=other", "@q@"), REDIR("invalid_request"))
for name in ("grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "refresh_token", "scope", "username",
             "password", "client_assertion", "client_assertion_type", "assertion", "device_code"):
    value = "authorization_code" if name == "grant_type" else "x"
    add(f"HT-03 token: {name} twice", TOKEN(f"{CODE}&{name}={value}&{name}={value}", BASIC), JSON(400, "invalid_request", name))
add("HT-03 token: resource and audience may be", TOKEN(CODE + "&resource=a&resource=b&audience=a&audience=b", BASIC), JSON(400, "invalid_grant"))
for path in ("introspect", "revoke"):
    add(f"HT-03 {path}: token twice", POST(f"/oauth2/{path}", "token=x&token=x", BASIC), JSON(400, "invalid_request", "token"))
    add(f"HT-03 {path}: token_type_hint twice", POST(f"/oauth2/{path}", "token=x&token_type_hint=a&token_type_hint=a", BASIC),
        JSON(400, "invalid_request", "token_type_hint"))
    add(f"HT-03 {path}: client_id twice", POST(f"/oauth2/{path}", "token=x&client_id=a&client_id=a"), JSON(400, "invalid_request", "client_id"))
add("HT-03 userinfo: access_token twice", POST("/oauth2/userinfo", "access_token=@access@&access_token=@access@"), WWW(400, "invalid_request"))
for name in ("id_token_hint", "client_id", "post_logout_redirect_uri", "state"):
    add(f"HT-03 logout: {name} twice", GET(f"/oauth2/logout?{name}=a&{name}=a"), PAGE(400, name))
add("HT-03 login: username twice", POST("/oauth2/login", "@login@&username=admin&username=root&password=x",
                                       "Cookie: autentico_csrf=@csrf_cookie@"), JSON(400, "invalid_request", "username"))
add("HT-03 login: authorize_sig twice", POST("/oauth2/login", "@login@&authorize_sig=x&username=admin&password=x",
                                            "Cookie: autentico_csrf=@csrf_cookie@"), JSON(400, "invalid_request", "authorize_sig"))
add("HT-03 login: csrf_token twice", POST("/oauth2/login", "@login@&csrf_token=x", "Cookie: autentico_csrf=@csrf_cookie@"), CSRF)
add("HT-03 users: limit twice", GET("/admin/api/users?limit=1&limit=2", ADMIN), JSON(400, "invalid_request", "limit"))
add("HT-03 clients: search twice", GET("/admin/api/clients?search=a&search=b", ADMIN), JSON(400, "invalid_request", "search"))

# --- HT-04, HT-05: empty and unknown -----------------------------------------------
for name in ("nonce", "prompt", "max_age", "code_challenge", "code_challenge_method", "response_mode", "login_hint", "id_token_hint",
             "ui_locales", "acr_values", "display", "claims", "request", "request_uri", "registration"):
    add(f"HT-04 authorize: {name} empty", GET(f"/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=@cb@&scope=openid&{name}="), LOGIN)
add("HT-04 authorize: scope empty", GET("/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=@cb@&scope="), LOGIN)
add("HT-04 token: code empty", TOKEN("grant_type=authorization_code&code=&redirect_uri=@cb@", BASIC), JSON(400, "invalid_request", "code is missing"))
add("HT-04 token: client_secret empty", TOKEN(CODE + "&client_id=@public@&client_secret="), JSON(400, "invalid_grant"))
add("HT-04 introspect: token empty", POST("/oauth2/introspect", "token=", BASIC), JSON(400, "invalid_request"))
add("HT-04 userinfo: access_token empty", POST("/oauth2/userinfo", "access_token="), WWW(401, None))
add("HT-05 authorize: unknown", GET(f"{AUTHORIZE}&extra=foobar&extra=again&x&=y&&"), LOGIN)
add("HT-05 token: unknown", TOKEN(CODE + "&extra=foobar&extra=again", BASIC), JSON(400, "invalid_grant"))
add("HT-05 discovery: unknown", GET("/.well-known/openid-configuration?x=y&x=z"), OK(200, '"issuer"'))

# --- HT-14: what does not decode ---------------------------------------------------
for what, text in BAD.items():
    add(f"HT-14 authorize: {what}", GET(f"{AUTHORIZE}&nonce={text}"), PAGE(400, "does not decode"))
    add(f"HT-14 authorize by POST: {what}", POST("/oauth2/authorize", f"@q@&x={text}"), PAGE(400, "does not decode"))
    add(f"HT-14 token: {what}", TOKEN(f"{CODE}&x={text}", BASIC), JSON(400, "invalid_request", "does not decode"))
    add(f"HT-14 introspect: {what}", POST("/oauth2/introspect", f"token={text}", BASIC), JSON(400, "invalid_request"))
    add(f"HT-14 revoke: {what}", POST("/oauth2/revoke", f"token=@access@{text}", BASIC), JSON(400, "invalid_request"))
    add(f"HT-14 userinfo: {what}", POST("/oauth2/userinfo", f"access_token={text}"), JSON(400, "invalid_request"))
    add(f"HT-14 logout: {what}", GET(f"/oauth2/logout?state={text}"), PAGE(400, "does not decode"))
    add(f"HT-14 users: {what}", GET(f"/admin/api/users?search={text}", ADMIN), JSON(400, "invalid_request", "does not decode"))
    add(f"HT-14 login: {what}", POST("/oauth2/login", f"@login@&username={text}&password=x", "Cookie: autentico_csrf=@csrf_cookie@"), CSRF)
add("HT-14 authorize: raw UTF-8", GET(AUTHORIZE + "&login_hint=\xc3\xa9"), SHOWN('value="é"'))
add("HT-14 authorize: raw Latin-1", GET(AUTHORIZE + "&login_hint=\xe9"), PAGE(400, "does not decode"))
add("HT-14 token: raw Latin-1", TOKEN(CODE + "&x=\xe9", BASIC), JSON(400, "invalid_request"))
add("HT-14 token: raw NUL", TOKEN(CODE + "&x=\x00", BASIC), JSON(400, "invalid_request"))
add("HT-14 token: raw newlines", TOKEN(CODE + "&code_verifier=\r\n", BASIC), JSON(400, "invalid_grant"))
add("HT-14 plus is a space", GET("/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=@cb@&scope=openid+email&login_hint=a+b%2Bc"),
    SHOWN('value="a b+c"'))
add("HT-14 token: a bad query means nothing", POST("/oauth2/token?%zz", CODE, BASIC), JSON(400, "invalid_grant"))
add("HT-14 health: a bad query means nothing", GET("/healthz?%zz=%ff"), OK(200, '"ok"'))

# --- HT-16: overlong ---------------------------------------------------------------
add("HT-16 authorize: a long client_id", GET("/oauth2/authorize?response_type=code&redirect_uri=@cb@&client_id=" + "x" * 9000), PAGE(400, "client_id is too long"))
add("HT-16 authorize: a long redirect_uri", GET("/oauth2/authorize?response_type=code&client_id=@cid@&redirect_uri=https%3A%2F%2Fa%2F" + "x" * 9000),
    PAGE(400, "redirect_uri is too long"))
for name, n in (("response_type", 129), ("scope", 1025), ("nonce", 1025), ("code_challenge", 257), ("prompt", 257), ("login_hint", 1025),
                ("id_token_hint", 4097), ("ui_locales", 257), ("acr_values", 257), ("display", 65), ("max_age", 65), ("claims", 4097)):
    head = "/oauth2/authorize?client_id=@cid@&redirect_uri=@cb@&state=st" + ("" if name == "response_type" else "&response_type=code")
    add(f"HT-16 authorize: a long {name}", GET(f"{head}&{name}=" + "1" * n), REDIR("invalid_request"))
add("HT-16 authorize: a long response_mode", GET(AUTHORIZE + "&response_mode=" + "x" * 65), REDIR("invalid_request"))
add("HT-16 authorize: more than a handle holds", GET(AUTHORIZE.replace("@q@", "response_type=code&client_id=@cid@&redirect_uri=@cb@&state=st&nonce="
                                                                  + "n" * 1024 + "&login_hint=" + "h" * 1024 + "&id_token_hint=")), LOGIN)
add("HT-16 authorize: 300 parameters", GET(AUTHORIZE + "&a=b" * 300), PAGE(400, "does not decode"))
add("HT-16 token: 300 parameters", TOKEN(CODE + "&a=b" * 300, BASIC), JSON(400, "invalid_request"))
add("HT-16 token: 60 KiB of one parameter", TOKEN(CODE + "&extra=" + "x" * 60000, BASIC), JSON(400, "invalid_grant"))
add("HT-16 token: a long code", TOKEN("grant_type=authorization_code&redirect_uri=@cb@&code=" + "x" * 2049, BASIC), JSON(400, "invalid_request"))
add("HT-16 token: a long grant_type", TOKEN("grant_type=" + "x" * 257, BASIC), JSON(400, "invalid_request"))
add("HT-16 introspect: a long token", POST("/oauth2/introspect", "token=" + "x" * 16385, BASIC), JSON(400, "invalid_request"))
add("HT-16 introspect: a token as long as may be", POST("/oauth2/introspect", "token=" + "x" * 16384, BASIC), OK(200, '{"active":false}'))
add("HT-16 login: a long password", POST("/oauth2/login", "@login@&username=admin&password=" + "p" * 50000, "Cookie: autentico_csrf=@csrf_cookie@"),
    OK(302))
add("HT-16 users: a long search", GET("/admin/api/users?search=" + "x" * 4097, ADMIN), JSON(400, "invalid_request"))
add("HT-16 users: a long id", GET("/admin/api/users/" + "x" * 9000, ADMIN), JSON(404, "not_found"))
add("HT-16 clients: a long id", GET("/admin/api/clients/" + "x" * 9000, ADMIN), JSON(404, "invalid_client"))
