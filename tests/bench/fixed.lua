-- One and the same request, again and again: method, body, cookie, type, auth.
dofile(os.getenv("BENCH_DIR") .. "/common.lua")

function init(args)
    local a = arguments(args)
    wrk.method = a.method or "GET"
    wrk.body = a.body
    if a.cookie then wrk.headers["Cookie"] = a.cookie end
    if a.auth then wrk.headers["Authorization"] = a.auth end
    if a.origin then wrk.headers["Origin"] = a.origin end
    if a.body then wrk.headers["Content-Type"] = "application/x-www-form-urlencoded" end
end
