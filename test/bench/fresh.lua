require "bench"
function request()
   return post("/reservation", '{"userId":"fresh-%d","concertId":10,"itemId":1001,"seatId":%d}', number + 1, number + 1)
end
