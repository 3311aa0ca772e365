-- What the scripts of wrk share: arguments, pools of lines, the result as one line of JSON.
-- Arguments come after "--" as name=value.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function arguments(args)
    local a = {}
    for _, word in ipairs(args) do
        local name, value = word:match("^([^=]+)=(.*)$")
        a[name] = value
    end
    return a
end

-- The lines of FILE.NUMBER, each thread's own; at most so many.
function pool(file, most)
    local lines = {}
    for line in io.lines(file .. "." .. number) do
        if #lines == most then break end
        lines[#lines + 1] = line
    end
    return lines
end

function writer(file)
    local f = assert(io.open(file .. "." .. number, "a"))
    f:setvbuf("line")
    return f
end

function escape(s)
    return (s:gsub("[^%w%-%._~]", function(c) return string.format("%%%02X", c:byte()) end))
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        '\nRESULT {"n":%d,"us":%d,"p50":%d,"p99":%d,"max":%d,"status":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        e.status, e.connect + e.read + e.write + e.timeout))
end
