# The machines of scripts/cluster: network namespaces on a bridge, which is in a namespace of its own. No route leads
# out of them. In each runs what scripts/up would start, with its files in a folder of its own.

MACHINES=(db-1 db-2 db-3 redis-1 redis-2 redis-3 sentinel-1 sentinel-2 sentinel-3 app-1 app-2 app-3 front-1 front-2)
declare -A NETWORK=([front]=1 [app]=2 [db]=3 [redis]=4 [sentinel]=5) # the tens of the last number of the address
declare -A SERVICE=([front]=nginx [app]=frontrow [db]=mysql [redis]=redis [sentinel]=sentinel)
STOP_SIGNAL[sentinel]=TERM STOP_SECONDS[sentinel]=10 READY_SECONDS[sentinel]=20
DELAY_US=1000 # from machine to machine, one way
CLIENT=10.77.0.9

# Everything of the cluster is in var/cluster; sockets are in a short folder, as those of scripts/up.
cluster_set_paths() {
    VAR=$VAR/cluster
    LOG=$VAR/log
    PIDS=$VAR/pid
    CLUSTER=$VAR
    mkdir -p "$LOG" "$PIDS"
    SOCKETS=1
    unset FRONTROW_LISTEN FRONTROW_PORT FRONTROW_CALLER
    CLUSTER_RUN=$(readlink "$CLUSTER/run" || true)
    mysql_find || fail "MariaDB is not installed"
}

machine_address() {
    [[ $1 != client ]] || { printf '%s' "$CLIENT" && return; }
    printf '10.77.0.%s%s' "${NETWORK[${1%-*}]}" "${1#*-}"
}

# machine_addresses ROLE [:PORT]: of all machines of a role.
machine_addresses() {
    local name list=()
    for name in "${MACHINES[@]}"; do
        [[ $name != "$1"-* ]] || list+=("$(machine_address "$name")${2:-}")
    done
    printf '%s' "${list[*]}"
}

machine_run() {
    local name=$1
    shift
    nsenter --net="/run/netns/frontrow-$name" -- "$@"
}

# ---- the network

network_has_netem() {
    ip netns exec frontrow-lan tc qdisc add dev lo root netem delay 1ms 2>/dev/null &&
        ip netns exec frontrow-lan tc qdisc del dev lo root
}

# network_add_machine NAME: its eth0; the other end of the link has the machine's name.
network_add_machine() {
    local name=$1 netns=frontrow-$1
    ip netns add "$netns"
    [[ $DELAYED_BY == relay ]] || ip -n frontrow-lan link add "$name" type veth peer name "h.$name"
    ip -n frontrow-lan link set "h.$name" netns "$netns" name eth0
    ip -n frontrow-lan link set "$name" mtu 9000 master lan up
    ip -n "$netns" link set lo up
    ip -n "$netns" link set eth0 mtu 9000 up
    ip -n "$netns" address add "$(machine_address "$name")/24" dev eth0
    [[ $DELAYED_BY == relay ]] || ip netns exec "$netns" tc qdisc add dev eth0 root netem delay "${DELAY_US}us"
}

network_up() {
    [[ ! -e /run/netns/frontrow-lan ]] || return 0
    local name all=("${MACHINES[@]}" client)
    ip netns add frontrow-lan
    ip -n frontrow-lan link set lo up
    ip -n frontrow-lan link add lan mtu 9000 type bridge
    ip -n frontrow-lan link set lan up
    DELAYED_BY=netem
    if ! network_has_netem; then
        # each link delays by itself, and there are two between two machines
        DELAYED_BY=relay
        process_start delay nsenter --net=/run/netns/frontrow-lan -- "$BUILD/test/cluster/delay" \
            $((DELAY_US / 2)) "${all[@]}"
        wait_until 10 ip -n frontrow-lan link show h.client >/dev/null 2>&1 || fail_with_log delay "made no links"
    fi
    for name in "${all[@]}"; do
        network_add_machine "$name"
    done
}

network_down() {
    local name
    process_stop delay TERM 5
    for name in "${MACHINES[@]}" client lan; do
        [[ ! -e /run/netns/frontrow-$name ]] || ip netns del "frontrow-$name"
    done
}

# ---- settings

