-- line_calls: what the program asks of a line that is loaded. Continues line_wait.lua.

local ACTIVE_POLL_SECONDS = 10

-- What the owner of a token hears; `before`: how many wait before a waiting one.
local function view(line, record, before, replaced)
    local reply = {
        'OK', record.token, record.user, record.state, record.saved, record.number, 0, 0,
        ACTIVE_POLL_SECONDS, 0, 0, line.serving, line.serving > line.servingBefore and 1 or 0,
        replaced and replaced.token or '', replaced and replaced.state or 0, shown(record), 0,
    }
    if record.state == ACTIVE then
        local ends = redis.call('ZSCORE', line[ACTIVE], record.token)
        reply[7], reply[17] = ends - line.now, math.max(ends, record.lease) - line.now
        return reply
    end
    reply[9], reply[10], reply[11] = record.poll, -1, -1
    if line.draw == 0 or (is_drawn(line) and line.isOpened) then
        reply[8] = math.max(1, shown(record) - line.serving)
        reply[10], reply[11] = expected_wait(line, before)
    else
        reply[16] = 0
    end
    return reply
end

-- When the place of one with such a lease ends that gives no other sign of life.
local function idle_end(line, lease)
    return line.idleMs > 0 and math.min(lease, line.now + line.idleMs) or lease
end

local function activate(line, record)
    record.lease = line.now + line.activeMs
    place(line, record, ACTIVE, idle_end(line, record.lease))
    watch_unsaved(line, record)
    line.admitted = line.admitted + 1
end

-- Moves the end of an active one's place, if that is later.
local function prolong(line, record, ends)
    if ends > tonumber(redis.call('ZSCORE', line[ACTIVE], record.token)) then
        redis.call('ZADD', line[ACTIVE], ends, record.token)
    end
end

-- A sign of life; returns the record as it is afterwards, nil where it is gone.
local function present(line, record)
    expire(line, record)
    if not record.gone and not is_ended(record) then
        record.seen = line.now
        if record.state == WAITING or record.state == MISSED then
            record.poll = interval(line, record, redis.call('ZCARD', line[WAITING]))
        end
        if record.state == MISSED then
            place(line, record, WAITING, shown(record))
        elseif record.state == ACTIVE then
            prolong(line, record, idle_end(line, record.lease))
        else
            store(line, record)
        end
    end
    advance(line)
    if record.gone then
        return nil
    elseif record.state == CALLED then
        activate(line, record)
    end
    return record
end

local function add_new(line, token, user, replaced)
    local waiting = redis.call('ZCARD', line[WAITING])
    local at_once = waiting == 0 and free_places(line) > 0
    if not at_once and waiting >= line.maxWaiting then
        return {'FULL'}
    end
    line.last = line.last + 1
    local record = {token = token, user = user, saved = NOWHERE, number = line.last,
        seen = line.now, poll = 1}
    redis.call('HSET', line.users, user, token)
    if at_once then
        activate(line, record)
        line.serving = math.max(line.serving, shown(record))
        measure_overshoot(line)
    else
        record.poll = interval(line, record, waiting + 1)
        place(line, record, WAITING, record.number)
        watch_unsaved(line, record)
    end
    return view(line, record, waiting, replaced)
end

-- How a token that has not ended stands.
local function show(line, record)
    return view(line, record, record.state == WAITING and
        redis.call('ZRANK', line[WAITING], record.token))
end

-- MySQL has this much of a token now.
local function confirm(line, record, much)
    local most = record.state == ACTIVE and LEASE or ROW
    record.saved = math.max(record.saved, math.min(most, much))
    store(line, record)
    if is_saved(record) then
        redis.call('ZREM', line.unsaved, record.token)
    end
end

-- args: token, how much MySQL has now. Answers with the token's state.
local function saved(line, args)
    local record = fetch(line, args[1])
    if not record then
        return {'UNKNOWN'}
    end
    confirm(line, record, tonumber(args[2]))
    return {'OK', record.state}
end

-- The caller's last new token, whose row MySQL has by now, comes with the next call.
local function confirm_last(line, token)
    local record = token and fetch(line, token)
    if record then
        confirm(line, record, ROW)
    end
end

-- args: token for a new one, user, a token to confirm or none. The last two of the reply are the user's token that had ended
-- and that MySQL may not have as ended yet, and its state.
local function add(line, args)
    local token, user = args[1], args[2]
    confirm_last(line, args[3])
    local known = redis.call('HGET', line.users, user)
    if not known then
        advance(line)
        return add_new(line, token, user)
    end
    local record = present(line, fetch(line, known))
    if record and not is_ended(record) then
        return show(line, record)
    end
    return add_new(line, token, user, record)
end

-- The same where there is no memory for a new one.
local function add_known(line, args)
    confirm_last(line, args[3])
    local known = redis.call('HGET', line.users, args[2])
    local record = known and present(line, fetch(line, known))
    if record and not is_ended(record) then
        return show(line, record)
    end
    return {'UNKNOWN'}
end

-- The record of a token that this user ('' : anybody) may use, or the reply that says why not.
local function owned(line, token, user)
    local record = fetch(line, token)
    if not record then
        return nil, {'UNKNOWN'}
    elseif user ~= '' and user ~= record.user then
        return nil, {'FOREIGN'}
    end
    return record
end

