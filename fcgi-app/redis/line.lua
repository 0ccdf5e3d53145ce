#!lua name=line_@LINE_VERSION@
--[[
The line of one concert: the whole rule. This is a function library of Redis in three files: here
the rule, the tokens and how the line moves on; line_calls.lua and line_rebuild.lua are appended by
the build, which also puts in the version. It is made from the bytes of the three, so that two
versions of the program can run side by side.

Words. A token is 16 bytes. It is waiting, called (a place is kept, the owner has to come), active
(the owner may buy until the lease is over), missed (it did not come, or was not there when its
turn came: it keeps its number) or ended (left, lapsed: kept only until MySQL has it written).

 1. Called and active ones together never become more than the capacity through a call or an
    activation. A capacity that was lowered throws nobody out.
 2. Numbers count from 1 in the order of arrival. Places are given in the order of numbers among
    those who wait; a new one gets a place at once only if nobody waits. A paused line calls nobody.
 3. Signs of life are add and status, nothing else. Whoever gave none for max(15 s, 3 x the poll
    interval it was told last) when its turn comes is skipped: missed without a call.
 4. A called one has claimMs to come, and in any case until half of that after the poll it was told
    to make: who obeys the interval never misses a call. Its first sign of life makes it active
    with the full lease. One that does not come is missed.
 5. A missed one that gives a sign of life waits again with its number, so it is first in order.
    It ends after max(missedMs, 3 x its last poll interval). An active one ends with its lease.
 6. `serving`, the highest number called so far, never falls.
 7. What MySQL has not confirmed (`saved`) within claimMs is taken back: a new token is forgotten,
    an active one whose lease was not written is missed.
 8. The settings of a concert hold from the highest version of them that any call has shown.
 9. State that belongs to another run of Redis than the caller talks to, or that is older than the
    concert's last time without a line, answers REBUILD: it is loaded anew from MySQL, in the parts
    and the order of mysql/token_table.h, by one builder at a time.
10. Every call moves the line on by at most MOVES tokens, so that no call holds Redis up.

The clock is TIME; only durations come in and go out. All keys of a concert share one hash tag, and
follow from the one that a call names: "{c<ID>}:meta". Calls take, before their own arguments:
run id of Redis, settings' version, version at which the line was opened, capacity, paused,
max waiting, active ms, claim ms, missed ms.
]]

local MOVES = 200
local ABSENT_MS = 15000
local SAMPLE_MS = 30000
local BUILDER_MS = 1000
local PATIENCE_MS = 200

local WAITING, CALLED, ACTIVE, MISSED, LEFT, LAPSED = 1, 2, 3, 4, 5, 6
local SETS = {'waiting', 'called', 'active', 'missed', 'ended', 'ended'}

-- How much of a token MySQL has: nothing, its row, its row with the lease.
local NOWHERE, ROW, LEASE = 0, 1, 2

-- A record: state, saved, number, last sign of life (ms), last poll interval (s), then the user.
local RECORD = '>BBI4I6I3'
local BRIEF = '>BBI4'

-- Fields of meta that are numbers. The samples are what the rates are measured from.
local NUMBERS = {
    'version', 'capacity', 'paused', 'maxWaiting', 'activeMs', 'last', 'serving', 'overshoot',
    'admitted', 'sampleAt', 'sampleServing', 'sampleAdmitted', 'priorAt', 'priorServing',
    'priorAdmitted',
}

local function line_at(key)
    local prefix = string.sub(key, 1, -5)
    local time = redis.call('TIME')
    local line = {
        meta = key, tokens = prefix .. 'tokens', users = prefix .. 'users',
        unsaved = prefix .. 'unsaved', moves = 0,
        now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
    }
    for state, name in ipairs(SETS) do
        line[state] = prefix .. name
    end
    return line
end

local function take_settings(line, args)
    line.version, line.capacity = tonumber(args[2]), tonumber(args[4])
    line.paused, line.maxWaiting = tonumber(args[5]), tonumber(args[6])
    line.activeMs = tonumber(args[7])
end

