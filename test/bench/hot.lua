require "bench"
function request()
   local n = following()
   return post("/reservation", '{"userId":"hot-%d","concertId":12,"itemId":1201,"seatId":%d}', n, n % 50 + 1)
end
