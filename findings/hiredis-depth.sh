#!/usr/bin/env bash
# A reply that is nested deeply, read by the hiredis of Debian 12.
#
# Guess: a client library reads each reply that the server of the same Debian gives.
# What happens: hiredis 0.14 takes arrays in arrays seven deep. COMMAND DOCS of Redis 7 is deeper, as is
#     what a Lua script returns that nests tables, and ends as a protocol error. The connection is of no
#     use afterwards: each later command gets the same error, also a plain GET.
# Versions: hiredis 0.14.1 and Redis 7.0.15, both Debian 12's. hiredis 1.0 and later go deeper.
# Source: redis/hiredis issues 421 and 794, and pull request 797 that took the limit away.
# Frontrow: no reply that it asks for is nested deeper than five, so it works with 0.14 and 1.x. That a
#     connection is closed after any error of the library, and a new one made, is what this asks for as
#     well.
. "$(dirname "$0")/lib/finding.sh"
start_redis
need cc gcc
echo '#include <hiredis/hiredis.h>' | cc -E -x c - >cc.log 2>&1 ||
    fail "no hiredis.h here; Debian's package libhiredis-dev has it"

cat >ask.c <<'C'
#include <hiredis/hiredis.h>
#include <stdio.h>

int
main(int count, char **commands)
{
    redisContext *redis = redisConnectUnix("redis.sock");
    if (count == 1)
        printf("%d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    for (int i = 1; i < count; i++) {
        redisReply *reply = redisCommand(redis, commands[i]);
        printf("%s%s", i > 1 ? ", " : "", reply != NULL ? "a reply" : redis->errstr);
    }
    return 0;
}
C
cc -o ask ask.c -lhiredis || fail "ask.c does not build"
version=$(./ask)
echo "version  hiredis $version"
[[ $version == 0.14.* ]] || fail "this is about hiredis 0.14; here is $version"

error="No support for nested multi bulk replies with depth > 7"
finding "PING, PING" "a reply, a reply" "a reply, a reply" "$(./ask PING PING)"
finding "COMMAND DOCS, then PING" "a reply, a reply" "$error, $error" "$(./ask 'COMMAND DOCS' PING)"
finding_ends
