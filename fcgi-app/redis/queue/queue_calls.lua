-- queue_calls: what the program asks of a queue that is loaded. Continues queue_wait.lua.

local ACTIVE_POLL_SECONDS = 10

-- What the owner of a token hears; `before`: how many wait before a waiting one.
local function view(queue, record, before, replaced)
    local reply = {
        'OK', record.token, record.user, record.state, record.saved, record.number, 0, 0,
        ACTIVE_POLL_SECONDS, 0, 0, queue.serving, queue.serving > queue.servingBefore and 1 or 0,
        replaced and replaced.token or '', replaced and replaced.state or 0, shown(record), 0,
    }
    if record.state == ACTIVE then
        local ends = redis.call('ZSCORE', queue[ACTIVE], record.token)
        reply[7], reply[17] = ends - queue.now, math.max(ends, record.lease) - queue.now
        return reply
    end
    reply[9], reply[10], reply[11] = record.poll, -1, -1
    if queue.draw == 0 or (is_drawn(queue) and queue.isOpened) then
        reply[8] = math.max(1, shown(record) - queue.serving)
        reply[10], reply[11] = expected_wait(queue, before)
    else
        reply[16] = 0
    end
    return reply
end

-- When the place of one with such a lease ends that gives no other sign of life.
local function idle_end(queue, lease)
    return queue.idleMs > 0 and math.min(lease, queue.now + queue.idleMs) or lease
end

local function activate(queue, record)
    record.lease = queue.now + queue.activeMs
    set_state(queue, record, ACTIVE, idle_end(queue, record.lease))
    watch_unsaved(queue, record)
    queue.admitted, queue.entered = queue.admitted + 1, queue.entered + 1
end

-- Moves the end of an active one's place, if that is later.
local function prolong(queue, record, ends)
    if ends > tonumber(redis.call('ZSCORE', queue[ACTIVE], record.token)) then
        redis.call('ZADD', queue[ACTIVE], ends, record.token)
    end
end

-- A sign of life; returns the record as it is afterwards, nil where it is gone.
local function present(queue, record)
    expire(queue, record)
    if not record.gone and not is_ended(record) then
        record.seen = queue.now
        if record.state == WAITING or record.state == MISSED then
            record.poll = interval(queue, record, redis.call('ZCARD', queue[WAITING]))
        end
        if record.state == MISSED then
            set_state(queue, record, WAITING, shown(record))
        elseif record.state == ACTIVE then
            prolong(queue, record, idle_end(queue, record.lease))
        else
            store(queue, record)
        end
    end
    advance(queue)
    if record.gone then
        return nil
    elseif record.state == CALLED then
        activate(queue, record)
    end
    return record
end

local function add_new(queue, token, user, replaced)
    local waiting = redis.call('ZCARD', queue[WAITING])
    local at_once = waiting == 0 and free_capacity(queue) > 0
    if not at_once and waiting >= queue.maxWaiting then
        return {'FULL'}
    end
    queue.last = queue.last + 1
    local record = {token = token, user = user, saved = NOWHERE, number = queue.last,
        seen = queue.now, poll = 1}
    redis.call('HSET', queue.users, user, token)
    if at_once then
        activate(queue, record)
        queue.serving = math.max(queue.serving, shown(record))
        measure_overshoot(queue)
    else
        record.poll = interval(queue, record, waiting + 1)
        set_state(queue, record, WAITING, record.number)
        watch_unsaved(queue, record)
    end
    return view(queue, record, waiting, replaced)
end

-- How a token that has not ended stands.
local function show(queue, record)
    return view(queue, record, record.state == WAITING and
        redis.call('ZRANK', queue[WAITING], record.token))
end

-- MySQL has this much of a token now.
local function confirm(queue, record, much)
    local limit = record.state == ACTIVE and LEASE or ROW
    record.saved = math.max(record.saved, math.min(limit, much))
    store(queue, record)
    if is_saved(record) then
        redis.call('ZREM', queue.unsaved, record.token)
    end
end

