-- line_rebuild: loads a line from MySQL (rule 9), and registers all functions. Continues
-- line_calls.lua.

-- No number is given twice, and `serving` does not fall, though MySQL may have been restored.
local function wipe(line, args)
    local kept = redis.call('HMGET', line.meta, 'overshoot', 'last', 'serving')
    redis.call('UNLINK', line.meta, line.tokens, line.users, line.unsaved, line[WAITING],
        line[CALLED], line[ACTIVE], line[MISSED], line[LEFT])
    redis.call('HSET', line.meta, 'epoch', args[1], 'loading', 1, 'version', args[2], 'capacity',
        args[4], 'paused', args[5], 'maxWaiting', args[6], 'activeMs', args[7], 'overshoot',
        kept[1] or 0, 'loadingSince', line.now, 'part', 0, 'afterNumber', 0, 'afterUser', '',
        'draw', args[10], 'opensMs', args[12], 'idleMs', args[13])
    return tonumber(kept[2] or 0), tonumber(kept[3] or 0)
end

local function hold_builder(line, builder, ms)
    redis.call('HSET', line.meta, 'builder', builder, 'builderUntil', line.now + ms)
end

-- args: the settings, builder, highest number given, highest number called, whether it is frozen,
-- highest number in the draw, up to which number the rows have ranks. LOAD and where to go on;
-- READY where there is nothing to build. Where another one builds: WAIT if it began just now,
-- as a short line is there in a moment, else BUSY.
local function rebuild(keys, args)
    local line = line_at(keys[1])
    local meta = redis.call('HMGET', line.meta, 'epoch', 'loading', 'version', 'builder',
        'builderUntil', 'loadingSince', 'kept')
    line.kept = tonumber(meta[7] or 0)
    if meta[1] ~= args[1] or tonumber(args[3]) > tonumber(meta[3]) or
        not (meta[2] or is_whole(line)) then
        local last, serving = wipe(line, args)
        last = math.max(last, tonumber(args[16]), tonumber(args[19])) -- the last may have no row
        serving = math.max(serving, tonumber(args[17]))
        redis.call('HSET', line.meta, 'last', last, 'serving', serving, 'frozen', args[18],
            'frozenLast', args[19], 'rankedLast', args[20])
    elseif not meta[2] then
        return {'READY'}
    elseif meta[4] ~= args[15] and tonumber(meta[5]) > line.now then
        return {line.now - tonumber(meta[6]) < PATIENCE_MS and 'WAIT' or 'BUSY'}
    end
    hold_builder(line, args[15], BUILDER_MS)
    return {'LOAD', unpack(redis.call('HMGET', line.meta, 'part', 'afterNumber', 'afterUser'))}
end

-- Whether this builder may still write.
local function is_builder(line, run_id, builder)
    local meta = redis.call('HMGET', line.meta, 'epoch', 'loading', 'builder')
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
    local line = line_at(keys[1])
    if not is_builder(line, args[1], args[2]) then
        return {'BUSY'}
    end
    local fields = {'last', 'serving', 'capacity', 'draw', 'frozen', 'frozenLast', 'rankedLast',
        'opensMs'}
    for i, value in ipairs(redis.call('HMGET', line.meta, unpack(fields))) do
        line[fields[i]] = tonumber(value)
    end
    local waiting = math.max(0, line.last - line.serving)
    local users, records, scores = {}, {}, {[WAITING] = {}, [ACTIVE] = {}}
    for i = 7, #args do
        local number, rank, ends_ms, lease_ms = struct.unpack('>I4I4I6I6', args[i])
        local token, user = string.sub(args[i], 21, 36), string.sub(args[i], 37)
        local state = ends_ms > 0 and ACTIVE or WAITING
        local record = {state = state, saved = state == ACTIVE and LEASE or ROW, number = number,
            seen = line.now, lease = line.now + lease_ms, user = user,
            rank = rank > 0 and rank or nil}
        record.poll = interval(line, record, waiting)
        line.last = math.max(line.last, number)
        append(users, user, token)
        append(scores[state], state == ACTIVE and line.now + ends_ms or shown(record), token)
        append(records, token, pack_record(record))
    end
    call_with('HSET', line.users, users)
    call_with('HSET', line.tokens, records)
    call_with('ZADD', line[WAITING], scores[WAITING])
    call_with('ZADD', line[ACTIVE], scores[ACTIVE])
    if #scores[ACTIVE] > 0 then -- read as waiting a moment ago, some of them
        redis.call('ZREM', line[WAITING], unpack(scores[ACTIVE]))
    end
    redis.call('HSET', line.meta, 'last', line.last, 'part', args[3], 'afterNumber', args[4],
        'afterUser', args[5])
    hold_builder(line, args[2], args[6] == '1' and BUILDER_MS or 0)
    return {'OK'}
end

-- args: run id, builder, then the highest numbers again: adds that were under way when Redis was
-- lost may have come to their row meanwhile.
local function rebuilt(keys, args)
    local line = line_at(keys[1])
    if not is_builder(line, args[1], args[2]) then
        return {'BUSY'}
    end
    local last, serving = unpack(redis.call('HMGET', line.meta, 'last', 'serving'))
    redis.call('HSET', line.meta, 'last', math.max(tonumber(last), tonumber(args[3])), 'serving',
        math.max(tonumber(serving), tonumber(args[4])), 'kept', redis.call('EXISTS', line.tokens))
    redis.call('HDEL', line.meta, 'loading', 'builder', 'builderUntil', 'loadingSince', 'part',
        'afterNumber', 'afterUser', 'opensMs')
    return {'OK'}
end

-- What makes the line longer is refused when the memory is full; all else goes on.
local function register(name, callback, flags)
    redis.register_function{
        function_name = 'line_' .. name .. '_@LINE_VERSION@', callback = callback, flags = flags,
    }
end

register('add', with_line(add), {})
register('add_known', with_line(add_known), {'allow-oom'})
register('restore', with_line(restore), {})
register('status', with_line(status), {'allow-oom'})
register('leave', with_line(leave), {'allow-oom'})
register('saved', with_line(saved), {'allow-oom'})
register('keep', with_line(keep), {'allow-oom'})
register('drop', with_line(drop), {'allow-oom'})
register('state', with_line(state), {'allow-oom'})
register('list', with_line(list), {'allow-oom'})
register('rank', with_line(rank), {'allow-oom'})
register('scan', with_line(scan), {'allow-oom'})
register('rebuild', rebuild, {})
register('load', load_rows, {})
register('rebuilt', rebuilt, {'allow-oom'})
