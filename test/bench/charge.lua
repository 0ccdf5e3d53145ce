require "bench"
function request()
   return post("/point/charge", '{"userId":"purse-%d","amount":1000}', number % 10000)
end
