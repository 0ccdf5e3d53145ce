# The private Redis: a socket, no eviction, nothing on disk. After a restart queues are loaded from MySQL
# anyway, and an append-only file would take a third of the time of each call.

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
END
}

redis_start() {
    process_start redis redis-server "$VAR/redis.conf"
}

redis_is_ready() {
    [[ $(timeout 5 redis-cli -s "$RUN/redis.sock" PING 2>/dev/null) == PONG ]]
}
