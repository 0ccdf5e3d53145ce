# The private nginx: nginx/*.in filled in, everything it writes under var/nginx.

# geo's lines for a list of networks
nginx_networks() {
    local network
    for network in $1; do
        printf '    %s 1;\n' "$network"
    done
}

# The proxies of FRONTROW_TRUSTED_PROXIES
nginx_trusted_proxies() {
    local network
    for network in ${FRONTROW_TRUSTED_PROXIES:-}; do
        printf 'set_real_ip_from %s;\n' "$network"
    done
}

# A line for each address; FRONTROW_PROXY_PROTOCOL=on: only for proxies that speak it.
nginx_listen() {
    local address
    for address in $LISTEN; do
        printf '    listen %s:%s default_server backlog=8192%s;\n' "$address" "$PORT" \
            "$([[ ${FRONTROW_PROXY_PROTOCOL:-off} == off ]] || echo ' proxy_protocol')"
    done
}

# FRONTROW_PREFIX: "/shop", where Frontrow is beside other things on a site.
nginx_prefix() {
    local prefix=${FRONTROW_PREFIX:-}
    prefix=${prefix%/}
    [[ -n $prefix ]] || return 0
    [[ $prefix =~ ^(/[A-Za-z0-9_-]+)+$ ]] ||
        fail "FRONTROW_PREFIX is a path of letters, digits, - and _, as /shop; not $prefix"
    printf '    rewrite ^%s\\z %s/ permanent;\n    rewrite (?s)^%s(/(?!_).*)\\z $1;\n' "$prefix" "$prefix" "$prefix"
}

