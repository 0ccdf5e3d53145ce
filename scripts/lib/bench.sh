# The parts of scripts/bench: its stack, and one measurement after the other.

CONNECTIONS=32

# The rows, in this order. For a POST the size of its answer is given, for a GET its path.
POSTS=(fresh taken hot none token token-queue payment charge best booking)
declare -A ANSWER_BYTES=([fresh]=270 [taken]=150 [hot]=150 [none]=140 [token]=240 [token-queue]=240 [payment]=170
    [charge]=75)
GETS=(seats concerts items queue)
declare -A GET_PATH=([seats]=/concert/2/item/101/seat [concerts]=/concert [items]=/concert/1/item
    [queue]=/concert/2/queue)
# the rows whose statements can be repeated any number of times
declare -A ANY_NUMBER=([taken]=yes [hot]=yes [none]=yes [token]=yes [charge]=yes)
declare -A NEXT=() # the number with which a measurement goes on, by its name

# ---- the stack

bench_stack_start() {
    FRONTROW_ACCESS_LOG=off
    FRONTROW_MYSQL_MEMORY=${FRONTROW_MYSQL_MEMORY:-1G}
    mkdir -p "$PIDS"
    stack_start
    say "loading halls, holds and purses"
    "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/k6/hall.sql"
    "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/test/bench/bench.sql"
    "${MYSQL_CLIENT[@]}" -u root -S "$RUN/mysql.sock" frontrow <"$ROOT/test/bench/procedure.sql"
    mkdir -p "$RUN/bare"
    process_start bare "$BUILD/test/bench/limit_fcgi" "$RUN/bare" "$SOCKETS" "$(bench_workers)" \
        "$VAR/frontrow.conf"
    bench_add_limits
    k6_measure_groups
    process_recorded bare
    MEASURED[$PROCESS_PID]=frontrow # one of them rests while the other one works
}

bench_stack_stop() {
    process_stop bare TERM 5
    stack_stop
}

bench_workers() {
    "$BUILD/frontrow" --config "$VAR/frontrow.conf" --print-config | sed -n 's/^workers = //p'
}

# The locations of the limits, in the server of the product: with the same parameters and headers.
bench_add_limits() {
    local conf=$VAR/nginx/frontrow.conf i name size
    sed -i '$d' "$conf" # the server's closing brace
    {
        printf 'location = /bench/bare { limit_conn frontrow_all 16384; fastcgi_pass bench_bare; }\n'
        for name in "${GETS[@]}"; do
            size=$(curl -fsS -o /dev/null -w '%{size_download}' "http://$(nginx_address)${GET_PATH[$name]}")
            printf 'location = /bench/plain/%s { default_type application/json; return 200 "%s%s"; }\n' \
                "$name" "$(bench_text '${bench_text}' $((size / 1000)))" "$(bench_text x $((size % 1000)))"
        done
        printf '}\nupstream bench_bare {\n    zone bench_bare 64k;\n    least_conn;\n'
        for ((i = 0; i < SOCKETS; i++)); do
            printf '    server unix:%s/bare/frontrow-%d.sock max_fails=0;\n' "$RUN" "$i"
        done
        # a text in the configuration may not be longer than 4 KiB
        printf '}\nmap "" $bench_text { default "%s"; }\n' "$(bench_text x 1000)"
    } >>"$conf"
    nginx_command -t -q
    process_recorded nginx
    kill -HUP "$PROCESS_PID"
    wait_until 10 bench_is_ready || fail "nginx does not serve the limits"
}

bench_is_ready() {
    curl -fsS -o /dev/null "http://$(nginx_address)/bench/bare?10" 2>/dev/null
}

# bench_text TEXT TIMES
bench_text() {
    local text
    printf -v text '%*s' "$2" ''
    printf '%s' "${text// /$1}"
}

# ---- one measurement

