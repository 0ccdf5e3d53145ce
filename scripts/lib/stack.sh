# The whole private stack: MySQL, Redis, frontrow and nginx under one var/.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$ROOT/scripts/lib/process.sh"
. "$ROOT/scripts/lib/mysql.sh"
. "$ROOT/scripts/lib/redis.sh"
. "$ROOT/scripts/lib/frontrow.sh"
. "$ROOT/scripts/lib/web.sh"
. "$ROOT/scripts/lib/nginx.sh"
. "$ROOT/scripts/lib/observe.sh"

IN_NETWORK=()                         # before a command: to run it in another network (scripts/cluster)
SERVICES=(mysql redis frontrow nginx outbox) # in the order of their start; the last one only with webhooks
declare -A STOP_SIGNAL=([mysql]=TERM [redis]=TERM [frontrow]=TERM [nginx]=QUIT [outbox]=TERM)
declare -A STOP_SECONDS=([mysql]=60 [redis]=20 [frontrow]=15 [nginx]=15 [outbox]=15)
declare -A READY_SECONDS=([mysql]=120 [redis]=60 [frontrow]=60 [nginx]=60 [outbox]=60)

# A socket's path holds 107 bytes, a clone's may be longer: sockets live in a short folder that
# var/run leads to. It also holds the maintenance file, which outlives a restart.
stack_find_run_folder() {
    RUN=$(readlink "$VAR/run" 2>/dev/null || true)
    [[ -n $RUN && -d $RUN && -O $RUN ]]
}

stack_create_folders() {
    mkdir -p "$LOG" "$PIDS" "$VAR/draw"
    stack_find_run_folder && return 0
    RUN=$(mktemp -d /tmp/frontrow-XXXXXX)
    ln -sfn "$RUN" "$VAR/run"
}

# fail_with_log NAME MESSAGE: the last 20 lines of its log, and the end.
fail_with_log() {
    {
        printf '%s: %s %s; the end of %s:\n' "${0##*/}" "$1" "$2" "$LOG/$1.log"
        tail -n 20 "$LOG/$1.log" 2>/dev/null || true
    } >&2
    exit 1
}

service_is_settled() {
    ! process_is_alive "$1" || "$1_is_ready"
}

service_wait() {
    if ! wait_until "${READY_SECONDS[$1]}" service_is_settled "$1"; then
        fail_with_log "$1" "was not ready within ${READY_SECONDS[$1]} s"
    fi
    process_is_alive "$1" || fail_with_log "$1" "ended"
}

# Starts a service that does not run, and waits until it answers.
service_up() {
    process_is_alive "$1" || "$1_start"
    service_wait "$1"
}

service_down() {
    process_stop "$1" "${STOP_SIGNAL[$1]}" "${STOP_SECONDS[$1]}"
}

stack_load_programs() {
    mysql_find || fail "neither MySQL 8 nor MariaDB is installed"
    command -v "$(redis_command server)" >/dev/null || fail "there is no $(redis_command server)"
    [[ -x $BUILD/frontrow ]] || fail "there is no $BUILD/frontrow; build first"
}

stack_load_data() {
    mysql_create_database
    frontrow_ctl migrate
    frontrow_ctl demo load
}

# Starts services that do not run, and refreshes those that changed since they started. MySQL and Redis keep
# their settings until a restart.
stack_start() {
    stack_load_programs
    stack_create_folders
    mysql_configure
    redis_configure
    frontrow_create_admin_key
    frontrow_create_ticket_keys
    frontrow_create_webhook_key
    frontrow_check_settings
    nginx_require_port
    ! observe_is_wanted || observe_require_ports
    nginx_is_at_address || stack_leave_address
    local reload_frontrow=no reload_nginx=no
    ! frontrow_configure || reload_frontrow=yes
    ! nginx_configure || reload_nginx=yes
    [[ $EUID != 0 ]] || say "everything runs as root here; never so in production"

    mysql_create_data
    service_up mysql
    service_up redis
    stack_load_data
    stack_refresh frontrow $reload_frontrow
    stack_refresh nginx $reload_nginx
    # it reads its settings once, and takes the new ones by a new start
    [[ $reload_frontrow == no ]] || service_down outbox
    ! outbox_is_wanted || service_up outbox
    ! observe_is_wanted || observe_start
}

# A reload of nginx can neither use an address that overlaps its old one nor report that it is taken. And no
# worker may serve a new address with the old settings.
stack_leave_address() {
    service_down nginx
    service_down frontrow
}

# stack_refresh NAME RELOAD: starts or reloads it, and waits until nothing answers with the old program or
# settings.
stack_refresh() {
    local old=()
    if process_is_alive "$1"; then
        read -ra old <<<"$(process_children "$PROCESS_PID")"
        if [[ $1 == frontrow ]] && ! frontrow_is_current; then
            frontrow_upgrade
        elif [[ $2 == yes ]]; then
            kill -HUP "$PROCESS_PID"
        else
            old=()
        fi
    fi
    service_up "$1"
    wait_until "${STOP_SECONDS[$1]}" processes_have_left "${old[@]}" ||
        say "some processes of $1 still work with the old settings"
}

stack_stop() {
    local i
    stack_find_run_folder || RUN=''
    observe_stop
    for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do
        service_down "${SERVICES[i]}"
    done
    if [[ -n $RUN && ! -e $RUN/maintenance ]]; then
        rm -rf "$RUN" "$VAR/run"
    fi
}
