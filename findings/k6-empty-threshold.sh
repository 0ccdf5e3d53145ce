#!/usr/bin/env bash
# k6's thresholds on what never happened.
#
# Guess: `checks: ['rate==1']` fails when no check was made: 0% is not 1. A threshold on a tag that no
#     request has (a mistyped name) is an error. An arrival rate that was not reached fails the run.
# What happens: k6 passes thresholds of rates and trends that have no sample, and prints the zero beside
#     the tick: "✓ 'rate==1' rate=0.00%". Those of counters are compared (count>0 fails). Iterations that
#     were dropped, here four of five, fail nothing by themselves. The exit status is 0 in all of it.
# Versions: k6 1.8.1.
# Source: k6's documentation, "Thresholds" (not said for no samples) and "Dropped iterations" (a metric);
#     grafana/k6 issues 1346 and 1312 on thresholds without data and on rates.
# Frontrow: each of its scenarios asks for answers_200 count>0, the one with an arrival rate for
#     dropped_iterations count==0, and scripts/k6 looks at the books afterwards (k6/lib.js, k6/open.js).
. "$(dirname "$0")/lib/finding.sh"
if ! command -v k6 >/dev/null; then
    need_go
    GOBIN=$FINDING_WORK nice go install go.k6.io/k6@v1.8.1 >go.log 2>&1 || fail "go could not build k6"
    PATH=$FINDING_WORK:$PATH
fi
printf 'version  %s\n' "$(k6 version | cut -d ' ' -f 1-2)"

cat >empty.js <<'JS'
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
new Counter('tickets');
export const options = {
    scenarios: { arrivals: { executor: 'constant-arrival-rate', rate: 50, duration: '2s', preAllocatedVUs: 2 } },
    thresholds: __ENV.COUNTER ? { tickets: ['count>0'] } :
        { checks: ['rate==1'], 'http_req_duration{name:/paymnet}': ['p(95)<1'] },
};
export default function () {
    sleep(0.2);
}
JS
# run SETTING: "status, number of dropped iterations"
run() {
    local status=0
    k6 run --quiet --no-usage-report --no-color --summary-export summary.json --env "$1" empty.js >k6.log 2>&1 ||
        status=$?
    python3 -c '
import json, sys
dropped = json.load(open("summary.json"))["metrics"].get("dropped_iterations", {}).get("count", 0)
print("fails" if sys.argv[1] != "0" else "passes", "with dropped iterations" if dropped > 50 else "", sep=", ")' \
        "$status"
}
finding "no check, no such tag, a fifth of the rate" "fails, with dropped iterations" \
    "passes, with dropped iterations" "$(run COUNTER=)"
finding "the same with a counter that was never counted" "fails, with dropped iterations" \
    "fails, with dropped iterations" "$(run COUNTER=1)"
finding_ends
