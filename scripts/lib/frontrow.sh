# Frontrow itself: its configuration, the admin key, the program.

SOCKETS=${FRONTROW_SOCKETS:-4}
export FRONTROW_SCHEMA=${FRONTROW_SCHEMA:-$ROOT/schema}

frontrow_create_admin_key() {
    [[ ! -s $VAR/admin.key ]] || return 0
    (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$VAR/admin.key" && echo >>"$VAR/admin.key")
}

# True when the configuration changed. caller = body is for the demo and for load tests.
frontrow_configure() {
    write_if_changed "$VAR/frontrow.conf" <<END
run_dir = $RUN
listen = $LISTEN
caller = body
admin_key_file = $VAR/admin.key
sockets = $SOCKETS
mysql_socket = $RUN/mysql.sock
mysql_user = frontrow
mysql_database = frontrow
redis_socket = $RUN/redis.sock
END
}

frontrow_ctl() {
    "$BUILD/frontrowctl" --config "$VAR/frontrow.conf" "$@"
}

frontrow_start() {
    rm -f "$RUN"/frontrow-*.sock
    process_start frontrow "$BUILD/frontrow" --config "$VAR/frontrow.conf"
}

frontrow_is_ready() {
    local i
    for ((i = 0; i < SOCKETS; i++)); do
        [[ -S $RUN/frontrow-$i.sock ]] || return 1
    done
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
