require "bench"
function request()
   local id = 1000000 + following()
   wrk.headers["X-Queue-Token"] = string.format("12-%032x", id)
   return post("/payment", '{"userId":"held-%d","reservationId":%d}', id, id)
end
