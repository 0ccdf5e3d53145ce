-- queue_rebuild: loads a queue from MySQL (rule 9), and registers all functions. Continues
-- queue_calls.lua.

-- No number is given twice, and `serving` does not fall, though MySQL may have been restored.
local function wipe(queue, args)
    local kept = redis.call('HMGET', queue.meta, 'overshoot', 'last', 'serving')
    redis.call('UNLINK', queue.meta, queue.tokens, queue.users, queue.unsaved, queue[WAITING],
        queue[CALLED], queue[ACTIVE], queue[MISSED], queue[LEFT])
    redis.call('HSET', queue.meta, 'epoch', args[1], 'loading', 1, 'version', args[2], 'capacity',
        args[4], 'paused', args[5], 'maxWaiting', args[6], 'activeMs', args[7], 'overshoot',
        kept[1] or 0, 'loadingSince', queue.now, 'part', 0, 'afterNumber', 0, 'afterUser', '',
        'draw', args[10], 'opensMs', args[12], 'idleMs', args[13])
    return tonumber(kept[2] or 0), tonumber(kept[3] or 0)
end

local function hold_builder(queue, builder, ms)
    redis.call('HSET', queue.meta, 'builder', builder, 'builderUntil', queue.now + ms)
end

-- args: the settings, builder, highest number given, highest number called, whether it is frozen,
-- highest number in the draw, up to which number the rows have ranks. LOAD and where to go on;
-- READY where there is nothing to build. Where another one builds: WAIT if it began just now,
-- as a short queue is there in a moment, else BUSY.
local function rebuild(keys, args)
    local queue = queue_at(keys[1])
    local meta = redis.call('HMGET', queue.meta, 'epoch', 'loading', 'version', 'builder',
        'builderUntil', 'loadingSince', 'kept')
    queue.kept = tonumber(meta[7] or 0)
    if meta[1] ~= args[1] or tonumber(args[3]) > tonumber(meta[3]) or
        not (meta[2] or is_whole(queue)) then
        local last, serving = wipe(queue, args)
        last = math.max(last, tonumber(args[16]), tonumber(args[19])) -- the last may have no row
        serving = math.max(serving, tonumber(args[17]))
        redis.call('HSET', queue.meta, 'last', last, 'serving', serving, 'frozen', args[18],
            'frozenLast', args[19], 'rankedLast', args[20])
    elseif not meta[2] then
        return {'READY'}
    elseif meta[4] ~= args[15] and tonumber(meta[5]) > queue.now then
        return {queue.now - tonumber(meta[6]) < PATIENCE_MS and 'WAIT' or 'BUSY'}
    end
    hold_builder(queue, args[15], BUILDER_MS)
    return {'LOAD', unpack(redis.call('HMGET', queue.meta, 'part', 'afterNumber', 'afterUser'))}
end

-- Whether this builder may still write.
local function is_builder(queue, run_id, builder)
    local meta = redis.call('HMGET', queue.meta, 'epoch', 'loading', 'builder')
    return meta[1] == run_id and meta[2] and meta[3] == builder
end

local function append(list, first, second)
    list[#list + 1], list[#list + 2] = first, second
end

local function call_with(command, key, arguments)
    if #arguments > 0 then
        redis.call(command, key, unpack(arguments))
    end
end

-- args: run id, builder, part, number and user where the next chunk begins, 1 where this builder
-- goes on and 0 where it leaves the rest to others, then the rows: number, rank (0: none), what is
-- left in ms of the place (0: waiting) and of the lease, token and user of each, packed.
local function load_rows(keys, args)
    local queue = queue_at(keys[1])
    if not is_builder(queue, args[1], args[2]) then
        return {'BUSY'}
    end
    local fields = {'last', 'serving', 'capacity', 'draw', 'frozen', 'frozenLast', 'rankedLast',
        'opensMs'}
    for i, value in ipairs(redis.call('HMGET', queue.meta, unpack(fields))) do
        queue[fields[i]] = tonumber(value)
    end
    local waiting = math.max(0, queue.last - queue.serving)
    local users, records, scores = {}, {}, {[WAITING] = {}, [ACTIVE] = {}}
    for i = 7, #args do
        local number, rank, ends_ms, lease_ms = struct.unpack('>I4I4I6I6', args[i])
        local token, user = string.sub(args[i], 21, 36), string.sub(args[i], 37)
        local state = ends_ms > 0 and ACTIVE or WAITING
        local record = {state = state, saved = state == ACTIVE and LEASE or ROW, number = number,
            seen = queue.now, lease = queue.now + lease_ms, user = user,
            rank = rank > 0 and rank or nil}
        record.poll = interval(queue, record, waiting)
        queue.last = math.max(queue.last, number)
        append(users, user, token)
        append(scores[state], state == ACTIVE and queue.now + ends_ms or shown(record), token)
        append(records, token, pack_record(record))
    end
    call_with('HSET', queue.users, users)
    call_with('HSET', queue.tokens, records)
    call_with('ZADD', queue[WAITING], scores[WAITING])
    call_with('ZADD', queue[ACTIVE], scores[ACTIVE])
    if #scores[ACTIVE] > 0 then -- read as waiting a moment ago, some of them
        redis.call('ZREM', queue[WAITING], unpack(scores[ACTIVE]))
    end
    redis.call('HSET', queue.meta, 'last', queue.last, 'part', args[3], 'afterNumber', args[4],
        'afterUser', args[5])
    hold_builder(queue, args[2], args[6] == '1' and BUILDER_MS or 0)
    return {'OK'}
end

-- args: run id, builder, then the highest numbers again: adds that were under way when Redis was
-- lost may have come to their row meanwhile.
local function rebuilt(keys, args)
    local queue = queue_at(keys[1])
    if not is_builder(queue, args[1], args[2]) then
        return {'BUSY'}
    end
    local last, serving = unpack(redis.call('HMGET', queue.meta, 'last', 'serving'))
    redis.call('HSET', queue.meta, 'last', math.max(tonumber(last), tonumber(args[3])), 'serving',
        math.max(tonumber(serving), tonumber(args[4])), 'kept', redis.call('EXISTS', queue.tokens))
    redis.call('HDEL', queue.meta, 'loading', 'builder', 'builderUntil', 'loadingSince', 'part',
        'afterNumber', 'afterUser', 'opensMs')
    return {'OK'}
end

-- What makes the queue longer is refused when the memory is full; all else goes on.
local function register(name, callback, flags)
    redis.register_function{
        function_name = 'frontrow_queue_' .. name .. '_@QUEUE_VERSION@',
        callback = callback,
        flags = flags,
    }
end

register('add', with_queue(add), {})
register('add_several', with_queue(add_several), {})
register('add_known', with_queue(add_known), {'allow-oom'})
register('restore', with_queue(restore), {})
register('status', with_queue(status), {'allow-oom'})
register('leave', with_queue(leave), {'allow-oom'})
register('saved', with_queue(saved), {'allow-oom'})
register('saved_rows', with_queue(saved_rows), {'allow-oom'})
register('keep', with_queue(keep), {'allow-oom'})
register('drop', with_queue(drop), {'allow-oom'})
register('state', with_queue(state), {'allow-oom'})
register('list', with_queue(list), {'allow-oom'})
register('rank', with_queue(rank), {'allow-oom'})
register('scan', with_queue(scan), {'allow-oom'})
register('rebuild', rebuild, {})
register('load', load_rows, {})
register('rebuilt', rebuilt, {'allow-oom'})
