require "bench"
function request()
   return post("/reservation", '{"userId":"taken-%d","concertId":12,"itemId":1201,"seatId":%d}', number, number * 7919 % 100000 + 1)
end