-- args: token, how much MySQL has now. Answers with the token's state.
local function saved(queue, args)
    local record = fetch(queue, args[1])
    if not record then
        return {'UNKNOWN'}
    end
    confirm(queue, record, tonumber(args[2]))
    return {'OK', record.state}
end

-- The tokens from args[first] on are the caller's last new ones: MySQL has their rows by now.
local function confirm_rows(queue, args, first)
    for i = first, #args do
        local record = fetch(queue, args[i])
        if record then
            confirm(queue, record, ROW)
        end
    end
end

-- The same by itself. args: the tokens.
local function saved_rows(queue, args)
    confirm_rows(queue, args, 1)
    return {'OK'}
end

-- The live token of a user, or a new place with this one.
local function add_user(queue, token, user)
    local known = redis.call('HGET', queue.users, user)
    if not known then
        advance(queue)
        return add_new(queue, token, user)
    end
    local record = present(queue, fetch(queue, known))
    if record and not is_ended(record) then
        return show(queue, record)
    end
    return add_new(queue, token, user, record)
end

-- args: token for a new one, user, tokens to confirm. The last two of the reply are the user's token
-- that had ended and that MySQL may not have as ended yet, and its state.
local function add(queue, args)
    confirm_rows(queue, args, 3)
    return add_user(queue, args[1], args[2])
end

