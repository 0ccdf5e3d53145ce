require "bench"
function request()
   return post("/reservation", '{"userId":"hot-%d","concertId":12,"itemId":1201,"seatId":%d}', number, number % 50 + 1)
end
