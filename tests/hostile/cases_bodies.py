"""Bodies: of the wrong kind, of the wrong size, JSON of every bad shape (HT-07, HT-14, HT-16; http-api 1.2)."""
from expect import ADMIN, API, BASIC, C, CSRF, FORM, FRONT, GET, JSON, OK, PAGE, POST, RAW, REDIR, TOKEN, WWW, lines

CODE = "grant_type=authorization_code&code=x&redirect_uri=@cb@"
MULTIPART = '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nauthorization_code\r\n--x--\r\n'
CLIENT = '{"client_name":"x","redirect_uris":["https://app.example.test/cb"]'

cases = []


def add(name, request, expect):
    cases.append(C(name, request, expect))


# --- HT-07: of the wrong kind ------------------------------------------------------
for what, type, body in [
        ("JSON", "application/json", '{"grant_type":"authorization_code"}'), ("multipart", "multipart/form-data; boundary=x", MULTIPART),
        ("text", "text/plain", CODE), ("no type", None, CODE), ("an empty type", "", CODE), ("XML", "application/xml", "<x/>"),
        ("another name", "application/x-www-form-urlencoded2", CODE), ("two types", FORM + ", text/plain", CODE),
        ("a type of bytes", "\xff\xfe", CODE), ("a long type", "x" * 5000, CODE)]:
    add(f"HT-07 token: {what}", TOKEN(body, BASIC, type=type), JSON(400, "invalid_request", "application/x-www-form-urlencoded"))
    add(f"HT-07 revoke: {what}", POST("/oauth2/revoke", body, BASIC, type=type), JSON(400, "invalid_request", "application/x-www-form-urlencoded"))
for what, type in [("a charset", FORM + "; charset=utf-8"), ("capitals", FORM.upper()), ("space", f" {FORM} ;x"), ("odd charset", FORM + ";charset=utf-16")]:
    add(f"HT-07 token: the right kind, {what}", TOKEN(CODE, BASIC, type=type), JSON(400, "invalid_grant"))
add("HT-07 token: no body", POST("/oauth2/token", "", BASIC, type=None), JSON(400, "invalid_request"))
add("HT-07 token: no length", RAW(lines("POST /oauth2/token HTTP/1.1", [BASIC])), JSON(400, "invalid_request"))
add("HT-07 token: parameters in the query only", POST("/oauth2/token?" + CODE, "", BASIC), JSON(400, "invalid_request", "grant_type is missing"))
add("HT-07 authorize: JSON", POST("/oauth2/authorize", '{"client_id":"@cid@"}', type="application/json"), PAGE(400, "missing"))
add("HT-07 authorize: multipart", POST("/oauth2/authorize", MULTIPART, type="multipart/form-data; boundary=x"), PAGE(400, "missing"))
add("HT-07 authorize: text, and a query", POST("/oauth2/authorize?@q@", "x", type="text/plain"), OK(302))
add("HT-07 login: JSON", POST("/oauth2/login", '{"username":"admin"}', type="application/json"), CSRF)
add("HT-07 login: multipart", POST("/oauth2/login", MULTIPART, "Cookie: autentico_csrf=@csrf_cookie@", type="multipart/form-data; boundary=x"), CSRF)
add("HT-07 introspect: text", POST("/oauth2/introspect", "token=x", BASIC, type="text/plain"), JSON(400, "invalid_request", "JSON object"))
add("HT-07 introspect: multipart", POST("/oauth2/introspect", MULTIPART, BASIC, type="multipart/form-data; boundary=x"), JSON(400, "invalid_request"))
add("IN-06 introspect: JSON, as the contract has it", POST("/oauth2/introspect", '{"token":"x"}', BASIC, type="application/json"), OK(200, '{"active":false}'))
add("IN-06 introspect: JSON without a token", POST("/oauth2/introspect", "{}", BASIC, type="application/json"), JSON(400, "invalid_request"))
add("IN-06 introspect: JSON, a number", POST("/oauth2/introspect", '{"token":5}', BASIC, type="application/json"), JSON(400, "invalid_request"))
add("BT-02 userinfo: JSON", POST("/oauth2/userinfo", '{"access_token":"@access@"}', type="application/json"), WWW(401, None))
add("BT-02 userinfo: multipart", POST("/oauth2/userinfo", MULTIPART, type="multipart/form-data; boundary=x"), WWW(401, None))

