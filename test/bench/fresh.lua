require "bench"
function request()
   local n = following()
   return post("/reservation", '{"userId":"fresh-%d","concertId":10,"itemId":1001,"seatId":%d}', n, n)
end
