# The private Redis: a socket, an append-only file under var/redis, never evicting.

redis_configure() {
    mkdir -p "$VAR/redis"
    cat >"$VAR/redis.conf" <<END
port 0
unixsocket $RUN/redis.sock
unixsocketperm 700
dir $VAR/redis
save ""
appendonly yes
appendfsync everysec
maxmemory ${FRONTROW_REDIS_MEMORY:-1gb}
maxmemory-policy noeviction
END
}

redis_start() {
    process_start redis redis-server "$VAR/redis.conf"
}

redis_is_ready() {
    [[ $(redis-cli -s "$RUN/redis.sock" PING 2>/dev/null) == PONG ]]
}