# --- JSON of every bad shape, at three doors -----------------------------------------
SHAPES = {
    "nothing": "", "white space": " \r\n\t", "not closed": '{"a":', "not opened": "}", "one brace": "{", "half a string": '{"a":"', "single quotes": "{'a':1}",
    "no quotes": "{a:1}", "a comment": '{/*x*/"a":1}', "a comma too many": '{"a":1,}', "no comma": '{"a":1 "b":2}', "NaN": '{"a":NaN}', "Infinity": '{"a":-Infinity}',
    "a leading zero": '{"a":01}', "a plus": '{"a":+1}', "hex": '{"a":0x1}', "a lone minus": '{"a":-}', "half a number": '{"a":1.}', "half an exponent": '{"a":1e}',
    "half a literal": '{"a":tru}', "a wrong escape": '{"a":"\\x41"}', "half an escape": '{"a":"\\u00"}', "an escaped NUL": '{"a":"\\u0000"}',
    "a lone surrogate": '{"a":"\\ud800"}', "surrogates in the wrong order": '{"a":"\\udc00\\ud800"}', "a raw NUL": '{"a":"\x00"}', "a raw newline": '{"a":"\n"}',
    "a raw byte": '{"a":"\xff"}', "an overlong slash": '{"a":"\xc0\xaf"}', "a key twice": '{"a":1,"a":2}', "a key twice inside": '{"x":{"a":1,"a":1}}',
    "a key twice, escaped": '{"a":1,"\\u0061":2}', "an array": "[1]", "a string": '"x"', "a number": "1", "true": "true", "null": "null",
    "UTF-16": "\xff\xfe{\x00}\x00", "a mark first": "\xef\xbb\xbf{}", "deep arrays": "[" * 20000, "deep objects": '{"a":' * 10000,
    "a huge number": '{"a":' + "9" * 4000 + "}", "more than 64 bits": '{"a":123456789012345678901234567890}',
    "deep and closed": "[" * 5000 + "]" * 5000, "deep inside": '{"a":' + "[" * 3000 + "]" * 3000 + "}",
}
for what, text in SHAPES.items():
    add(f"JSON settings: {what}", API("PUT", "/settings", text), JSON(400, "invalid_request"))
    add(f"JSON clients: {what}", API("POST", "/clients", text), JSON(400, "invalid_request"))
    add(f"JSON lookup: {what}", API("POST", "/users/lookup", text), JSON(400, "invalid_request"))
    add(f"JSON import: {what}", API("POST", "/settings/import/apply", text), JSON(400, "invalid_request"))
    add(f"JSON preview: {what}, inside", API("POST", "/settings/import/preview", '{"settings":' + text + "}"), JSON(400, "invalid_request"))
    add(f"JSON introspect: {what}", POST("/oauth2/introspect", text, BASIC, type="application/json"), JSON(400, "invalid_request"))
for what, text in {"a huge exponent": '{"a":1e999999}', "a tiny exponent": '{"a":1e-999999}',
                   "a double": '{"a":1.5}', "minus zero": '{"a":-0}'}.items():
    add(f"JSON clients: {what} in an unknown member", API("POST", "/clients", CLIENT + "," + text[1:]), OK(201))
    add(f"JSON settings: {what}", API("PUT", "/settings", text), JSON(400, "invalid_request", "must be a string"))
add("JSON users: bytes after it are ignored", API("POST", "/users", '{"username":"after","password":"x"}garbage'), JSON(400, "invalid_request"))
add("JSON users: another type is as good", API("POST", "/users", '{"username":"after"}', type="text/plain"), JSON(400, "invalid_request", "password"))
add("JSON settings: ten thousand members", API("PUT", "/settings", "{" + ",".join(f'"k{i}":{i}' for i in range(9000)) + "}"), JSON(400, "invalid_request"))
add("JSON import: nine thousand members", API("POST", "/settings/import/apply", '{"settings":{' + ",".join(f'"k{i}":{i}' for i in range(9000)) + "}}"),
    JSON(400, "invalid_request", "must be a string"))
add("JSON preview: nine thousand strangers", API("POST", "/settings/import/preview", '{"settings":{' + ",".join(f'"k{i}":""' for i in range(9000)) + "}}"),
    OK(200, '"rows":[]'))
