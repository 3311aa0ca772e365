-- A browser that is signed in asks for one authorization code after the other, or many do in turn whose `cookies`
-- there are; with `codes` they are written there.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local out, requests, at = nil, {}, 0

function init(args)
    local a = arguments(args)
    if a.cookies then
        for _, value in ipairs(pool(a.cookies, 1000000)) do
            requests[#requests + 1] = wrk.format("GET", nil, { ["Cookie"] = a.cookie_name .. "=" .. value })
        end
        request = next_request
    else
        wrk.headers["Cookie"] = a.cookie
    end
    out = writer(a.codes)
end

function next_request()
    at = at % #requests + 1
    return requests[at]
end

function response(status, headers)
    local code = (headers["Location"] or ""):match("[?&]code=([^&]+)")
    if code then out:write(code, "\n") end
end
