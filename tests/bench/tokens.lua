-- A hundred access tokens for each thread, or `most`, in turn: at userinfo as a bearer, at introspect in the form.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local requests, at = {}, 0

function init(args)
    local a = arguments(args)
    for _, token in ipairs(pool(a.tokens, tonumber(a.most or 100))) do
        local headers = { ["Authorization"] = a.auth or ("Bearer " .. token) }
        if a.auth then
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            requests[#requests + 1] = wrk.format("POST", nil, headers, "token=" .. token)
        else
            requests[#requests + 1] = wrk.format("GET", nil, headers)
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
