require "bench"
function request()
   local n = following()
   return post("/token/add", '{"userId":"token-%d","concertId":12}', n)
end
