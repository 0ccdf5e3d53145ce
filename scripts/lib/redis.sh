# The private Redis or Valkey: a socket, no eviction, nothing on disk. After a restart queues are loaded from MySQL
# anyway, and an append-only file would take a third of the time of each call. A test may have put more settings into
# redis.extra.

# redis_command server|cli: the program's name: that of FRONTROW_REDIS (redis or valkey), else of Redis if the
# machine has it, else of Valkey.
redis_command() {
    local kind=${FRONTROW_REDIS:-redis}
    [[ -n ${FRONTROW_REDIS:-} ]] || command -v redis-server >/dev/null || kind=valkey
    printf '%s-%s\n' "$kind" "$1"
}

redis_configure() {
    mkdir -p "$VAR/redis"
    cat >"$VAR/redis.conf" <<END
port 0
unixsocket $RUN/redis.sock
unixsocketperm 700
dir $VAR/redis
save ""
appendonly no
maxmemory ${FRONTROW_REDIS_MEMORY:-1gb}
maxmemory-policy noeviction
$(cat "$VAR/redis.extra" 2>/dev/null || true)
END
}

redis_start() {
    process_start redis "$(redis_command server)" "$VAR/redis.conf"
}

redis_is_ready() {
    [[ $(timeout 5 "$(redis_command cli)" -s "$RUN/redis.sock" PING 2>/dev/null) == PONG ]]
}
