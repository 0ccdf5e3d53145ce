require "bench"
function request()
   return post("/token/add", '{"userId":"token-%d","concertId":20}', number)
end
