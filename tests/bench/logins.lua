-- One browser's form, posted for one person after the other.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local names, at, body, headers = {}, 0

function init(args)
    local a = arguments(args)
    names, body = pool(a.names, 1000000), a.body
    headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Cookie"] = a.cookie, ["Origin"] = a.origin }
end

function request()
    at = at % #names + 1
    return wrk.format("POST", nil, headers, body .. "&username=" .. names[at])
end
