-- queue_wait: how long the wait will be, and how often to ask. Continues queue.lua.

local KNOWN_MS = 10000
local NINE_TENTHS = 1.28 -- standard deviations above the median

-- What is not known of the rate: how far it is off now, and how far it goes in a ms, both as the
-- variance of its logarithm. As rates go that change by about a fifth every three minutes.
local RATE_OFF = 0.01
local RATE_DRIFT = 0.04 / 180000

local function admitted_per_minute(queue)
    local watched = queue.watchedMs + queue.now - queue.sampleAt
    return watched >= KNOWN_MS and math.floor(queue.admitted * 60000 / watched + 0.5) or 0
end

-- Seconds within which half and nine tenths of those will be called who have so many before them;
-- -1 where nothing is known. The queue is used up at its head at a rate, and all along it by those
-- who leave: n' = -1 / pace - leaving * n.
local function expected_wait(queue, before)
    local moving = queue.movingMs + queue.now - queue.sampleAt
    if moving < KNOWN_MS or queue.passed < 1 or queue.paused == 1 or queue.capacity == 0 then
        return -1, -1
    end
    local pace, leaving = moving / queue.passed, queue.left / math.max(1, queue.waitedMs)
    local wait = (before + 1) * pace
    if leaving > 0 then
        wait = math.log(1 + leaving * wait) / leaving
    end
    local variance = RATE_OFF + RATE_DRIFT * wait / 3 + 1 / queue.passed + 1 / (before + 1)
    local high = wait * math.exp(NINE_TENTHS * math.sqrt(variance))
    return math.ceil(wait / 1000), math.ceil(high / 1000)
end

-- Grows with the distance to the head, but only as far as the length of the queue wants it: those
-- far back ask 2,000 times a second together, those near the head 200 x (1 + ln(1 + N / 2000)).
-- Rounded up for some and down for others, or all would come in one second when it gets shorter.
local function poll_seconds(number, serving, waiting)
    local far = math.min((number - serving) / 200, waiting / 2000)
    return far < 1 and 1 or 1 + math.floor(far + number * 0.618 % 1)
end

-- What one hears who waits. While its rank is not known it is as one at the end; the first of a draw
-- come for the opening, the others are spread as they are.
local function interval(queue, record, waiting)
    if not is_drawn(queue) then
        return poll_seconds(record.number, -math.huge, waiting)
    elseif queue.draw == 1 and queue.opensMs > 0 and queue.opensMs < math.huge and
        shown(record) <= math.min(queue.capacity, FIRST_PLACES) then
        return math.ceil(queue.opensMs / 1000)
    end
    return poll_seconds(shown(record), queue.serving, waiting)
end

-- The same for those who only look at the queue: at most 10,000 a second, from nginx's cache.
local function refresh_seconds(waiting)
    return 1 + math.floor(waiting / 10000)
end
