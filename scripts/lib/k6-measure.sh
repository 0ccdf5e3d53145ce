# Who used the processor during a load run, from /proc.

# Total ticks of all processes of a group: those of living processes, and those of ended children that their
# parent has waited for (a recycled worker). So nothing is lost and nothing is counted twice.
# MEASURED: names of services by process group. k6_measure_groups fills it from the pid files.
declare -A MEASURED=()

k6_measure_groups() {
    local name
    for name in "${SERVICES[@]}"; do
        if process_recorded "$name"; then # the outbox runs only with webhooks
            MEASURED[$PROCESS_PID]=$name
        fi
    done
}

# k6_measure_line K6-PID: milliseconds since 1970; CPU ms of nginx, frontrow, mysql, redis, k6; CPU ms
# of the whole machine; resident KiB of k6.
k6_measure_line() {
    local groups='' pid
    for pid in "${!MEASURED[@]}"; do
        groups+="${MEASURED[$pid]}=$pid "
    done
    # a process may end while it is read; the error of cat is ignored
    { cat /proc/[0-9]*/stat /proc/stat 2>/dev/null || true; } |
        awk -v groups="$groups" -v k6="$1" -v now="$(date +%s%3N)" \
            -v tick=$((1000 / $(getconf CLK_TCK))) -v page=$(($(getconf PAGESIZE) / 1024)) '
            BEGIN {
                count = split(groups, pairs, " ")
                for (i = 1; i <= count; i++) {
                    split(pairs[i], pair, "=")
                    name[pair[2]] = pair[1]
                }
            }
            $1 == "cpu" { machine = $2 + $3 + $4 + $7 + $8; next }
            /^[a-z]/ { next }
            {
                pid = $1
                sub(/^.*\) /, "") # the name, in brackets, may hold anything; now $3 is the group
                used = $12 + $13 + $14 + $15
                if (pid == k6) { ticks["k6"] += used; resident = $22 * page }
                else if ($3 in name) ticks[name[$3]] += used
            }
            END {
                printf "%s,%d,%d,%d,%d,%d,%d,%d\n", now, ticks["nginx"] * tick, ticks["frontrow"] * tick,
                    ticks["mysql"] * tick, ticks["redis"] * tick, ticks["k6"] * tick, machine * tick, resident
            }'
}

# k6_measure K6-PID FILE: writes a line each second until k6 ends.
k6_measure() {
    printf 'time,nginx,frontrow,mysql,redis,k6,machine,k6_kib\n' >"$2"
    while kill -0 "$1" 2>/dev/null; do
        k6_measure_line "$1" >>"$2"
        sleep 1 || return 0
    done
}
