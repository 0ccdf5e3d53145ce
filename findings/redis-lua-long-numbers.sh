#!/usr/bin/env bash
# Ids of more than 14 digits in Redis' Lua.
#
# Guess: Lua's numbers are doubles, so all integers below 2^53 (16 digits) are kept: microseconds since
#     1970, say.
# What happens: it depends on the way. As an argument of redis.call or as a reply all digits are there.
#     Joined to a text with "..", by tostring() and in cjson.encode, 14 are: KEYS made as 'hold:' .. id
#     are the same key for a hundred ids, and JSON gives 1.7646012345679e+15. No error is raised.
# Versions: Redis 7.0.15 (Lua 5.1 formats with %.14g; so does its cjson).
# Source: Lua 5.1's LUAI_NUMFFORMAT in luaconf.h; lua-cjson's manual, cjson.encode_number_precision (14 by
#     default).
# Frontrow: instants in its queue are milliseconds (13 digits), tokens and keys come as texts, and replies
#     are integers. In a script of yours write string.format('%d', id), and hand ids to cjson as texts.
. "$(dirname "$0")/lib/finding.sh"
start_redis

lua() {
    redis-cli -s redis.sock EVAL "local id = 1764601234567890 $1" 0
}

finding "the reply" 1764601234567890 1764601234567890 "$(lua "return id")"
finding "an argument of redis.call" 1764601234567890 1764601234567890 \
    "$(lua "redis.call('SET', 'at', id) return redis.call('GET', 'at')")"
finding "'hold:' .. id" hold:1764601234567890 hold:1.7646012345679e+15 "$(lua "return 'hold:' .. id")"
finding "whether 'hold:' .. id and 'hold:' .. id + 40 are the same key" "no" 1 \
    "$(lua "return 'hold:' .. id == 'hold:' .. id + 40")"
finding "cjson.encode({id = id})" '{"id":1764601234567890}' '{"id":1.7646012345679e+15}' \
    "$(lua "return cjson.encode({id = id})")"
finding "cjson.encode(cjson.decode('{\"id\":1764601234567890}'))" '{"id":1764601234567890}' \
    '{"id":1.7646012345679e+15}' "$(lua "return cjson.encode(cjson.decode('{\"id\":1764601234567890}'))")"
finding "string.format('%d', id)" 1764601234567890 1764601234567890 "$(lua "return string.format('%d', id)")"
finding_ends