# databases_of NAME: all in the same order, so that all app hosts write to the same one; or where each shall write to
# one of its own, this first.
databases_of() {
    local all first=0
    read -ra all <<<"$(machine_addresses db)"
    [[ ${FRONTROW_WRITERS:-one} != each || $1 != app-* ]] || first=$((${1#*-} - 1))
    printf '%s' "${all[*]:first} ${all[*]:0:first}"
}

# The same for all app hosts and fronts, but for their own address.
cluster_settings() {
    cat <<END
run_dir = $RUN
listen = $(machine_address "$1")
fastcgi_secret_file = $CLUSTER/fastcgi.secret
charge = anyone
admin_key_file = $CLUSTER/admin.key
workers = ${FRONTROW_WORKERS:-4}
mysql_hosts = $(databases_of "$1")
redis_sentinels = $(machine_addresses sentinel)
redis_master = frontrow
draw_folder = $CLUSTER/draw
END
    [[ $1 != app-* ]] || printf 'fastcgi_listen = %s:9000\n' "$(machine_address "$1")"
}

# Galera looks soon who is there, as all are near. A new node copies the last one, to which nobody writes.
galera_settings() {
    cat <<END
skip-networking = OFF
bind-address = $(machine_address "$1")
skip-name-resolve
binlog_format = ROW
innodb_autoinc_lock_mode = 2
wsrep_on = ON
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = frontrow
wsrep_cluster_address = gcomm://$(machine_addresses db | tr ' ' ,)
wsrep_node_name = $1
wsrep_node_address = $(machine_address "$1")
wsrep_slave_threads = 2
wsrep_sst_method = mariabackup
wsrep_sst_auth = root:
wsrep_sst_donor = db-3,db-2,
wsrep_provider_options = "gcache.size=64M; evs.keepalive_period=PT0.3S; evs.inactive_check_period=PT0.3S; evs.suspect_timeout=PT1S; evs.inactive_timeout=PT3S; evs.install_timeout=PT3S; repl.causal_read_timeout=PT1S"
END
}

redis_settings() {
    printf 'port 6379\nbind %s\nprotected-mode no\nrepl-diskless-sync-delay 0\n' "$(machine_address "$1")"
    # who is cut off takes no writes that the others would not know
    printf 'min-replicas-to-write 1\nmin-replicas-max-lag 2\n'
    [[ $1 == redis-1 ]] || printf 'replicaof %s 6379\n' "$(machine_address redis-1)"
}

# ---- what runs on the machines: what scripts/up calls mysql, redis, frontrow and nginx, with the files of one machine

# machine NAME FUNCTION ARGUMENT...: with the paths of this machine.
machine() {
    local NAME=$1 VAR=$CLUSTER/$1 RUN=$CLUSTER_RUN/$1 LISTEN PORT=8080
    local IN_NETWORK=(nsenter --net="/run/netns/frontrow-$1" --)
    LISTEN=$(machine_address "$1")
    mkdir -p "$VAR" "$RUN"
    shift
    "$@"
}

start_db() {
    galera_settings "$NAME" >"$VAR/mysql.extra"
    FRONTROW_MYSQL_MEMORY=64M FRONTROW_MYSQL_LOG=96M mysql_configure
    mkdir -p "$VAR/mysql"
    process_start "$NAME" "${IN_NETWORK[@]}" "$MYSQLD" --defaults-file="$VAR/my.cnf" "$@"
}

# A node answers before it has what the others have.
db_is_ready() {
    [[ $(MYSQL_PATIENCE=5 mysql_query "SHOW STATUS LIKE 'wsrep_local_state_comment'" 2>/dev/null) == *Synced ]]
}

start_redis() {
    # a Sentinel may have changed its settings
    if [[ ! -e $VAR/redis.conf ]]; then
        redis_settings "$NAME" >"$VAR/redis.extra"
        FRONTROW_REDIS_MEMORY=256mb redis_configure
    fi
    process_start "$NAME" "${IN_NETWORK[@]}" "$(redis_command server)" "$VAR/redis.conf"
}

start_sentinel() {
    [[ -e $VAR/sentinel.conf ]] || cat >"$VAR/sentinel.conf" <<END
port 26379
bind $(machine_address "$NAME")
protected-mode no
dir $VAR
sentinel monitor frontrow $(machine_address redis-1) 6379 2
sentinel down-after-milliseconds frontrow 1000
sentinel failover-timeout frontrow 5000
END
    process_start "$NAME" "${IN_NETWORK[@]}" "$(redis_command server)" "$VAR/sentinel.conf" --sentinel
}

sentinel_is_ready() {
    [[ $(redis_says 26379 PING) == PONG ]]
}

# redis_says PORT WORD...: what the Redis or Sentinel of this machine answers.
redis_says() {
    local port=$1
    shift
    timeout 2 "${IN_NETWORK[@]}" "$(redis_command cli)" -h "$LISTEN" -p "$port" "$@" 2>/dev/null
}

start_app() {
    cluster_settings "$NAME" >"$VAR/frontrow.conf"
    process_start "$NAME" "${IN_NETWORK[@]}" "$BUILD/frontrow" --config "$VAR/frontrow.conf"
}

app_is_ready() {
    "${IN_NETWORK[@]}" ss -Hltn "sport = :9000" | grep -q .
}

start_front() {
    cluster_settings "$NAME" >"$VAR/frontrow.conf"
    local FRONTROW_APP_HOSTS FRONTROW_GATEWAY_ADDRESSES=$CLIENT FRONTROW_ADMIN_ADDRESSES=$CLIENT
    local FRONTROW_UNCOUNTED_ADDRESSES=$CLIENT FRONTROW_ACCESS_LOG=off
    FRONTROW_APP_HOSTS=$(machine_addresses app :9000)
    nginx_configure || true # it says whether it changed
    process_start "$NAME" "${IN_NETWORK[@]}" "$(PATH=$PATH:/usr/sbin command -v nginx)" \
        -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" -e "$LOG/$NAME.log" -g 'daemon off;'
}

# What the client hears there; "" where there is no answer.
front_health() {
    timeout 5 nsenter --net=/run/netns/frontrow-client -- \
        curl -s --max-time 4 -o - "http://$LISTEN:$PORT/health/ready" 2>/dev/null || true
}

front_is_ready() {
    [[ $(front_health) == *'"ready"'* ]]
}

# Each role has a start_ROLE and a ROLE_is_ready above, but for Redis, which is ready when that of scripts/up is.
machine_is_ready() {
    machine "$1" "${1%-*}_is_ready"
}

machine_start() {
    local name=$1
    shift
    machine "$name" "start_${name%-*}" "$@"
}

machine_wait() {
    local role=${1%-*}
    local seconds=${READY_SECONDS[${SERVICE[$role]}]}
    wait_until "$seconds" machine_is_settled "$1" || fail_with_log "$1" "was not ready within $seconds s"
    process_is_alive "$1" || fail_with_log "$1" "ended"
}

machine_is_settled() {
    ! process_is_alive "$1" || machine_is_ready "$1"
}

machine_up() {
    process_is_alive "$1" || machine_start "$@"
    machine_wait "$1"
}

machine_stop() {
    local service=${SERVICE[${1%-*}]}
    process_stop "$1" "${STOP_SIGNAL[$service]}" "${STOP_SECONDS[$service]}"
}

machine_signal() {
    process_is_alive "$1" || fail "$1 is down"
    kill -s "$2" -- "-$PROCESS_PID"
}

machine_kill() {
    machine_signal "$1" KILL
    wait_until 10 process_is_gone "$1"
    process_clear "$1"
}

machine_pause() {
    machine_signal "$1" STOP
}

machine_resume() {
    machine_signal "$1" CONT
}

machine_partition() {
    ip -n frontrow-lan link set "$1" down
}

machine_heal() {
    local name
    for name in "$@"; do
        ip -n frontrow-lan link set "$name" up
    done
}

# ---- the whole

cluster_load_programs() {
    stack_load_programs
    [[ $MYSQL_KIND == MariaDB && -e /usr/lib/galera/libgalera_smm.so ]] || fail "the cluster needs MariaDB with Galera"
    [[ -x $BUILD/test/cluster/delay ]] || fail "there is no $BUILD/test/cluster/delay; build first"
}

# The first node begins the cluster; the others join it. If one runs, all that are down join it.
cluster_start_databases() {
    local name first=() alive=no
    for name in db-1 db-2 db-3; do
        ! process_is_alive "$name" || alive=yes
    done
    if [[ $alive == no ]]; then
        [[ ! -e $CLUSTER/db-1/mysql ]] || fail "all databases are down; scripts/cluster down, then up, makes new ones"
        machine db-1 mysql_create_data
        first=(--wsrep-new-cluster)
    fi
    for name in db-1 db-2 db-3; do
        machine_up "$name" "${first[@]}"
        [[ ${#first[@]} == 0 ]] || machine db-1 cluster_create_database
        first=()
    done
}

cluster_create_database() {
    mysql_query "CREATE DATABASE frontrow CHARACTER SET utf8mb4;
                 CREATE USER frontrow@'10.77.0.%';
                 GRANT ALL ON frontrow.* TO frontrow@'10.77.0.%';"
}

# cluster_ctl ARGUMENT...: frontrowctl, on the client's machine.
cluster_ctl() {
    machine_run client "$BUILD/frontrowctl" --config "$CLUSTER/client/frontrow.conf" "$@"
}

cluster_load_data() {
    machine client eval 'cluster_settings client >"$VAR/frontrow.conf"'
    cluster_ctl migrate
    cluster_ctl demo load
}

cluster_up() {
    local name
    cluster_load_programs
    if [[ -z $CLUSTER_RUN ]]; then
        [[ ! -e /run/netns/frontrow-lan ]] || fail "another cluster is there"
        CLUSTER_RUN=$(mktemp -d /tmp/frontrow-XXXXXX)
        ln -sfn "$CLUSTER_RUN" "$CLUSTER/run"
        mkdir -p "$CLUSTER/draw"
        trap cluster_down EXIT
    fi
    VAR=$CLUSTER frontrow_create_admin_key
    [[ -s $CLUSTER/fastcgi.secret ]] ||
        (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$CLUSTER/fastcgi.secret")
    network_up
    cluster_start_databases
    for name in "${MACHINES[@]:3}"; do
        [[ $name != app-1 || -e $CLUSTER/app-1 ]] || cluster_load_data
        machine_up "$name"
    done
    trap - EXIT
    cluster_status
}

cluster_down() {
    local i
    [[ -n $CLUSTER_RUN ]] || fail "there is no cluster of $VAR"
    for ((i = ${#MACHINES[@]} - 1; i >= 0; i--)); do
        process_clear "${MACHINES[i]}"
    done
    network_down
    rm -rf "$CLUSTER_RUN"
    find "$CLUSTER" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} +
}

# ---- status

machine_says() {
    case $NAME in
        front-*) front_health | grep -o '"status":"[a-z]*"' | head -n 1 | cut -d '"' -f 4 ;;
        app-*) printf '%s workers' "$(wc -w <<<"$(process_children "$PROCESS_PID")")" ;;
        db-*)
            MYSQL_PATIENCE=2 mysql_query "SELECT GROUP_CONCAT(variable_value ORDER BY variable_name DESC SEPARATOR ', ')
                FROM information_schema.global_status WHERE variable_name IN
                ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_cluster_size')" 2>/dev/null
            ;;
        redis-*)
            redis_says 6379 INFO replication | tr -d '\r' |
                sed -n 's/^role:slave/replica/p; s/^role:master/master/p; s/^master_host:/of /p; s/^connected_slaves:\([1-9]\)/with \1/p' |
                tr '\n' ' '
            ;;
        sentinel-*) redis_says 26379 SENTINEL get-master-addr-by-name frontrow | head -n 1 ;;
    esac
}

machine_state() {
    local link
    link=$(ip -n frontrow-lan -o link show "$1")
    if ! process_is_alive "$1"; then
        printf down
    elif [[ $PROCESS_STATE == T ]]; then
        printf paused
    elif [[ $link != *,UP* ]]; then
        printf 'cut off'
    else
        printf up
    fi
}

cluster_status() {
    local name state says
    printf '%-12s %-13s %-8s %s\n' MACHINE ADDRESS STATE 'SAYS OF ITSELF'
    for name in "${MACHINES[@]}"; do
        state=$(machine_state "$name") says=''
        # a machine that was cut off may say much else
        if [[ $state == up || $state == 'cut off' ]]; then
            process_is_alive "$name"
            says=$(machine "$name" machine_says || true)
        fi
        printf '%-12s %-13s %-8s %s\n' "$name" "$(machine_address "$name")" "$state" "$says"
    done
    printf 'as a client: scripts/cluster run client curl http://%s:8080/concert\n' "$(machine_address front-1)"
}

# ---- upgrade

# In place; the old workers answer until the new ones do.
app_upgrade() {
    local old
    process_is_alive "$1" || return 0
    read -ra old <<<"$(process_children "$PROCESS_PID")"
    kill -s USR2 "$PROCESS_PID"
    wait_until 30 processes_have_left "${old[@]}" || say "$1: old workers are still at work"
}

# Who is the master gives that away before it is restarted.
redis_upgrade() {
    if [[ $(machine "$1" redis_says 6379 INFO replication) == *role:master* ]]; then
        machine sentinel-1 redis_says 26379 SENTINEL failover frontrow >/dev/null
        wait_until 20 machine "$1" redis_is_replica || say "$1 is still the master"
    fi
    machine_restart "$1"
    wait_until 20 machine "$1" redis_is_replica || say "$1 is no replica yet"
}

redis_is_replica() {
    [[ $(redis_says 6379 INFO replication) == *role:slave*master_link_status:up* ]]
}

machine_restart() {
    machine_stop "$1"
    machine_up "$1"
}

cluster_upgrade() {
    local name
    for name in "${MACHINES[@]}"; do
        say "upgrading $name"
        case $name in
            app-*) app_upgrade "$name" ;;
            redis-*) redis_upgrade "$name" ;;
            *) machine_restart "$name" ;;
        esac
    done
}
