# The parts of scripts/bench --against, instructions and sellout: two builds, one stack each, measured by
# turns. A slow moment of the machine affects both; the ratio of each round counts.

KEYED=(fresh-key payment-key charge-key booking-key) # the rows of these names, with an Idempotency-Key
SIDES=(now)
declare -A SIDE_TREE=([now]=$ROOT) SIDE_BUILD=([now]=$BUILD) SIDE_PORT=()

HALL_SEATS=10000
BUYERS=100000
PATIENCE_SECONDS=120 # of a sell-out
hall=20000           # the item of the last one

# pairs_build COMMIT: builds its tree, which is kept in var/ for the next time.
pairs_build() {
    local commit tree
    commit=$(git -C "$ROOT" rev-parse --verify --quiet "$1^{commit}") || fail "there is no commit $1"
    tree=$parent/against-${commit:0:12}
    if [[ ! -d $tree ]]; then
        mkdir -p "$tree.new"
        git -C "$ROOT" archive "$commit" | tar -x -C "$tree.new"
        mv "$tree.new" "$tree"
    fi
    say "building $1 in $tree/build"
    (ROOT=$tree && build_folder "$tree/build")
    SIDES=(before now)
    SIDE_TREE[before]=$tree SIDE_BUILD[before]=$tree/build
}

# side NAME: the following commands use that stack.
side() {
    VAR=$pairs/$1 LOG=$pairs/$1/log PIDS=$pairs/$1/pid PORT=${SIDE_PORT[$1]:-0} BUILD=${SIDE_BUILD[$1]}
    stack_find_run_folder || return 0
    MEASURED=()
    k6_measure_groups
}

# Each stack uses its own scripts, schema and settings.
side_stack() {
    FRONTROW_VAR=$pairs/$1 FRONTROW_PORT=${SIDE_PORT[$1]} FRONTROW_BUILD=${SIDE_BUILD[$1]} \
        FRONTROW_SCHEMA=${SIDE_TREE[$1]}/schema "${SIDE_TREE[$1]}/scripts/lib/stack" "$2"
}

side_start() {
    SIDE_PORT[$1]=$(free_port)
    mkdir -p "$pairs/$1"
    side_stack "$1" start
    side "$1"
}

pairs_start() {
    local name
    export FRONTROW_ACCESS_LOG=off FRONTROW_MYSQL_MEMORY=${FRONTROW_MYSQL_MEMORY:-1G}
    pairs=$VAR
    mysql_find || fail "neither MySQL 8 nor MariaDB is installed"
    for name in "${SIDES[@]}"; do
        side_start "$name"
        "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/k6/hall.sql"
        "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/test/bench/bench.sql"
    done
}

pairs_stop() {
    local name
    for name in "${!SIDE_PORT[@]}"; do
        side_stack "$name" stop
    done
    rm -rf "$pairs"
}