add("JSON lookup: nine thousand names", API("POST", "/users/lookup", '{"usernames":[' + ",".join(['"x"'] * 9000) + "]}"), JSON(400, "invalid_request", "100"))
add("JSON lookup: a name of 60 KiB", API("POST", "/users/lookup", '{"usernames":["' + "x" * 60000 + '"]}'), OK(200, '"items":[]'))
add("JSON lookup: markup and SQL", API("POST", "/users/lookup", '{"emails":["<script>","\' OR 1=1--"],"ids":[""]}'), OK(200, '"items":[]'))
add("JSON clients: members of no interest", API("POST", "/clients", CLIENT + ',"a":{"b":[{"c":[[]]}]},"d":null,"__proto__":{"x":1},"constructor":"x"}'), OK(201))
add("JSON clients: 11 redirect URIs", API("POST", "/clients", '{"client_name":"x","redirect_uris":[' + ",".join(['"https://a/"'] * 11) + "]}"),
    JSON(400, "invalid_redirect_uri"))
add("JSON clients: 9000 redirect URIs", API("POST", "/clients", '{"client_name":"x","redirect_uris":[' + ",".join(['"a"'] * 9000) + "]}"),
    JSON(400, "invalid_redirect_uri"))
add("JSON clients: a name with a bell", API("POST", "/clients", CLIENT.replace('"x"', '"\\u0007"') + "}"), JSON(400, "invalid_client_metadata"))
add("JSON users: a name that is markup", API("POST", "/users", '{"username":"<img src=x>","password":"short"}'), JSON(400, "invalid_request"))
add("JSON settings: a value with a line break", API("PUT", "/settings", '{"theme_title":"a\\r\\nX-Injected: y"}'), OK(204))
add("… is shown as text and no header", GET("/oauth2/authorize?@q@"), OK(200, "X-Injected: y"))
add("… and taken back", API("PUT", "/settings", '{"theme_title":"Autentico"}'), OK(204))
add("JSON settings: markup in the brand", API("PUT", "/settings", '{"theme_title":"</title><script>alert(1)</script>","theme_tagline":"\\"><img onerror=x>"}'), OK(204))
add("… is shown as text", GET("/oauth2/authorize?@q@"), OK(200, "&lt;script&gt;alert(1)&lt;/script&gt;"))
add("… and taken back again", API("PUT", "/settings", '{"theme_title":"Autentico","theme_tagline":""}'), OK(204))
add("JSON settings: a colour that is CSS", API("PUT", "/settings", '{"theme_brand_color":"red}*{display:none"}'), OK(204))
add("… and back", API("PUT", "/settings", '{"theme_brand_color":"#ff7b00"}'), OK(204))

# --- HT-16: of the wrong size --------------------------------------------------------
for path, answer in [("/oauth2/token", JSON(413, "invalid_request")), ("/oauth2/introspect", JSON(413, "invalid_request")),
                     ("/oauth2/revoke", JSON(413, "invalid_request")), ("/oauth2/userinfo", JSON(413, "invalid_request")),
                     ("/oauth2/authorize", PAGE(413, "too large")), ("/oauth2/logout", PAGE(413, "too large")),
                     ("/oauth2/logout/confirm", PAGE(413, "too large")), ("/oauth2/login", JSON(413, "invalid_request")),
                     ("/onboard", PAGE(413, "too large")), ("/admin/users/new", PAGE(413, "too large")),
                     ("/account/profile", PAGE(413, "too large")), ("/nowhere", OK(404))]:
    add(f"HT-16 {path}: 100 KiB", POST(path, "x=" + "y" * 102400, BASIC), answer)
    add(f"HT-16 {path}: 200 KiB", POST(path, "x=" + "y" * 204800, BASIC), FRONT(413))
add("HT-16 settings: 100 KiB may be", API("PUT", "/settings", '{"theme_title":5,"x":"' + "y" * 102400 + '"}'), JSON(400, "invalid_request", "theme_title"))
add("HT-16 import: 100 KiB may be", API("POST", "/settings/import/apply", '{"settings":{"x":"' + "y" * 102400 + '"}}'), OK(204))
add("HT-16 lookup: 100 KiB may not", API("POST", "/users/lookup", '{"ids":["' + "y" * 102400 + '"]}'), JSON(413, "invalid_request"))
add("HT-16 clients: 100 KiB may not", API("POST", "/clients", CLIENT + ',"x":"' + "y" * 102400 + '"}'), JSON(413, "invalid_request"))
add("HT-16 token: a gigabyte announced", POST("/oauth2/token", "x", BASIC, length="1073741824"), FRONT(413))
add("HT-16 token: more than a number announced", POST("/oauth2/token", "x", BASIC, length="9" * 30), FRONT(400))
add("HT-16 token: less than nothing announced", POST("/oauth2/token", "x", BASIC, length="-1"), FRONT(400))
add("HT-16 token: words announced", POST("/oauth2/token", "x", BASIC, length="ten"), FRONT(400))
