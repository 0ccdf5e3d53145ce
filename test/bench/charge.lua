require "bench"
function request()
   local n = following()
   return post("/point/charge", '{"userId":"held-%d","amount":1000}', 1000001 + n % 10000)
end