# nginx_upstream_servers [LIMIT]: all sockets; with at most LIMIT calls under way in all of them together.
nginx_upstream_servers() {
    local i places
    for ((i = 0; i < SOCKETS; i++)); do
        places=$(((${1:-0} + i) / SOCKETS))
        # for nginx max_conns=0 would be no limit
        (($# == 0 || places > 0)) || continue
        printf '    server unix:%s/frontrow-%d.sock max_fails=0%s;\n' "$RUN" "$i" "${1:+ max_conns=$places}"
    done
}

# FRONTROW_RATE_LIMIT: calls of the API a second from one address, 0 for no limit.
nginx_rate_limit_zone() {
    ((${FRONTROW_RATE_LIMIT:-0} == 0)) ||
        printf 'limit_req_zone $frontrow_rated zone=frontrow_rate:10m rate=%dr/s;' "$FRONTROW_RATE_LIMIT"
}

nginx_rate_limit() {
    ((${FRONTROW_RATE_LIMIT:-0} == 0)) ||
        printf 'limit_req zone=frontrow_rate burst=%d nodelay;' "$FRONTROW_RATE_LIMIT"
}

nginx_access_log() {
    if [[ ${FRONTROW_ACCESS_LOG:-on} == off ]]; then
        printf 'off'
    else
        printf '%s/access.log frontrow buffer=64k flush=1s' "$LOG"
    fi
}

# True when the configuration changed.
nginx_configure() {
    mkdir -p "$VAR/nginx"
    web_publish "$VAR/www"
    local files prefix text changed=1
    prefix=$(nginx_prefix) || exit 1
    files=$(ulimit -Hn)
    [[ $files != unlimited ]] && ((files < 32768)) || files=32768
    text=$(template_fill "$ROOT/nginx/nginx.conf.in" \
        "USER=$([[ $EUID != 0 ]] || echo 'user root;')" \
        "RUN=$RUN" "LOG=$LOG" "VAR=$VAR" "FILES=$files" "CONNECTIONS=$((files - 512))") || exit 1
    write_if_changed "$VAR/nginx/nginx.conf" <<<"$text" && changed=0
    text=$(template_fill "$ROOT/nginx/frontrow.conf.in" \
        "LISTEN=$(nginx_listen)" "PREFIX=$prefix" "WWW=$VAR/www" "DRAW=$VAR/draw" "CACHE=$VAR/nginx/cache" \
        "EXACT_SERVERS=$(nginx_upstream_servers "${FRONTROW_EXACT_LIMIT:-2048}")" \
        "PUBLIC_SERVERS=$(nginx_upstream_servers "${FRONTROW_PUBLIC_LIMIT:-2048}")" \
        "ADMIN_SERVERS=$(nginx_upstream_servers "${FRONTROW_ADMIN_LIMIT:-16}")" \
        "HEALTH_SERVERS=$(nginx_upstream_servers 64)" "METRICS_SERVERS=$(nginx_upstream_servers)" \
        "GATEWAY_ADDRESSES=$(nginx_networks "${FRONTROW_GATEWAY_ADDRESSES:-}")" \
        "ADMIN_ADDRESSES=$(nginx_networks "${FRONTROW_ADMIN_ADDRESSES-127.0.0.0/8 ::1}")" \
        "TRUSTED_PROXIES=$(nginx_trusted_proxies)" \
        "REAL_IP_HEADER=$([[ ${FRONTROW_PROXY_PROTOCOL:-off} == off ]] && echo X-Forwarded-For || echo proxy_protocol)" \
        "USER_RATE=${FRONTROW_USER_RATE:-20}" "USER_BURST=$((2 * ${FRONTROW_USER_RATE:-20}))" \
        "RATE_LIMIT_ZONE=$(nginx_rate_limit_zone)" "RATE_LIMIT=$(nginx_rate_limit)" \
        "UNCOUNTED_ADDRESSES=$(nginx_networks "${FRONTROW_UNCOUNTED_ADDRESSES-127.0.0.0/8 ::1}")" \
        "ADDRESS_LIMIT=${FRONTROW_ADDRESS_LIMIT:-256}" "REQUEST_LIMIT=${FRONTROW_REQUEST_LIMIT:-16384}" \
        "GATEWAY_MS=${FRONTROW_GATEWAY_MS:-10000}" "ADMIN_GATEWAY_MS=${FRONTROW_ADMIN_GATEWAY_MS:-30000}" \
        "ACCESS_LOG=$(nginx_access_log)" "ERROR_LOG=$LOG/nginx.log") || exit 1
    write_if_changed "$VAR/nginx/frontrow.conf" <<<"$text" && changed=0
    nginx_command -t -q 2>>"$LOG/nginx.log" || fail_with_log nginx "does not accept its configuration"
    return $changed
}

nginx_command() {
    PATH=$PATH:/usr/sbin command nginx -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" -e "$LOG/nginx.log" "$@"
}

# As a batch process nginx, woken by a worker's answer, does not interrupt it before it has closed the
# connection too (docs/performance.md; scripts/systemd has it for nginx's service). A container may forbid it.
nginx_start() {
    local batch=(chrt --batch 0)
    "${batch[@]}" true 2>/dev/null || batch=()
    process_start nginx "${batch[@]}" "$(PATH=$PATH:/usr/sbin command -v nginx)" -p "$VAR/nginx" \
        -c "$VAR/nginx/nginx.conf" -e "$LOG/nginx.log" -g 'daemon off;'
}

# Ready is the whole path: nginx, a worker, MySQL.
nginx_is_ready() {
    local protocol=()
    [[ ${FRONTROW_PROXY_PROTOCOL:-off} == off ]] || protocol=(--haproxy-protocol)
    curl -fsS -o /dev/null --max-time 5 "${protocol[@]}" "http://$(nginx_address)/health/ready" 2>/dev/null
}

# Where this machine reaches it.
nginx_address() {
    local host=${LISTEN%% *}
    case $host in
        0.0.0.0) host=127.0.0.1 ;;
        '[::]') host='[::1]' ;;
    esac
    printf '%s:%s' "$host" "$PORT"
}

# False where it runs and does not listen on just its addresses.
nginx_is_at_address() {
    process_is_alive nginx || return 0
    local wanted actual
    wanted=$(printf "%s:$PORT\n" $LISTEN | sort -u)
    actual=$(ss -Hltnp "sport = :$PORT" | grep -F "pid=$PROCESS_PID," | awk '{ print $4 }' | sort -u)
    [[ $actual == "$wanted" ]]
}

# One line with the owner when another process has the port; what a killed nginx left is none.
nginx_require_port() {
    local line own='its own'
    if process_is_alive nginx; then
        own="pid=$PROCESS_PID,"
    else
        process_clear nginx
    fi
    line=$(ss -Hltnp "sport = :$PORT" | grep -vF "$own" |
        awk -v port=":$PORT" -v listen="$LISTEN" 'BEGIN { split(listen " 0.0.0.0 * [::]", all)
            for (i in all) addresses[all[i] port] } $4 in addresses') || return 0
    [[ -n $line ]] || return 0
    line=${line%%$'\n'*}
    local owner=${line##*users:((}
    [[ $line == *users:* ]] && owner=$(sed -E 's/^"([^"]*)",pid=([0-9]+).*/\1 (pid \2)/' <<<"$owner") ||
        owner='a process of another user'
    fail "port $PORT is taken by $owner; FRONTROW_PORT=... takes another"
}
