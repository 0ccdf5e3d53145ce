-- What all of scripts/bench's wrk scripts share: a number that goes on from run to run, requests, and
-- the line at the end. BENCH_LIMIT: the path to ask instead, with the same bodies.
number = tonumber(os.getenv("BENCH_FIRST")) -- of the last request
local limit = os.getenv("BENCH_LIMIT")
local url

function post(path, body, ...)
   number = number + 1
   wrk.headers["Content-Type"] = "application/json"
   return wrk.format("POST", limit or path, nil, string.format(body, ...))
end

function get(path)
   return wrk.format("GET", limit or path)
end

local threads = {}
function setup(thread)
   table.insert(threads, thread)
end

-- BENCH_REFUSED=yes: every answer is to be a refusal.
function done(summary, latency)
   local failed = summary.errors
   local wrong = failed.connect + failed.read + failed.write + failed.timeout
   local refused = os.getenv("BENCH_REFUSED") == "yes" and not limit
   wrong = wrong + (refused and summary.requests - failed.status or failed.status)
   io.write(string.format(
      '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d, "next": %d, "bookings": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), wrong,
      threads[1]:get("number"), threads[1]:get("bookings") or 0))
end
