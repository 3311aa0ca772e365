-- A browser that is signed in asks for one authorization code after the other; with `codes`
-- they are written there.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

local out

function init(args)
    local a = arguments(args)
    wrk.headers["Cookie"] = a.cookie
    out = writer(a.codes)
end

function response(status, headers)
    local code = (headers["Location"] or ""):match("[?&]code=([^&]+)")
    if code then out:write(code, "\n") end
end
