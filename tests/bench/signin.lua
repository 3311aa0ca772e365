-- Sign-ins from end to end: one browser's form posted, and the code that came of it redeemed, in turn.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local login, token_headers, rest, codes = "", {}, "", {}

function init(args)
    local a, form = arguments(args), "application/x-www-form-urlencoded"
    login = wrk.format("POST", "/oauth2/login", { ["Content-Type"] = form, ["Cookie"] = a.cookie, ["Origin"] = a.origin },
                       a.body)
    token_headers = { ["Content-Type"] = form, ["Authorization"] = a.auth }
    rest = "&redirect_uri=" .. escape(a.redirect_uri) .. "&code_verifier=" .. a.verifier
end

function request()
    local code = table.remove(codes)
    if not code then return login end
    return wrk.format("POST", "/oauth2/token", token_headers, "grant_type=authorization_code&code=" .. code .. rest)
end

function response(status, headers)
    codes[#codes + 1] = (headers["Location"] or ""):match("[?&]code=([^&]+)")
end
