# One load run: reset, k6, audit, report.

OUT=$VAR/k6

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The stack of this var/, started where it is not up. Sets URL to where it really listens.
k6_require_stack() {
    local listen
    if ! process_is_alive nginx; then
        say "Frontrow is not up: scripts/up"
        "$ROOT/scripts/up"
    fi
    stack_find_run_folder || fail "no stack was started in $VAR"
    mysql_find
    listen=$(sed -n '0,/^ *listen /s/^ *listen \([^ ]*\).*/\1/p' "$VAR/nginx/frontrow.conf")
    LISTEN=${listen%:*}
    PORT=${listen##*:}
}

k6_queue_is_loaded() {
    frontrow_ctl queue show 2 >/dev/null 2>&1
}

# Resets the demo and adds a hall for the scenarios that need one, so that no run depends on earlier ones. After
# the deletion of some hundred thousand tokens MySQL scans their remains for a second when the queue is loaded.
# That belongs to the reset, so the run begins after it.
k6_reset() {
    frontrow_ctl demo reset ${reset[@]+"${reset[@]}"}
    case $1 in
        fresh | open) "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/k6/hall.sql" ;;
        seed/reservation) [[ $PORT == 8080 ]] || fail "the seed's script asks port 8080, Frontrow is on $PORT" ;;
    esac
    wait_until 30 k6_queue_is_loaded || fail "the queue of concert 2 is not loaded"
}

# Sets rate: RATE, or for open half of what the last run of fresh reached.
k6_set_rate() {
    rate=${RATE:-}
    [[ $1 == open && -z $rate ]] || return 0
    [[ -s $OUT/capacity ]] || k6_run fresh || true
    [[ -s $OUT/capacity ]] || fail "open needs a run of fresh, or RATE"
    rate=$(($(<"$OUT/capacity") / 2))
}

# What the run before this one came to, for report.py; its other files go.
k6_keep_last() {
    local last=$OUT/last/${1##*/}
    mkdir -p "$OUT/last"
    [[ ! -s $1.json || ! -s $1.txt ]] || { mv "$1.json" "$last.json" && mv "$1.txt" "$last.txt"; }
    rm -f "$1".*
}

# Sales by the database. The demo itself has sold some seats of concert 4.
k6_sales() {
    mysql_query "
        SELECT 'reservations made', COUNT(*) FROM frontrow.reservation WHERE concert_id <> 4;
        SELECT CONCAT('reservations ', status), COUNT(*) FROM frontrow.reservation WHERE concert_id <> 4
            GROUP BY status ORDER BY status;
        SELECT CONCAT('seats ', s.status), COUNT(*) FROM frontrow.seat s JOIN frontrow.item USING (item_id)
            WHERE concert_id <> 4 AND s.status <> 'available' GROUP BY s.status ORDER BY s.status;
        SELECT 'tokens of queues', COUNT(*) FROM frontrow.queue_token;
        SELECT 'tokens without a queue', COUNT(*) FROM frontrow.open_token;"
}

# k6_start BASE NAME: in the background; its pid is $!. The page with the plots is k6's own.
k6_start() {
    local script=${2%-spread} spread=${SPREAD:-}
    [[ $2 != *-spread ]] || spread=1
    K6_WEB_DASHBOARD=true K6_WEB_DASHBOARD_PORT=-1 K6_WEB_DASHBOARD_PERIOD=1s \
        K6_WEB_DASHBOARD_EXPORT=$1.html K6_WEB_DASHBOARD_RECORD=$1.ndjson \
        URL=http://$(nginx_address) API_URL=http://$(nginx_address)/token/add RATE=$rate \
        SPREAD=$spread "$K6" run --quiet --no-color --no-usage-report --summary-export "$1.json" \
        --summary-trend-stats 'avg,min,med,p(95),p(99),max' "$ROOT/k6/$script.js" \
        >"$1.summary.txt" 2> >(head -n 1000 >"$1.log"; cat >/dev/null) 9>&- &
}

# With INSERTS=500: how long 500 bare durable INSERTs a second wait for their commit, in the same minute.
k6_start_inserts() {
    [[ -z ${INSERTS:-} ]] || "$BUILD/test/bench/limit_insert" "$VAR/frontrow.conf" "$INSERTS" 60 >"$1.inserts" 2>&1 9>&- &
}

# k6_run NAME: true when k6's thresholds held and the books are clean.
k6_run() {
    local name=$1 base=$OUT/${1//\//-} status=0 clean=0 rate before pid
    k6_set_rate "$name"
    k6_keep_last "$base"
    say "== $name, SCALE ${SCALE:-1}${rate:+, RATE $rate}"
    k6_reset "$name"
    before=$(stat -c %s "$LOG/access.log" 2>/dev/null || echo 0)
    k6_measure_groups
    k6_start "$base" "$name"
    pid=$!
    k6_start_inserts "$base"
    k6_measure "$pid" "$base.csv"
    wait "$pid" || status=$?
    [[ -s $base.json ]] || {
        tail -n 20 "$base.log" >&2
        return 1
    }
    sleep 1.5 # nginx writes its log once a second
    tail -c "+$((before + 1))" "$LOG/access.log" >"$base.access" 2>/dev/null || true
    k6_sales >"$base.sales"
    frontrow_ctl audit >"$base.audit" 2>&1 || clean=$?
    RATE=$rate python3 "$ROOT/k6/report.py" "$base" "$status" "$clean" | tee "$base.txt"
    python3 "$ROOT/k6/plot.py" "$base"
    rm -f "$base.access"
    say "$base.html (k6's plots), $base.svg, $base.txt, $base.summary.txt"
    ((status == 0 && clean == 0))
}