-- Writes the fields of meta that changed.
local function save_meta(line)
    local changed = {}
    for _, field in ipairs(NUMBERS) do
        if line[field] ~= line.before[field] then
            changed[#changed + 1] = field
            changed[#changed + 1] = line[field]
        end
    end
    if #changed > 0 then
        redis.call('HSET', line.meta, unpack(changed))
    end
end

-- Opens the line, runs `body` with it and the call's own arguments, and writes the counters back.
local function with_line(body)
    return function(keys, args)
        local line = line_at(keys[1])
        local meta = redis.call('HMGET', line.meta, 'epoch', 'loading', unpack(NUMBERS))
        line.before = {}
        for i, field in ipairs(NUMBERS) do
            line[field] = tonumber(meta[i + 2] or 0)
            line.before[field] = line[field]
        end
        if meta[1] ~= args[1] or meta[2] or tonumber(args[3]) > line.version then
            return {'REBUILD'}
        end
        if tonumber(args[2]) > line.version then
            take_settings(line, args)
        end
        line.claimMs, line.missedMs = tonumber(args[8]), tonumber(args[9])
        local reply = body(line, {unpack(args, 10)})
        save_meta(line)
        return reply
    end
end

-- Tokens and the sets they are in ---------------------------------------------------------------

local function fetch(line, token)
    local packed = redis.call('HGET', line.tokens, token)
    if not packed then
        return nil
    end
    local record, rest = {token = token}, nil
    record.state, record.saved, record.number, record.seen, record.poll, rest =
        struct.unpack(RECORD, packed)
    record.user = string.sub(packed, rest)
    return record
end

local function store(line, record)
    redis.call('HSET', line.tokens, record.token, struct.pack(RECORD, record.state, record.saved,
        record.number, record.seen, record.poll) .. record.user)
end

-- Puts a token into the set of a state; the score is its number or the instant when that is over.
local function place(line, record, state, score)
    if record.state and line[record.state] ~= line[state] then
        redis.call('ZREM', line[record.state], record.token)
    end
    record.state = state
    redis.call('ZADD', line[state], score, record.token)
    store(line, record)
end

local function forget(line, record)
    redis.call('ZREM', line[record.state], record.token)
    redis.call('ZREM', line.unsaved, record.token)
    redis.call('HDEL', line.tokens, record.token)
    if redis.call('HGET', line.users, record.user) == record.token then
        redis.call('HDEL', line.users, record.user)
    end
    record.gone = true
end

local function is_ended(record)
    return record.state >= LEFT
end

local function is_saved(record)
    return record.saved >= (record.state == ACTIVE and LEASE or ROW)
end

local function occupied(line)
    return redis.call('ZCARD', line[CALLED]) + redis.call('ZCARD', line[ACTIVE])
end

-- The check on rule 1, by another way than the one that keeps it.
local function measure_overshoot(line)
    line.overshoot = math.max(line.overshoot, occupied(line) - line.capacity)
end

local function finish(line, record, state)
    redis.call('ZREM', line.unsaved, record.token)
    if state == LAPSED and (record.saved == NOWHERE or record.number == 0) then
        forget(line, record) -- no row to write, or one that says by itself when it is over
    else
        place(line, record, state, line.now)
    end
end

local function miss(line, record, from)
    place(line, record, MISSED, from + math.max(line.missedMs, 3000 * record.poll))
end

-- Applies to a token whatever is over by now.
local function expire(line, record)
    if record.gone or is_ended(record) then
        return
    end
    if not is_saved(record) then
        local deadline = tonumber(redis.call('ZSCORE', line.unsaved, record.token))
        if deadline <= line.now and record.saved == NOWHERE then
            return forget(line, record)
        elseif deadline <= line.now then
            redis.call('ZREM', line.unsaved, record.token)
            miss(line, record, deadline)
        end
    end
    if record.state == WAITING then
        return
    end
    local at = tonumber(redis.call('ZSCORE', line[record.state], record.token))
    if at > line.now then
        return
    elseif record.state == CALLED then
        miss(line, record, at)
        return expire(line, record)
    end
    finish(line, record, LAPSED)
end

-- Moving the line on ----------------------------------------------------------------------------

local function expire_due(line, set)
    if line.moves >= MOVES then
        return
    end
    local due = redis.call('ZRANGEBYSCORE', set, '-inf', line.now, 'LIMIT', 0, MOVES - line.moves)
    for _, token in ipairs(due) do
        expire(line, fetch(line, token))
    end
    line.moves = line.moves + #due
end

local function call(line, record)
    local told = record.seen + 1000 * record.poll + math.floor(line.claimMs / 2)
    place(line, record, CALLED, math.max(line.now + line.claimMs, told))
    line.serving = math.max(line.serving, record.number)
    measure_overshoot(line)
end

local function call_next(line, free)
    while free > 0 and line.moves < MOVES do
        local head = redis.call('ZRANGE', line[WAITING], 0, 0)[1]
        if not head then
            return
        end
        local record = fetch(line, head)
        if line.now - record.seen > math.max(ABSENT_MS, 3000 * record.poll) then
            miss(line, record, line.now)
        else
            call(line, record)
            free = free - 1
        end
        line.moves = line.moves + 1
    end
end

-- The rates cover the time since the sample before the last: 30 to 60 s while calls come in.
local function take_sample(line)
    local age = line.now - line.sampleAt
    if age < SAMPLE_MS then
        return
    end
    local fresh = age < 4 * SAMPLE_MS
    line.priorAt = fresh and line.sampleAt or 0
    line.priorServing, line.priorAdmitted = line.sampleServing, line.sampleAdmitted
    line.sampleAt, line.sampleServing, line.sampleAdmitted = line.now, line.serving, line.admitted
end

local function free_places(line)
    return line.paused == 1 and 0 or line.capacity - occupied(line)
end

local function advance(line)
    expire_due(line, line.unsaved)
    expire_due(line, line[CALLED])
    expire_due(line, line[ACTIVE])
    expire_due(line, line[MISSED])
    call_next(line, free_places(line))
    take_sample(line)
end

-- How long, and how often to ask ----------------------------------------------------------------

-- How far the two counters came in how many ms; nothing before there is enough to say.
local function progress(line)
    local at, serving, admitted = line.priorAt, line.priorServing, line.priorAdmitted
    if at == 0 then
        at, serving, admitted = line.sampleAt, line.sampleServing, line.sampleAdmitted
    end
    local elapsed = line.now - at
    if elapsed < 10000 then
        return nil
    end
    return elapsed, line.serving - serving, line.admitted - admitted
end

-- Half and nine tenths of the waits are expected to be shorter; -1 where nothing is known.
local function expected_wait(line, position)
    local elapsed, passed = progress(line)
    if not elapsed or passed <= 0 or line.paused == 1 or line.capacity == 0 then
        return -1, -1
    end
    local seconds = position * elapsed / passed / 1000
    return math.ceil(seconds), math.ceil(seconds * (1.3 + 1.28 / math.sqrt(passed)))
end

-- Grows with the distance to the head, but only as far as the length of the line wants it: those
-- far back ask 2,000 times a second together, those near the head 200 x (1 + ln(1 + N / 2000)).
local function poll_seconds(distance, waiting)
    return 1 + math.floor(math.min(math.max(0, distance) / 200, waiting / 2000))
end

-- The same for those who only look at the line: at most 10,000 a second, from nginx's cache.
local function refresh_seconds(waiting)
    return 1 + math.floor(waiting / 10000)
end
