#!lua name=frontrow_queue_@QUEUE_VERSION@
--[[
The queue of one concert: the whole rule. This is a function library of Redis in five files: here
the rule, the tokens and how the queue moves on; queue_wait.lua, queue_calls.lua,
queue_rebuild.lua and queue_proof.lua are appended by the build, which also puts in the version. It is made from the
bytes of the five, so that two versions of the program can run side by side.

Words. A token is 16 bytes. It is waiting, called (a place is kept, the owner has to show up), active
(the owner may buy until the lease is over), missed (a no-show, or it was not there when its
turn came: it keeps its number) or ended (left, lapsed: kept only until MySQL has it written).

 1. Called and active ones together never become more than the capacity through a call or an
    activation. A capacity that was lowered throws nobody out.
 2. Numbers count from 1 in the order of arrival. Places are given in the order of shown numbers
    among those who wait: that is the number, or with a draw (rule 12) the rank. A new one gets a
    place at once only if nobody waits. A paused queue calls nobody.
 3. Signs of life are add and status, nothing else. Whoever gave none for max(15 s, 3 x the poll
    interval it was told last) when its turn comes is skipped: missed without a call.
 4. A called one has showUpMs to show up, at least until half of that after the poll it was told
    to make: who obeys the interval never misses a call. Its first sign of life makes it active
    with the full lease. One that does not show up is missed.
 5. A missed one that gives a sign of life waits again with its number, so it is first in order.
    It ends after max(missedMs, 3 x its last poll interval). An active one ends with its lease, or
    before it by rule 13.
 6. `serving`, the highest shown number called so far, never falls.
 7. What MySQL has not confirmed (`saved`) within showUpMs is taken back: a new token is forgotten,
    an active one whose lease was not written is missed.
 8. The settings of a concert hold from the highest version of them that any call has shown.
 9. State that belongs to another run of Redis than the caller talks to, that is older than the
    concert's last time without a queue, or of which a key is gone, answers REBUILD: it is loaded
    anew from MySQL, in the parts and the order of mysql/queue/queue_table.h, by one builder at a time.
10. Every call moves the queue on by at most MOVES tokens, so that no call holds Redis up.
11. Before the opening nobody is called. How long that still is, each call says by MySQL's clock,
    and whether the concert is closed, which may be by the time alone: then nobody is called either.
12. With a draw the first call that finds the freeze due, and whose settings are those in force,
    freezes the queue: the numbers up to the last one given are in the draw. Their ranks are loaded
    in the order of their numbers by `rank`, any number of times. Until all are, nobody is called;
    until then and until the opening no number is shown. Who came later is shown its own number,
    which is above all ranks.
13. With an idle time an active one's place ends when it has given no sign of life for so long, at
    the latest with its lease. `keep` is told how long a hold on seats lasts, which is as good as
    signs of life until then. The end of a place only moves later, so that what the owner was told
    holds whatever becomes of the setting: one that was active without it keeps its lease.

The clock is TIME; only durations come in and go out. All keys of a concert share one hash tag, and
follow from the one that a call names: "{c<ID>}:meta". Calls take, before their own arguments:
run id of Redis, settings' version, version at which the queue was opened, capacity, paused,
max waiting, active ms, show-up ms, missed ms, whether there is a draw, ms until its freeze, ms until
the opening, idle ms (0: none), whether the concert is closed.
]]

local MOVES = 200
local ABSENT_MS = 15000
local SAMPLE_MS = 5000
local FADE_MS = 60000
local LOOK_MS = 60000
local BUILDER_MS = 1000
local PATIENCE_MS = 200
local FIRST_PLACES = 2000

local WAITING, CALLED, ACTIVE, MISSED, LEFT, LAPSED = 1, 2, 3, 4, 5, 6
local SETS = {'waiting', 'called', 'active', 'missed', 'ended', 'ended'}

-- How much of a token MySQL has: nothing, its row, its row with the lease.
local NOWHERE, ROW, LEASE = 0, 1, 2

