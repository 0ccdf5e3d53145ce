# Frontrow itself: its configuration, its keys, the program.

SOCKETS=${FRONTROW_SOCKETS:-4}
export FRONTROW_SCHEMA=${FRONTROW_SCHEMA:-$ROOT/schema}

frontrow_create_admin_key() {
    [[ ! -s $VAR/admin.key ]] || return 0
    (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$VAR/admin.key" && echo >>"$VAR/admin.key")
}

frontrow_create_ticket_keys() {
    [[ -s $VAR/ticket.keys ]] || (umask 077 && "$BUILD/frontrowctl" ticket key >"$VAR/ticket.keys")
}

frontrow_create_webhook_key() {
    [[ -s $VAR/webhook.key ]] || (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$VAR/webhook.key")
}

# caller = body is for the demo and for load tests.
frontrow_settings() {
    cat <<END
run_dir = $RUN
listen = $LISTEN
caller = ${FRONTROW_CALLER:-body}
gateway_secret_file = ${FRONTROW_GATEWAY_SECRET_FILE:-}
admin_key_file = $VAR/admin.key
ticket_keys_file = $VAR/ticket.keys
webhooks = ${FRONTROW_WEBHOOKS:-off}
webhook_key_file = $VAR/webhook.key
webhook_allow = ${FRONTROW_WEBHOOK_ALLOW:-}
sockets = $SOCKETS
mysql_socket = $RUN/mysql.sock
mysql_user = frontrow
mysql_database = frontrow
redis_socket = $RUN/redis.sock
draw_folder = $VAR/draw
END
}

# Before any file is written, because a process that dies later is started again from these files.
frontrow_check_settings() {
    frontrow_settings | "$BUILD/frontrow" --config /dev/stdin --print-config >/dev/null || exit 1
}

# True when the configuration changed.
frontrow_configure() {
    frontrow_settings | write_if_changed "$VAR/frontrow.conf"
}

frontrow_ctl() {
    "$BUILD/frontrowctl" --config "$VAR/frontrow.conf" "$@"
}

# frontrow_start_program NAME PROGRAM: what the file of settings says is so also after a change.
frontrow_start_program() {
    process_start "$1" env -u FRONTROW_CALLER -u FRONTROW_LISTEN -u FRONTROW_GATEWAY_SECRET_FILE \
        -u FRONTROW_WEBHOOKS -u FRONTROW_WEBHOOK_ALLOW "$BUILD/$2" --config "$VAR/frontrow.conf"
}

frontrow_start() {
    rm -f "$RUN"/frontrow-*.sock
    frontrow_start_program frontrow frontrow
}

frontrow_is_ready() {
    local i
    for ((i = 0; i < SOCKETS; i++)); do
        [[ -S $RUN/frontrow-$i.sock ]] || return 1
    done
}

# What webhooks are told, by a program of its own.
outbox_start() {
    frontrow_start_program outbox frontrow-outbox
}

outbox_is_wanted() {
    grep -qsx 'webhooks = on' "$VAR/frontrow.conf"
}

outbox_is_ready() {
    grep -q 'delivers what happens' "$LOG/outbox.log"
}

# Whether the running program is the built one.
frontrow_is_current() {
    process_is_alive frontrow && [[ $(readlink "/proc/$PROCESS_PID/exe") == "$(readlink -f "$BUILD/frontrow")" ]]
}

# Replaces the running program in place; where it refuses, it ends.
frontrow_upgrade() {
    kill -USR2 "$PROCESS_PID"
    wait_until 10 frontrow_is_current || service_down frontrow
}
