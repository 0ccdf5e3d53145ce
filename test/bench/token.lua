require "bench"
function request()
   return post("/token/add", '{"userId":"token-%d","concertId":12}', number)
end
