# Prometheus, Alertmanager and the exporters of scripts/up --observe: on loopback, everything under
# var/observe. They are no part of the service: the keeper does not restart them.

OBSERVERS=(node mysqld redis nginx alertmanager prometheus) # in the order of their start
OBSERVE_PORTS=(prometheus alertmanager node mysqld redis nginx nginx_status) # from FRONTROW_OBSERVE_PORT on
OWNERS=(application database cache network business)

# Wanted, or there already: scripts/up without --observe leaves it as it is.
observe_is_wanted() {
    [[ ${FRONTROW_OBSERVE:-} == yes ]] || process_is_alive observe-prometheus
}

# observe_address NAME
observe_address() {
    local i
    for i in "${!OBSERVE_PORTS[@]}"; do
        [[ ${OBSERVE_PORTS[i]} != "$1" ]] || printf '127.0.0.1:%s' $((${FRONTROW_OBSERVE_PORT:-9090} + i))
    done
}

# Before anything is started: another Prometheus at our port would be taken for ours.
observe_require_ports() {
    local name port own=(-e 'its own')
    for name in nginx "${OBSERVERS[@]/#/observe-}"; do
        ! process_is_alive "$name" || own+=(-e "pid=$PROCESS_PID,")
    done
    for name in "${OBSERVE_PORTS[@]}"; do
        port=$(observe_address "$name")
        port=${port#*:}
        [[ -z $(ss -Hltnp "sport = :$port" | grep -vF "${own[@]}") ]] ||
            fail "port $port for $name is taken; FRONTROW_OBSERVE_PORT=... takes ${#OBSERVE_PORTS[@]} others"
    done
}

# A user of MySQL that sees what it does, and no table of the shop.
observe_create_mysql_user() {
    local file=$VAR/observe/mysqld.cnf password
    if [[ ! -s $file ]]; then
        password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        (umask 077 && printf '[client]\nuser = observer\npassword = %s\nsocket = %s\n' "$password" "$VAR/run/mysql.sock" >"$file")
    fi
    password=$(sed -n 's/^password = //p' "$file")
    "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" <<END
CREATE USER IF NOT EXISTS observer@localhost;
ALTER USER observer@localhost IDENTIFIED BY '$password' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS ON *.* TO observer@localhost;
END
}

# A receiver for each owner, told by what there is: a webhook, an address, or nothing.
observe_receivers() {
    local owner
    for owner in "${OWNERS[@]}"; do
        printf '  - name: %s\n' "$owner"
        [[ -z ${FRONTROW_ALERT_WEBHOOK:-} ]] ||
            printf '    webhook_configs:\n      - url: %s/%s\n' "$FRONTROW_ALERT_WEBHOOK" "$owner"
        [[ -z ${FRONTROW_ALERT_EMAIL:-} ]] ||
            printf '    email_configs:\n      - to: %s\n' "${FRONTROW_ALERT_EMAIL/@/+$owner@}"
    done
}

observe_configure() {
    mkdir -p "$VAR/observe"
    template_fill "$ROOT/observe/prometheus.yml.in" "RULES=$ROOT/observe/rules" "PREFIX=${FRONTROW_PREFIX:-}" \
        "SCHEME=$(nginx_scheme)" "FRONTROW=$(nginx_address)" "ALERTMANAGER=$(observe_address alertmanager)" \
        "PROMETHEUS=$(observe_address prometheus)" "NODE=$(observe_address node)" \
        "MYSQLD=$(observe_address mysqld)" "REDIS=$(observe_address redis)" "NGINX=$(observe_address nginx)" \
        >"$VAR/observe/prometheus.yml"
    template_fill "$ROOT/observe/alertmanager.yml.in" "RECEIVERS=$(observe_receivers)" \
        "SMARTHOST=${FRONTROW_ALERT_SMARTHOST:-localhost:25}" "SENDER=${FRONTROW_ALERT_SENDER:-alertmanager@localhost}" \
        >"$VAR/observe/alertmanager.yml"
}

# observe_run NAME COMMAND...
observe_run() {
    process_is_alive "observe-$1" || process_start "observe-$1" "${@:2}"
}

observe_answers() {
    curl -fsS -o /dev/null --max-time 5 "http://$(observe_address "$1")$2" 2>/dev/null
}

# observe_wait NAME PATH
observe_wait() {
    wait_until 60 observe_answers "$1" "$2" || fail_with_log "observe-$1" "does not answer at $(observe_address "$1")"
}

# Starts what does not run; a changed configuration is read again.
observe_start() {
    command -v prometheus prometheus-alertmanager >/dev/null ||
        fail "Prometheus is not installed; the packages are those of [observe] in scripts/lib/packages"
    observe_configure
    # no reload changes an address
    ! observe_address prometheus | write_if_changed "$VAR/observe/address" || observe_stop
    local name
    for name in prometheus alertmanager; do
        ! process_is_alive "observe-$name" || kill -HUP "$PROCESS_PID"
    done
    observe_create_mysql_user
    observe_run node prometheus-node-exporter --web.listen-address="$(observe_address node)"
    observe_run mysqld prometheus-mysqld-exporter --web.listen-address="$(observe_address mysqld)" \
        --config.my-cnf="$VAR/observe/mysqld.cnf"
    observe_run redis prometheus-redis-exporter --web.listen-address "$(observe_address redis)" \
        --redis.addr "unix://$VAR/run/redis.sock"
    observe_run nginx prometheus-nginx-exporter --web.listen-address "$(observe_address nginx)" \
        --nginx.scrape-uri "http://$(observe_address nginx_status)/stub_status"
    observe_run alertmanager prometheus-alertmanager --web.listen-address="$(observe_address alertmanager)" \
        --cluster.listen-address= --config.file="$VAR/observe/alertmanager.yml" \
        --storage.path="$VAR/observe/alertmanager"
    observe_run prometheus prometheus --web.listen-address="$(observe_address prometheus)" \
        --config.file="$VAR/observe/prometheus.yml" --storage.tsdb.path="$VAR/observe/prometheus" \
        --storage.tsdb.retention.time=15d
    observe_wait prometheus /-/ready
    observe_wait alertmanager /-/ready
}

observe_stop() {
    local i
    for ((i = ${#OBSERVERS[@]} - 1; i >= 0; i--)); do
        process_stop "observe-${OBSERVERS[i]}" TERM 20
    done
}