-- The same for several, in their order: how many, token and user of each, tokens to confirm. Each has
-- a reply of its own.
local function add_several(queue, args)
    local last = 1 + 2 * tonumber(args[1])
    local replies = {'OK'}
    confirm_rows(queue, args, last + 1)
    for i = 2, last, 2 do
        replies[#replies + 1] = add_user(queue, args[i], args[i + 1])
    end
    return replies
end

-- The same of one where there is no memory for a new one.
local function add_known(queue, args)
    confirm_rows(queue, args, 3)
    local known = redis.call('HGET', queue.users, args[2])
    local record = known and present(queue, fetch(queue, known))
    if record and not is_ended(record) then
        return show(queue, record)
    end
    return {'UNKNOWN'}
end

-- The record of a token that this user ('' : anybody) may use, or the reply that says why not.
local function owned(queue, token, user)
    local record = fetch(queue, token)
    if not record then
        return nil, {'UNKNOWN'}
    elseif user ~= '' and user ~= record.user then
        return nil, {'FOREIGN'}
    end
    return record
end

-- args: token, user or '', tokens to confirm.
local function status(queue, args)
    confirm_rows(queue, args, 3)
    local record, refusal = owned(queue, args[1], args[2])
    if not record then
        return refusal
    end
    record = present(queue, record)
    if not record then
        return {'UNKNOWN'}
    end
    return is_ended(record) and {'ENDED', record.state} or show(queue, record)
end

local function moved(queue)
    return {'OK', queue.serving, queue.serving > queue.servingBefore and 1 or 0}
end

-- args: token, user or ''. A second leave is fine until MySQL has the first.
local function leave(queue, args)
    local record, refusal = owned(queue, args[1], args[2])
    if not record then
        return refusal
    end
    expire(queue, record)
    if record.gone then
        return {'UNKNOWN'}
    elseif record.state == LAPSED then
        return {'ENDED', LAPSED}
    elseif record.state ~= LEFT then
        queue.left = queue.left + (record.state == WAITING and 1 or 0)
        finish(queue, record, LEFT)
    end
    advance(queue)
    return moved(queue)
end

-- args: token, ms for which MySQL has its place kept by now. Answers with the token's state.
local function keep(queue, args)
    local record = fetch(queue, args[1])
    if record then
        expire(queue, record)
    end
    if not record or record.gone then
        return {'UNKNOWN'}
    elseif record.state == ACTIVE then
        prolong(queue, record, math.min(record.lease, queue.now + tonumber(args[2])))
    end
    return {'OK', record.state}
end

-- args: tokens that MySQL has as ended, or that shall never have been.
local function drop(queue, args)
    for _, token in ipairs(args) do
        local record = fetch(queue, token)
        if record then
            forget(queue, record)
        end
    end
    advance(queue)
    return moved(queue)
end

local function put(queue, record, ends_ms, lease_ms)
    queue.last = math.max(queue.last, record.number)
    if ends_ms > 0 then
        record.saved, record.lease = LEASE, queue.now + lease_ms
        set_state(queue, record, ACTIVE, queue.now + ends_ms)
    else
        record.saved = ROW
        set_state(queue, record, WAITING, shown(record))
    end
end

-- args: token, user, number, what is left of its place (0: waiting) and of its lease, rank (0:
-- none): as MySQL has it. A rank that was drawn since MySQL was read is waited for. What its user
-- got meanwhile and nobody was told of makes room for it.
local function restore(queue, args)
    local token, user, number, rank = args[1], args[2], tonumber(args[3]), tonumber(args[6])
    if fetch(queue, token) then
        return {'OK'}
    elseif rank == 0 and number > 0 and number <= queue.rankedLast then
        return {'BUSY'}
    end
    local other = redis.call('HGET', queue.users, user)
    local newer = other and fetch(queue, other)
    if newer and newer.saved == NOWHERE then
        forget(queue, newer)
    elseif newer and not is_ended(newer) then
        return {'CONFLICT'}
    end
    local record = {token = token, user = user, number = number, seen = queue.now,
        rank = rank > 0 and rank or nil}
    record.poll = interval(queue, record, redis.call('ZCARD', queue[WAITING]))
    redis.call('HSET', queue.users, user, token)
    put(queue, record, tonumber(args[4]), tonumber(args[5]))
    return {'OK'}
end

-- args: the number after which these ranks begin, the one up to which they go, the highest number in
-- the draw, then token and rank of each, packed. Answers how far the ranks are loaded now: others may
-- have been quicker. Who is in is MySQL's word: a queue that was lost just before the freeze, and
-- loaded until after it, may have it otherwise.
local function rank(queue, args)
    if queue.frozen == 1 and tonumber(args[1]) == queue.rankedLast then
        queue.frozenLast = tonumber(args[3])
        for i = 4, #args do
            local record = fetch(queue, string.sub(args[i], 1, 16))
            if record then
                record.rank = struct.unpack('>I4', args[i], 17)
                if record.state == WAITING then
                    set_state(queue, record, WAITING, record.rank)
                else
                    store(queue, record)
                end
            end
        end
        queue.rankedLast = tonumber(args[2])
    end
    return {'OK', queue.rankedLast}
end

-- The queue as everybody sees it.
local function state(queue)
    advance(queue)
    local waiting = redis.call('ZCARD', queue[WAITING])
    local eta, eta_high = expected_wait(queue, waiting)
    return {
        'OK', queue.serving, queue.last, waiting, occupied(queue), queue.capacity, queue.paused,
        admitted_per_minute(queue), refresh_seconds(waiting), queue.serving > queue.servingBefore and 1 or 0,
        queue.moves >= MOVES and 1 or 0, queue.overshoot, queue.frozen, queue.frozenLast,
        queue.rankedLast, queue.version, eta, eta_high, queue.entered, queue.missed,
    }
end

local function brief(token, packed)
    return token .. string.sub(packed, 1, struct.size(BRIEF))
end

-- args: a state, first rank, last rank. Token, state, saved and number of each.
local function list(queue, args)
    local reply = {'OK'}
    for _, token in ipairs(redis.call('ZRANGE', queue[tonumber(args[1])], args[2], args[3])) do
        reply[#reply + 1] = brief(token, redis.call('HGET', queue.tokens, token))
    end
    return reply
end

-- args: cursor. The next cursor, then all entries bit by bit as in list().
local function scan(queue, args)
    local page = redis.call('HSCAN', queue.tokens, args[1], 'COUNT', 500)
    local reply = {'OK', page[1]}
    for i = 1, #page[2], 2 do
        reply[#reply + 1] = brief(page[2][i], page[2][i + 1])
    end
    return reply
end
