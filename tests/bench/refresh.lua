-- Chains of refresh tokens, somewhat more than connections: each answer brings the token of a later request.
-- With `answered` and `access` what comes back is kept.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local tokens, first, last, headers, answered, access = {}, 1, 0

function init(args)
    local a = arguments(args)
    tokens = pool(a.refresh, tonumber(a.chains))
    last = #tokens
    if a.answered then answered = writer(a.answered) end
    if a.access then access = writer(a.access) end
    headers = { ["Authorization"] = a.auth, ["Content-Type"] = "application/x-www-form-urlencoded" }
end

function request()
    local token = tokens[first]
    tokens[first] = nil
    first = first + 1
    return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. token)
end

function response(status, _, body)
    local token = body:match('"refresh_token":"([^"]+)"')
    if token then
        last = last + 1
        tokens[last] = token
        if answered then answered:write(token, "\n") end
        if access then access:write(body:match('"access_token":"([^"]+)"'), "\n") end
    end
end
