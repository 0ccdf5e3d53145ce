-- Token, seats, reserve, charge, pay: what is answered says what comes next, whoever's answer it is.
require "bench"
bookings = 0
local due, first, last = {}, 1, 0 -- requests to be sent, in order
local token, reservation = {}, {} -- by user, until the payment

local function add(text)
   last = last + 1
   due[last] = text
end

function request()
   if first <= last then
      local text = due[first]
      due[first] = nil
      first = first + 1
      return text
   end
   return post("/token/add", '{"userId":"booking-%d","concertId":13}', number)
end

local function send(path, body, ...)
   local count = number
   local text = post(path, body, ...)
   number = count -- counts bookings
   return text
end

function response(status, headers, body)
   local user = body:match('^{"token":"[^"]*","userId":"([^"]*)"')
   if user then
      local seat = tonumber(user:match("%d+"))
      local item = 13001 + math.floor(seat / 300)
      token[user] = body:match('"token":"([^"]*)"')
      add(get(string.format("/concert/13/item/%d/seat", item)))
      add(send("/reservation", '{"userId":"%s","concertId":13,"itemId":%d,"seatId":%d}', user, item, seat % 300 + 1))
      return
   end
   user = body:match('^{"reservationId":%d+,"userId":"([^"]*)"')
   if user then
      reservation[user] = body:match('"reservationId":(%d+)')
      add(send("/point/charge", '{"userId":"%s","amount":50000}', user))
      return
   end
   if body:find('^{"paymentId"') then
      bookings = bookings + 1
      return
   end
   user = body:match('^{"userId":"([^"]*)","balance"')
   if user then
      wrk.headers["X-Queue-Token"] = token[user]
      add(send("/payment", '{"userId":"%s","reservationId":%s}', user, reservation[user]))
      wrk.headers["X-Queue-Token"] = nil
      token[user], reservation[user] = nil, nil
   end
end
