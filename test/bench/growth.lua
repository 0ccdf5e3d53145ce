require "bench"
function request()
   local n = following()
   return post("/reservation", '{"userId":"grown-%d","concertId":10,"itemId":1001,"seatId":%d}', n, n % 10000 + 1)
end
