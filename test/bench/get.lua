require "bench"
local text
function init()
   text = get(os.getenv("BENCH_PATH"))
end
function request()
   return text
end
