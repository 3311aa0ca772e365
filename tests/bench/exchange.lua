-- Redeems the codes of a pool, each once.  With `tokens` and `refresh` what comes back is kept.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local codes, at, rest, headers, access, refresh = {}, 0

function init(args)
    local a = arguments(args)
    codes = pool(a.codes)
    headers = { ["Authorization"] = a.auth, ["Content-Type"] = "application/x-www-form-urlencoded" }
    rest = "&redirect_uri=" .. escape(a.redirect_uri) .. "&code_verifier=" .. a.verifier
    if a.tokens then
        access, refresh = writer(a.tokens), writer(a.refresh)
        response = keep
    end
end

function request()
    at = at + 1
    -- what is under way on other connections still asks for some
    if at >= #codes - 150 then wrk.thread:stop() end
    return wrk.format("POST", nil, headers, "grant_type=authorization_code&code=" .. codes[at] .. rest)
end

function keep(status, _, body)
    local a, r = body:match('"access_token":"([^"]+)"'), body:match('"refresh_token":"([^"]+)"')
    if a and r then
        access:write(a, "\n")
        refresh:write(r, "\n")
    end
end
