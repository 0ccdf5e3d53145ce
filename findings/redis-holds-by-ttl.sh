#!/usr/bin/env bash
# A hold of a seat as a Redis key with a TTL, given back by the event of its expiry.
#
# Guess: `expired` is published when the time of the key is over, or within a second. TTL says 0 or less
#     when it is.
# What happens: the event is published when Redis deletes the key: as it is asked for, or when the active
#     expiry comes by, which looks at a few keys at a time and stops as long as most of them are alive.
#     With 200,000 other keys that have a TTL (sessions, say) none of five holds of one second was given
#     back within 15 seconds; with no others all five at once. And TTL rounds: a key that has 0.4 s to
#     live has TTL 0, one with 1.4 s has TTL 1, so who waits for so long comes too early.
# Versions: Redis 7.0.15.
# Source: Redis' documentation "Redis keyspace notifications" (timing of expired events); the pages of
#     EXPIRE and TTL do not say how TTL rounds; PTTL is exact.
# Frontrow: holds are in MySQL with the instant of their end. One that is over is free for every reader
#     and the next buyer at once; the sweeper only tidies. In Redis, instants of the queue are compared
#     when a call looks at them.
. "$(dirname "$0")/lib/finding.sh"
start_redis
python_packages redis==8.1.0

cat >holds.py <<'PY'
import sys, time, redis
client = redis.Redis(unix_socket_path="redis.sock")
client.flushall()
client.config_set("notify-keyspace-events", "Ex")
pipeline = client.pipeline(transaction=False)
for i in range(int(sys.argv[1])):
    pipeline.set(f"session:{i}", "", ex=3600)
    if i % 10000 == 9999:
        pipeline.execute()
pipeline.execute()
events = client.pubsub(ignore_subscribe_messages=True)
events.subscribe("__keyevent@0__:expired")
events.get_message(timeout=1)
for i in range(5):
    client.set(f"hold:{i}", "", px=1000)
end = time.monotonic() + 1 + float(sys.argv[2])
came = 0
while came < 5 and (left := end - time.monotonic()) > 0:
    came += bool(events.get_message(timeout=left))
print("all" if came == 5 else "not all")
PY
ask="redis-cli -s redis.sock"
ttl() {
    $ask SET hold "" PX "$1" >ttl.log
    $ask TTL hold
}

finding "holds of 1 s, no other keys: given back within 3 s" all all "$(python3 holds.py 0 3)"
finding "holds of 1 s beside 200,000 sessions: given back within 15 s" all "not all" "$(python3 holds.py 200000 15)"
finding "TTL of a key that lives for 1.4 s" "2, or 1" 1 "$(ttl 1400)"
finding "TTL of a key that lives for 0.4 s" "1" 0 "$(ttl 400)"
finding_ends