-- A record: state, saved, number, last sign of life (ms), last poll interval (s), then the user.
-- Where the highest bit of the interval is set the rank of a draw stands before the user. An active
-- one has the end of its lease instead of the last sign of life, which moved the score in its set.
local RECORD = '>BBI4I6I3'
local RANKED = 0x800000
local BRIEF = '>BBI4'

-- Fields of meta that are numbers. `due` is no later than the first instant at which something in
-- the sets is over; `kept` is 1 while there are tokens; `frozenLast` is the highest number in the
-- draw and `rankedLast` the one up to which the ranks are loaded; `entered` and `missed` count who
-- became active and who was not there when called.
local NUMBERS = {
    'version', 'capacity', 'paused', 'maxWaiting', 'activeMs', 'last', 'serving', 'overshoot', 'due',
    'sampleAt', 'watchedMs', 'admitted', 'movingMs', 'passed', 'waitedMs', 'left', 'draw', 'frozen',
    'frozenLast', 'rankedLast', 'idleMs', 'kept', 'entered', 'missed',
}
local FADING = {'watchedMs', 'admitted', 'movingMs', 'passed', 'waitedMs', 'left'}

local function queue_at(key)
    local prefix = string.sub(key, 1, -5)
    local time = redis.call('TIME')
    local queue = {
        meta = key, tokens = prefix .. 'tokens', users = prefix .. 'users',
        unsaved = prefix .. 'unsaved', moves = 0, records = {},
        now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
    }
    for state, name in ipairs(SETS) do
        queue[state] = prefix .. name
    end
    return queue
end

local function take_settings(queue, args)
    queue.version, queue.capacity = tonumber(args[2]), tonumber(args[4])
    queue.paused, queue.maxWaiting = tonumber(args[5]), tonumber(args[6])
    queue.activeMs, queue.draw = tonumber(args[7]), tonumber(args[10])
    queue.idleMs = tonumber(args[13])
end

-- What the call says of the time is about the settings that it was asked with; 0 is the version of
-- none.
local function take_time(queue, args)
    local version = tonumber(args[2])
    local current = version == queue.version or (queue.draw == 0 and version > 0)
    queue.opensMs = current and tonumber(args[12]) or math.huge
    queue.isOpened = version > 0 and tonumber(args[12]) <= 0 -- it stays when ranks are drawn
    queue.isClosed = args[14] == '1'
    if queue.draw == 1 and queue.frozen == 0 and current and tonumber(args[11]) <= 0 then
        queue.frozen, queue.frozenLast = 1, queue.last
    end
end

