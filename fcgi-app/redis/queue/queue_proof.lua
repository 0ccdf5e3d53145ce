
-- Proofs of work that were spent, of a concert with or without a queue: in "{c<ID>}:proofs", with the
-- time. It is kept as long as a challenge lives, so that no proof is spent twice; and its size tells
-- how many came in that time.
local OLD_PROOFS = 100 -- are forgotten with each new one, so that no call holds Redis up

local function proofs_at(key)
    local now = redis.call('TIME')
    return string.gsub(key, 'meta$', 'proofs'), now[1] * 1000 + math.floor(now[2] / 1000)
end

local function count_since(proofs, begin)
    return redis.call('ZCOUNT', proofs, '(' .. begin, '+inf')
end

-- args: run id, name of the proof, ms for which a challenge lives, how many may have been spent in
-- that time: its challenge may be of before the rush, and too easy for now.
local function spend_proof(keys, args)
    local proofs, now = proofs_at(keys[1])
    if redis.call('ZSCORE', proofs, args[2]) then
        return {'ENDED'}
    elseif count_since(proofs, now - args[3]) >= tonumber(args[4]) then
        return {'FULL'}
    end
    local old = redis.call('ZRANGEBYSCORE', proofs, '-inf', now - args[3], 'LIMIT', 0, OLD_PROOFS)
    if #old > 0 then
        redis.call('ZREM', proofs, unpack(old))
    end
    redis.call('ZADD', proofs, now, args[2])
    redis.call('EXPIRE', proofs, math.ceil(args[3] / 1000))
    return {'OK'}
end

-- args: run id, ms. How many were spent since.
local function count_proofs(keys, args)
    local proofs, now = proofs_at(keys[1])
    return {'OK', count_since(proofs, now - args[2])}
end

register('spend_proof', spend_proof, {})
register('count_proofs', count_proofs, {'allow-oom', 'no-writes'})
