# The private nginx: nginx/*.in filled in, everything it writes under var/nginx.

https_is_wanted() {
    [[ ${FRONTROW_HTTPS:-no} != no ]]
}

# How HTTP/2 is switched on: from nginx 1.25.1 on by a directive of its own, which older ones do not know.
nginx_http2() {
    local version
    version=$(PATH=$PATH:/usr/sbin nginx -v 2>&1 | grep -om1 '[0-9][0-9.]*')
    if printf '%s\n' 1.25.1 "$version" | sort -VC; then echo on; else echo listen; fi
}

nginx_has_http3() {
    PATH=$PATH:/usr/sbin nginx -V 2>&1 | grep -q -e --with-http_v3_module
}

# A certificate for this machine, which nobody else believes; a new one in its last week.
nginx_create_certificate() {
    ! openssl x509 -noout -checkend 604800 -in "$VAR/tls/localhost.pem" >/dev/null 2>&1 || return 0
    mkdir -p "$VAR/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 90 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 -addext basicConstraints=critical,CA:FALSE \
        -addext extendedKeyUsage=serverAuth -keyout "$VAR/tls/localhost.key" -out "$VAR/tls/localhost.pem" 2>>"$LOG/nginx.log"
}

# The configuration that frontrowctl makes from the settings. Without a variable its own defaults apply,
# except for rights of this machine itself.
nginx_frontrow_config() {
    local options=(--template "$ROOT/nginx/frontrow.conf.in" --port "$PORT" --www "$VAR/www" --cache "$VAR/nginx/cache"
        --error-log "$LOG/nginx.log" --access-log "$LOG/access.log" --prefix "${FRONTROW_PREFIX:-}"
        --gateways "${FRONTROW_GATEWAY_ADDRESSES:-none}" --proxies "${FRONTROW_TRUSTED_PROXIES:-none}") list name
    list=${FRONTROW_ADMIN_ADDRESSES-127.0.0.0/8 ::1}
    options+=(--operators "${list:-none}")
    options+=(--gates "${FRONTROW_GATE_ADDRESSES:-none}")
    list=${FRONTROW_UNCOUNTED_ADDRESSES-127.0.0.0/8 ::1}
    options+=(--uncounted "${list:-none}")
    [[ ${FRONTROW_ACCESS_LOG:-on} != off ]] || options+=(--access-log off)
    [[ ${FRONTROW_PROXY_PROTOCOL:-off} == off ]] || options+=(--proxy-protocol)
    [[ -z ${FRONTROW_APP_HOSTS:-} ]] || options+=(--workers "$FRONTROW_APP_HOSTS")
    ! https_is_wanted || options+=(--certificate "$VAR/tls/localhost.pem" --certificate-key "$VAR/tls/localhost.key"
        --http2 "$(nginx_http2)" --hsts 300 --redirect-port "${FRONTROW_REDIRECT_PORT:-}")
    ! https_is_wanted || ! nginx_has_http3 || options+=(--http3)
    ! observe_is_wanted || options+=(--alertmanager "$(observe_address alertmanager)")
    [[ -z ${FRONTROW_RATE_LIMIT:-} ]] || options+=(--address-rate "$FRONTROW_RATE_LIMIT")
    for name in EXACT_LIMIT PUBLIC_LIMIT ADMIN_LIMIT ADDRESS_LIMIT REQUEST_LIMIT USER_RATE; do
        local -n value=FRONTROW_$name
        name=${name,,}
        [[ -z ${value:-} ]] || options+=("--${name/_/-}" "$value")
    done
    frontrow_ctl nginx-config "${options[@]}"
}

# What the exporter of scripts/up --observe reads.
nginx_status_server() {
    ! observe_is_wanted || printf '    server {
        listen %s;
        access_log off;
        location = /stub_status {
            stub_status;
        }
    }' "$(observe_address nginx_status)"
}

# True when the configuration changed.
nginx_configure() {
    mkdir -p "$VAR/nginx"
    web_publish "$VAR/www"
    ! https_is_wanted || nginx_create_certificate || fail_with_log nginx "has no certificate"
    local files text changed=1
    files=$(ulimit -Hn)
    [[ $files != unlimited ]] && ((files < 32768)) || files=32768
    text=$(template_fill "$ROOT/nginx/nginx.conf.in" \
        "USER=$([[ $EUID != 0 ]] || echo 'user root;')" \
        "STATUS=$(nginx_status_server)" "RUN=$RUN" "LOG=$LOG" "VAR=$VAR" "FILES=$files" "CONNECTIONS=$((files - 512))") || exit 1
    write_if_changed "$VAR/nginx/nginx.conf" <<<"$text" && changed=0
    text=$(nginx_frontrow_config) || exit 1
    write_if_changed "$VAR/nginx/frontrow.conf" <<<"$text" && changed=0
    nginx_command -t -q 2>>"$LOG/nginx.log" || fail_with_log nginx "does not accept its configuration"
    return $changed
}

nginx_command() {
    PATH=$PATH:/usr/sbin command "${IN_NETWORK[@]}" nginx -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" -e "$LOG/nginx.log" "$@"
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
    ! https_is_wanted || protocol+=(--cacert "$VAR/tls/localhost.pem")
    curl -fsS -o /dev/null --max-time 5 "${protocol[@]}" "$(nginx_scheme)://$(nginx_address)/health/ready" 2>/dev/null
}

nginx_scheme() {
    if https_is_wanted; then echo https; else echo http; fi
}

# The address at which this machine reaches it.
nginx_address() {
    local host=${LISTEN%% *}
    case $host in
        0.0.0.0) host=127.0.0.1 ;;
        '[::]') host='[::1]' ;;
    esac
    printf '%s:%s' "$host" "$PORT"
}

# False if it runs and listens on other addresses than those of the settings.
nginx_is_at_address() {
    process_is_alive nginx || return 0
    local wanted actual
    wanted=$(printf "%s:$PORT\n" $LISTEN | sort -u)
    actual=$(ss -Hltnp "sport = :$PORT" | grep -F "pid=$PROCESS_PID," | awk '{ print $4 }' | sort -u)
    [[ $actual == "$wanted" ]]
}

# Prints a line with the owner if another process has the port. What a killed nginx left does not count.
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