-- Writes the fields of meta that changed.
local function save_meta(queue)
    local changed = {}
    for i = 1, #NUMBERS do
        local now = queue[NUMBERS[i]]
        if now ~= queue.before[i] then
            changed[#changed + 1] = NUMBERS[i]
            changed[#changed + 1] = now
        end
    end
    if #changed > 0 then
        redis.call('HSET', queue.meta, unpack(changed))
    end
end

-- Whether each key is there that must be: one may have been deleted, or evicted. Each token is in
-- one set and has a user; one without its entry in `unsaved` gets it anew.
local function is_whole(queue)
    local tokens, users = redis.call('HLEN', queue.tokens), redis.call('EXISTS', queue.users)
    local live = 0
    for state = WAITING, MISSED do
        live = live + redis.call('ZCARD', queue[state])
    end
    if tokens ~= live + redis.call('ZCARD', queue[LEFT]) then
        return false
    elseif tokens == 0 then
        return users == 0 and queue.kept == 0
    end
    return users == 1 or live == 0
end

-- Opens the queue, runs `body` with it and the call's own arguments, and writes the counters back.
local function with_queue(body)
    return function(keys, args)
        local queue = queue_at(keys[1])
        local meta = redis.call('HMGET', queue.meta, 'epoch', 'loading', unpack(NUMBERS))
        queue.before = {}
        for i = 1, #NUMBERS do
            local number = tonumber(meta[i + 2] or 0)
            queue[NUMBERS[i]], queue.before[i] = number, number
        end
        queue.servingBefore = queue.serving
        if meta[1] ~= args[1] or meta[2] or tonumber(args[3]) > queue.version or
            not is_whole(queue) then
            return {'REBUILD'}
        end
        -- at the same version too: a program that does not know them all may have brought it first
        if tonumber(args[2]) >= queue.version then
            take_settings(queue, args)
        end
        queue.showUpMs, queue.missedMs = tonumber(args[8]), tonumber(args[9])
        take_time(queue, args)
        local reply = body(queue, {unpack(args, 15)})
        queue.kept = redis.call('EXISTS', queue.tokens)
        save_meta(queue)
        return reply
    end
end

-- Tokens and the sets they are in ---------------------------------------------------------------

local function unpack_record(token, packed)
    local record, rest = {token = token}, nil
    record.state, record.saved, record.number, record.seen, record.poll, rest =
        struct.unpack(RECORD, packed)
    if record.poll >= RANKED then
        record.poll = record.poll - RANKED
        record.rank, rest = struct.unpack('>I4', packed, rest)
    end
    if record.state == ACTIVE then
        record.lease = record.seen
    end
    record.user = string.sub(packed, rest)
    return record
end

local function pack_record(record)
    local poll, rank = record.poll, ''
    if record.rank then
        poll, rank = poll + RANKED, struct.pack('>I4', record.rank)
    end
    local instant = record.state == ACTIVE and record.lease or record.seen
    return struct.pack(RECORD, record.state, record.saved, record.number, instant, poll) .. rank ..
        record.user
end

local function shown(record)
    return record.rank or record.number
end

-- The same table each time in a call, so that all see what any of them changed.
local function fetch(queue, token)
    local record = queue.records[token]
    if not record then
        local packed = redis.call('HGET', queue.tokens, token)
        if not packed then
            return nil
        end
        record = unpack_record(token, packed)
        queue.records[token] = record
    end
    return not record.gone and record or nil
end

local function store(queue, record)
    redis.call('HSET', queue.tokens, record.token, pack_record(record))
end

local function is_ended(record)
    return record.state >= LEFT
end

-- Puts a token into the set of a state; the score is its shown number, or the instant when that is
-- over.
local function set_state(queue, record, state, score)
    if record.state and queue[record.state] ~= queue[state] then
        redis.call('ZREM', queue[record.state], record.token)
    end
    record.state = state
    redis.call('ZADD', queue[state], score, record.token)
    if state ~= WAITING and not is_ended(record) then
        queue.due = math.min(queue.due, score)
    end
    store(queue, record)
end

local function forget(queue, record)
    redis.call('ZREM', queue[record.state], record.token)
    redis.call('ZREM', queue.unsaved, record.token)
    redis.call('HDEL', queue.tokens, record.token)
    if redis.call('HGET', queue.users, record.user) == record.token then
        redis.call('HDEL', queue.users, record.user)
    end
    record.gone = true
end

local function is_saved(record)
    return record.saved >= (record.state == ACTIVE and LEASE or ROW)
end

local function occupied(queue)
    return redis.call('ZCARD', queue[CALLED]) + redis.call('ZCARD', queue[ACTIVE])
end

-- Begins the time that MySQL has to confirm it; its end.
local function watch_unsaved(queue, record)
    local deadline = queue.now + queue.showUpMs
    redis.call('ZADD', queue.unsaved, deadline, record.token)
    queue.due = math.min(queue.due, deadline)
    return deadline
end

-- The check on rule 1, by another way than the one that keeps it.
local function measure_overshoot(queue)
    queue.overshoot = math.max(queue.overshoot, occupied(queue) - queue.capacity)
end

local function finish(queue, record, state)
    redis.call('ZREM', queue.unsaved, record.token)
    if state == LAPSED and (record.saved == NOWHERE or record.number == 0) then
        forget(queue, record) -- no row to write, or one that says by itself when it is over
    else
        set_state(queue, record, state, queue.now)
    end
end

local function miss(queue, record, from)
    set_state(queue, record, MISSED, from + math.max(queue.missedMs, 3000 * record.poll))
    queue.missed = queue.missed + 1
end

-- Applies to a token whatever is over by now.
local function expire(queue, record)
    if record.gone or is_ended(record) then
        return
    end
    if not is_saved(record) then
        local deadline = tonumber(redis.call('ZSCORE', queue.unsaved, record.token) or
            watch_unsaved(queue, record))
        if deadline <= queue.now and record.saved == NOWHERE then
            return forget(queue, record)
        elseif deadline <= queue.now then
            redis.call('ZREM', queue.unsaved, record.token)
            miss(queue, record, deadline)
        end
    end
    if record.state == WAITING then
        return
    end
    local at = tonumber(redis.call('ZSCORE', queue[record.state], record.token))
    if at > queue.now then
        return
    elseif record.state == CALLED then
        miss(queue, record, at)
        return expire(queue, record)
    end
    finish(queue, record, LAPSED)
end

-- Moving the queue on ----------------------------------------------------------------------------

local function is_drawn(queue)
    return queue.draw == 0 or (queue.frozen == 1 and queue.rankedLast >= queue.frozenLast)
end

local function is_calling(queue)
    return queue.paused == 0 and queue.opensMs <= 0 and not queue.isClosed and is_drawn(queue)
end

local function expire_due(queue, set)
    if queue.moves >= MOVES then
        return
    end
    local due = redis.call('ZRANGEBYSCORE', set, '-inf', queue.now, 'LIMIT', 0, MOVES - queue.moves)
    for _, token in ipairs(due) do
        expire(queue, fetch(queue, token))
    end
    queue.moves = queue.moves + #due
end

local function call(queue, record)
    local told = record.seen + 1000 * record.poll + math.floor(queue.showUpMs / 2)
    set_state(queue, record, CALLED, math.max(queue.now + queue.showUpMs, told))
    queue.serving = math.max(queue.serving, shown(record))
    measure_overshoot(queue)
end

local function call_next(queue, free)
    while free > 0 and queue.moves < MOVES do
        local head = redis.call('ZRANGE', queue[WAITING], 0, 0)[1]
        if not head then
            return
        end
        local record = fetch(queue, head)
        if queue.now - record.seen > math.max(ABSENT_MS, 3000 * record.poll) then
            miss(queue, record, queue.now)
        else
            call(queue, record)
            free = free - 1
        end
        queue.moves = queue.moves + 1
        queue.passed = queue.passed + 1
    end
end

-- Expires what is over in any set, and finds out when there will be something to do again.
local function expire_all(queue)
    if queue.now < queue.due then
        return
    end
    local sets = {queue.unsaved, queue[CALLED], queue[ACTIVE], queue[MISSED]}
    for _, set in ipairs(sets) do
        expire_due(queue, set)
    end
    if queue.moves >= MOVES then
        return
    end
    queue.due = queue.now + LOOK_MS
    for _, set in ipairs(sets) do
        local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
        queue.due = math.min(queue.due, tonumber(first[2] or queue.due))
    end
end

-- What the rates are measured from: admitted ones in the time watched; those who passed the head of
-- the queue, called or skipped, in the time it moved; those who left it in the time that all have
-- waited together. Of all six only a share is kept at each sample, so that what was a minute ago
-- counts a third, or, where few pass in a minute, what was up to five.
local function take_sample(queue)
    local age = queue.now - queue.sampleAt
    if age < SAMPLE_MS or queue.opensMs == math.huge then -- who cannot tell whether it moves
        return
    end
    if queue.sampleAt > 0 then
        local waiting = redis.call('ZCARD', queue[WAITING])
        queue.watchedMs = queue.watchedMs + age
        if waiting > 0 and is_calling(queue) then
            queue.movingMs = queue.movingMs + age
        end
        queue.waitedMs = queue.waitedMs + waiting * age
    end
    local few = math.min(5, math.max(1, 60 / queue.passed))
    local kept = math.exp(-age / (FADE_MS * few))
    for _, field in ipairs(FADING) do
        queue[field] = queue[field] * kept
    end
    queue.sampleAt = queue.now
end

local function free_capacity(queue)
    return is_calling(queue) and queue.capacity - occupied(queue) or 0
end

local function advance(queue)
    expire_all(queue)
    call_next(queue, free_capacity(queue))
    take_sample(queue)
end