# pairs_each ROUND COMMAND...: for each side; the first side changes with the round.
pairs_each() {
    local round=$1 order=("${SIDES[@]}") name
    ((${#SIDES[@]} == 1 || round % 2)) || order=(now before)
    for name in "${order[@]}"; do
        side "$name"
        "${@:2}" "$round" "$name"
    done
}

# pairs_row ROW SECONDS ROUND SIDE
pairs_row() {
    BENCH_KEYED=$([[ $1 != *-key ]] || echo yes) \
        BENCH_REFUSED=$([[ $1 != taken && $1 != hot && $1 != none ]] || echo yes) \
        BENCH_PATH=${GET_PATH[$1]:-} \
        bench_measure "$3" "$1" "$4" bench_wrk "$([[ -z ${GET_PATH[$1]:-} ]] && echo "${1%-key}" || echo get)" "$2"
}

# pairs_sellout named|best ROUND SIDE: makes a new hall, and all buyers ask at once.
pairs_sellout() {
    local before after
    hall=$((hall + 1))
    mysql_query "USE frontrow;
        INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price, layout_version)
            VALUES ($hall, 10, '2099-01-01', '2099-01-01', $HALL_SEATS, 50000, 50000, 1);
        INSERT INTO seat (item_id, seat_no, price, row_name, label)
            WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99)
            SELECT $hall, a.n * 100 + b.n + 1, 50000, a.n, b.n FROM n a, n b WHERE a.n * 100 < $HALL_SEATS"
    before=$(k6_measure_line 0)
    "$SELLOUT" "$PORT" "$hall" "$HALL_SEATS" "$BUYERS" "$CONNECTIONS" "$PATIENCE_SECONDS" "$1" >"$VAR/line"
    after=$(k6_measure_line 0)
    printf '%s\tsellout-%s\t%s\t%s\t%s\t0 0\t%s\n' "$2" "$1" "$3" "$before" "$after" "$(<"$VAR/line")" >>"$RESULTS"
}

# ---- instructions of MySQL: the same number on a busy machine as on a quiet one

# side_count SIDE: restarts its MySQL under valgrind, which counts only when told to. Valgrind has neither the address
# space that MariaDB reserves nor the kernel's asynchronous I/O.
side_count() {
    side "$1"
    process_stop mysql TERM 60
    process_start mysql valgrind --tool=callgrind --fair-sched=yes --instr-atstart=no \
        --callgrind-out-file="$VAR/callgrind" "$MYSQLD" --defaults-file="$VAR/my.cnf" --innodb-use-native-aio=0 \
        --loose-innodb-buffer-pool-size-max=1G
    wait_until 120 mysql_is_ready || fail_with_log mysql "does not start under valgrind"
}

# pairs_count ROW SECONDS ROUND SIDE: runs the row's statements in one process. COUNTED[SIDE] becomes the instructions
# of one request, background work of the server included.
pairs_count() {
    local line steps
    line=$(BENCH_FIRST=0 bench_loop limit_sql "$1" 3 | tail -n 1) # warms up
    process_recorded mysql
    callgrind_control --instr=on "$PROCESS_PID" >/dev/null 2>&1
    line=$(BENCH_FIRST=$(sed -nE 's/.*"next": ([0-9]+).*/\1/p' <<<"$line") bench_loop limit_sql "$1" "$2" | tail -n 1)
    callgrind_control --instr=off "$PROCESS_PID" >/dev/null 2>&1
    callgrind_control --dump "$PROCESS_PID" >/dev/null 2>&1
    callgrind_control --zero "$PROCESS_PID" >/dev/null 2>&1
    [[ $line == *'"errors": 0,'* ]] || fail "$1: $line"
    steps=$(sed -nE 's/.*"requests": ([0-9]+).*/\1/p' <<<"$line")
    COUNTED[$4]=$(awk -v steps="$steps" '/^totals:/ { total += $2 } END { printf "%d", total / (steps + 1) }' \
        "$VAR"/callgrind.*)
    rm -f "$VAR"/callgrind.*
}

pairs_count_rows() {
    local name row
    local -A COUNTED=()
    export FRONTROW_WORKERS=1
    # a statement of sixteen requests takes valgrind seconds
    export FRONTROW_MYSQL_TIMEOUT_MS=60000 FRONTROW_REQUEST_MS=62000 FRONTROW_WATCHDOG_MS=63000 FRONTROW_GATEWAY_MS=64000
    for name in "${SIDES[@]}"; do
        side_count "$name"
    done
    printf '| statements of | instructions%s |\n|---|---:%s|\n' "${against:+ | then | ratio}" "${against:+|---:|---:}"
    for row in "${rows[@]}"; do
        pairs_each 1 pairs_count "$row" "$seconds"
        printf '| %s | %d ' "$row" "${COUNTED[now]}"
        [[ -z $against ]] || awk -v now="${COUNTED[now]}" -v before="${COUNTED[before]}" \
            'BEGIN { printf "| %d | %.2f ", before, now / before }'
        printf '|\n'
    done
}

# Audits the books of all sides; false if one is not clean.
pairs_audit() {
    local name status=0
    for name in "${SIDES[@]}"; do
        side "$name"
        frontrow_ctl audit >"$VAR/audit" || {
            status=1
            cat "$VAR/audit"
        }
    done
    return "$status"
}

# All rounds of the requested rows, and the table. Round 0 warms up.
pairs_run() {
    local round row status=0
    SELLOUT=$BUILD/test/bench/sellout
    [[ -z $against ]] || pairs_build "$against"
    trap pairs_stop EXIT
    pairs_start
    if [[ $alone == instructions ]]; then
        pairs_count_rows
        return
    fi
    for ((round = 0; round <= rounds; round++)); do
        for row in "${rows[@]}"; do
            if [[ $row != sellout ]]; then
                pairs_each "$round" pairs_row "$row" "$((round > 0 ? seconds : 1))"
            elif ((round > 0)); then
                pairs_each "$round" pairs_sellout named
                pairs_each "$round" pairs_sellout best
            fi
        done
    done
    pairs_audit || status=1
    python3 "$ROOT/test/bench/pairs_table.py" "$RESULTS" "${SIDES[0]}" || status=1
    ((status == 0)) || fail "wrong answers, or the books are not clean"
    say "audit: clean"
}
