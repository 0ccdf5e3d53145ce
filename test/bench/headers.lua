-- An exact call that needs nothing but nginx and a worker, with the headers of a browser.
require "bench"
local text
function init()
   wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
   wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
   wrk.headers["Accept-Language"] = "ko-KR,ko;q=0.8,en-US;q=0.5,en;q=0.3"
   wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
   wrk.headers["Referer"] = "https://tickets.example/shop/"
   wrk.headers["Cookie"] = "session=" .. string.rep("c", 200)
   wrk.headers["Sec-Fetch-Dest"] = "empty"
   wrk.headers["Sec-Fetch-Mode"] = "cors"
   wrk.headers["Sec-Fetch-Site"] = "same-origin"
   wrk.headers["X-Queue-Token"] = "2-" .. string.rep("0", 32)
   text = wrk.format("GET", "/health/none")
end
function request()
   return text
end
