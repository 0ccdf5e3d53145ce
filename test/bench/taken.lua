require "bench"
function request()
   local n = following()
   local seat = n * 7919 % 100000 + 1
   return post("/reservation", '{"userId":"taken-%d","concertId":12,"itemId":1201,"seatId":%d}', n, seat)
end
