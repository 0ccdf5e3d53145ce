-- What all wrk scripts of scripts/bench share: a number that goes on from run to run, requests, and the
-- line at the end. BENCH_LIMIT: the path to ask instead, with the same bodies. BENCH_KEYED=yes: each call
-- has an Idempotency-Key of its own.
number = tonumber(os.getenv("BENCH_FIRST"))
local limit = os.getenv("BENCH_LIMIT")
local run = os.getenv("BENCH_KEYED") == "yes" and os.time()
local keys = 0

function following()
   number = number + 1
   return number
end

function post(path, body, ...)
   wrk.headers["Content-Type"] = "application/json"
   if run then
      keys = keys + 1
      wrk.headers["Idempotency-Key"] = string.format("%d-%d", run, keys)
   end
   return wrk.format("POST", limit or path, nil, string.format(body, ...))
end

local thread
function setup(only_one)
   thread = only_one
end

-- BENCH_REFUSED=yes: every answer is to be a refusal.
function done(summary, latency)
   local failed = summary.errors
   local refused = os.getenv("BENCH_REFUSED") == "yes" and not limit
   local wrong = refused and summary.requests - failed.status or failed.status
   wrong = wrong + failed.connect + failed.read + failed.write + failed.timeout
   io.write(string.format(
      '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d, "next": %d, "bookings": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), wrong,
      thread:get("number"), thread:get("bookings") or 0))
end
