require "bench"
local text
function init()
   text = wrk.format("GET", os.getenv("BENCH_PATH"))
end
function request()
   return text
end
