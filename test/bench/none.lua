-- A crowd before a hall of 50,000 seats of which none is left.
require "bench"
function request()
   local n = following()
   return post("/reservation", '{"userId":"none-%d","concertId":14,"itemId":14001,"count":2}', n)
end