# bench_measure ROUND ROW PART COMMAND...: runs the command and adds the CPU times to its output. It continues
# with the number at which the last round stopped. A row with keys continues after the row without, because both
# take the same seats.
bench_measure() {
    local name=${2%-key}-$3 before after
    before=$(k6_measure_line 0)
    local TIMEFORMAT='%3U %3S'
    { time BENCH_FIRST=${NEXT[$name]:-0} "${@:4}" >"$VAR/line" 2>"$VAR/error"; } 2>"$VAR/time" ||
        fail "$name: $(cat "$VAR/error" "$VAR/line")"
    after=$(k6_measure_line 0)
    NEXT[$name]=$(sed -nE '$s/.*"next": ([0-9]+).*/\1/p' "$VAR/line")
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$before" "$after" "$(<"$VAR/time")" \
        "$(tail -n 1 "$VAR/line")" >>"$RESULTS"
}

# bench_wrk SCRIPT SECONDS
bench_wrk() {
    LUA_PATH="$ROOT/test/bench/?.lua;;" "${GENERATOR[@]}" wrk -t1 -c"$CONNECTIONS" -d"$2s" \
        -s "$ROOT/test/bench/$1.lua" "http://$(nginx_address)"
}

# bench_burst SCRIPT SECONDS: with new users. Sets BURST to the number of requests, the requests a second,
# and the microseconds of CPU of nginx, the workers, MySQL and Redis for each request.
bench_burst() {
    local before after line
    before=$(k6_measure_line 0)
    line=$(BENCH_FIRST=${NEXT[$1]:-0} bench_wrk "$1" "$2" | tail -n 1)
    after=$(k6_measure_line 0)
    [[ $line == *'"errors": 0,'* ]] || fail "$1: $line"
    NEXT[$1]=$(sed -nE 's/.*"next": ([0-9]+).*/\1/p' <<<"$line")
    read -ra BURST < <(awk -v line="$line" -v before="$before" -v after="$after" 'BEGIN {
        split(line, part, /[:,}]/); split(before, b, ","); split(after, a, ",")
        printf "%d %.0f", part[2], part[2] / part[4]
        for (i = 2; i <= 5; i++) printf " %.0f", (a[i] - b[i]) * 1000 / part[2]
        print ""
    }')
}

# bench_loop PROGRAM ROW SECONDS
bench_loop() {
    "$BUILD/test/bench/$1" --config "$VAR/frontrow.conf" --seconds "$3" --first "$BENCH_FIRST" "$2"
}

# bench_row ROUND ROW SECONDS: the row's limits and then its route.
bench_row() {
    case $2 in
        seats | concerts | items | queue)
            BENCH_PATH=/bench/plain/$2 bench_measure "$1" "$2" plain bench_wrk get "$3"
            BENCH_PATH=${GET_PATH[$2]} bench_measure "$1" "$2" route bench_wrk get "$3"
            return
            ;;
        best | booking) ;; # their limits are made from other rows
        *)
            BENCH_LIMIT="/bench/bare?${ANSWER_BYTES[$2]}" bench_measure "$1" "$2" bare bench_wrk "$2" "$3"
            bench_measure "$1" "$2" sql bench_loop limit_sql "$2" "$3"
            [[ $2 != fresh ]] || bench_measure "$1" "$2" procedure bench_loop limit_sql fresh-procedure "$3"
            [[ $2 != token-queue ]] || bench_measure "$1" "$2" redis bench_loop limit_redis "$2" "$3"
            [[ -z ${ANY_NUMBER[$2]:-} ]] || BENCH_LIMIT="/bench/bare?${ANSWER_BYTES[$2]}&$2" \
                bench_measure "$1" "$2" both bench_wrk "$2" "$3"
            ;;
    esac
    BENCH_REFUSED=$([[ $2 != taken && $2 != hot && $2 != none ]] || echo yes) \
        bench_measure "$1" "$2" route bench_wrk "$2" "$3"
}

# Prints unexpected answers of workers.
bench_wrong_answers() {
    curl -fsS "http://$(nginx_address)/metrics" | grep '^frontrow_requests_total' |
        grep -vE 'code="(ok|seat_taken|seats_not_available)"|route="none"| 0$' || true
}
