require "bench"
function request()
   local n = following()
   return post("/token/add", '{"userId":"token-%d","concertId":20}', n)
end