-- args: token, user or '', a token to confirm or none.
local function status(line, args)
    confirm_last(line, args[3])
    local record, refusal = owned(line, args[1], args[2])
    if not record then
        return refusal
    end
    record = present(line, record)
    if not record then
        return {'UNKNOWN'}
    end
    return is_ended(record) and {'ENDED', record.state} or show(line, record)
end

local function moved(line)
    return {'OK', line.serving, line.serving > line.servingBefore and 1 or 0}
end

-- args: token, user or ''. A second leave is fine until MySQL has the first.
local function leave(line, args)
    local record, refusal = owned(line, args[1], args[2])
    if not record then
        return refusal
    end
    expire(line, record)
    if record.gone then
        return {'UNKNOWN'}
    elseif record.state == LAPSED then
        return {'ENDED', LAPSED}
    elseif record.state ~= LEFT then
        line.left = line.left + (record.state == WAITING and 1 or 0)
        finish(line, record, LEFT)
    end
    advance(line)
    return moved(line)
end

-- args: token, ms for which MySQL has its place kept by now. Answers with the token's state.
local function keep(line, args)
    local record = fetch(line, args[1])
    if record then
        expire(line, record)
    end
    if not record or record.gone then
        return {'UNKNOWN'}
    elseif record.state == ACTIVE then
        prolong(line, record, math.min(record.lease, line.now + tonumber(args[2])))
    end
    return {'OK', record.state}
end

-- args: tokens that MySQL has as ended, or that shall never have been.
local function drop(line, args)
    for _, token in ipairs(args) do
        local record = fetch(line, token)
        if record then
            forget(line, record)
        end
    end
    advance(line)
    return moved(line)
end

local function put(line, record, ends_ms, lease_ms)
    line.last = math.max(line.last, record.number)
    if ends_ms > 0 then
        record.saved, record.lease = LEASE, line.now + lease_ms
        place(line, record, ACTIVE, line.now + ends_ms)
    else
        record.saved = ROW
        place(line, record, WAITING, shown(record))
    end
end

-- args: token, user, number, what is left of its place (0: waiting) and of its lease, rank (0:
-- none): as MySQL has it. A rank that was drawn since MySQL was read is waited for. What its user
-- got meanwhile and nobody was told of makes room for it.
local function restore(line, args)
    local token, user, number, rank = args[1], args[2], tonumber(args[3]), tonumber(args[6])
    if fetch(line, token) then
        return {'OK'}
    elseif rank == 0 and number > 0 and number <= line.rankedLast then
        return {'BUSY'}
    end
    local other = redis.call('HGET', line.users, user)
    local newer = other and fetch(line, other)
    if newer and newer.saved == NOWHERE then
        forget(line, newer)
    elseif newer and not is_ended(newer) then
        return {'CONFLICT'}
    end
    local record = {token = token, user = user, number = number, seen = line.now,
        rank = rank > 0 and rank or nil}
    record.poll = interval(line, record, redis.call('ZCARD', line[WAITING]))
    redis.call('HSET', line.users, user, token)
    put(line, record, tonumber(args[4]), tonumber(args[5]))
    return {'OK'}
end

-- args: the number after which these ranks begin, the one up to which they go, the highest number in
-- the draw, then token and rank of each, packed. Answers how far the ranks are loaded now: others may
-- have been quicker. Who is in is MySQL's word: a line that was lost just before the freeze, and
-- loaded until after it, may have it otherwise.
local function rank(line, args)
    if line.frozen == 1 and tonumber(args[1]) == line.rankedLast then
        line.frozenLast = tonumber(args[3])
        for i = 4, #args do
            local record = fetch(line, string.sub(args[i], 1, 16))
            if record then
                record.rank = struct.unpack('>I4', args[i], 17)
                if record.state == WAITING then
                    place(line, record, WAITING, record.rank)
                else
                    store(line, record)
                end
            end
        end
        line.rankedLast = tonumber(args[2])
    end
    return {'OK', line.rankedLast}
end

-- The line as everybody sees it.
local function state(line)
    advance(line)
    local waiting = redis.call('ZCARD', line[WAITING])
    return {
        'OK', line.serving, line.last, waiting, occupied(line), line.capacity, line.paused,
        admitted_per_minute(line), refresh_seconds(waiting), line.serving > line.servingBefore and 1 or 0,
        line.moves >= MOVES and 1 or 0, line.overshoot, line.frozen, line.frozenLast,
        line.rankedLast, line.version, expected_wait(line, waiting),
    }
end

local function brief(token, packed)
    return token .. string.sub(packed, 1, struct.size(BRIEF))
end

-- args: a state, first rank, last rank. Token, state, saved and number of each.
local function list(line, args)
    local reply = {'OK'}
    for _, token in ipairs(redis.call('ZRANGE', line[tonumber(args[1])], args[2], args[3])) do
        reply[#reply + 1] = brief(token, redis.call('HGET', line.tokens, token))
    end
    return reply
end

-- args: cursor. The next cursor, then all entries bit by bit as in list().
local function scan(line, args)
    local page = redis.call('HSCAN', line.tokens, args[1], 'COUNT', 500)
    local reply = {'OK', page[1]}
    for i = 1, #page[2], 2 do
        reply[#reply + 1] = brief(page[2][i], page[2][i + 1])
    end
    return reply
end
