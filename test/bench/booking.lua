-- Token, seats, reserve, charge, pay. What an answer is says what comes next, and for whom.
require "bench"
bookings = 0
local due, first, last = {}, 1, 0 -- requests to be sent, in order
local token, reservation = {}, {} -- by user, until the payment

local function add(text)
   last = last + 1
   due[last] = text
end

function request()
   local text = due[first]
   if not text then
      return post("/token/add", '{"userId":"booking-%d","concertId":13}', following())
   end
   due[first] = nil
   first = first + 1
   return text
end

local function reserve(user)
   local n = tonumber(user:match("%d+"))
   local item = 13001 + math.floor(n / 300)
   add(wrk.format("GET", string.format("/concert/13/item/%d/seat", item)))
   add(post("/reservation", '{"userId":"%s","concertId":13,"itemId":%d,"seatId":%d}', user, item,
            n % 300 + 1))
end

local function pay(user)
   wrk.headers["X-Queue-Token"] = token[user]
   add(post("/payment", '{"userId":"%s","reservationId":%s}', user, reservation[user]))
   wrk.headers["X-Queue-Token"] = nil
   token[user], reservation[user] = nil, nil
end

function response(status, headers, body)
   local kind = body:match('^{"(%w+)"')
   local user = body:match('"userId":"([^"]*)"')
   if kind == "token" then
      token[user] = body:match('"token":"([^"]*)"')
      reserve(user)
   elseif kind == "reservationId" then
      reservation[user] = body:match("%d+")
      add(post("/point/charge", '{"userId":"%s","amount":50000}', user))
   elseif kind == "userId" then
      pay(user)
   elseif kind == "paymentId" then
      bookings = bookings + 1
   end
end
