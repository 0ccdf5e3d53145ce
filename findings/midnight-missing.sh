#!/usr/bin/env bash
# A day whose midnight does not exist.
#
# Guess: each day begins at 00:00, everywhere. A sale that opens at midnight, a timer of each night and
#     `date -d DAY` work on all days; where clocks are put forward at midnight, all take 01:00.
# What happens: in Chile on 2026-09-06 and in Egypt on 2026-04-24 the clock goes from 23:59:59 to
#     01:00:00.
#     - date(1) says "invalid date" to the plain day.
#     - systemd's OnCalendar=*-*-* 00:00:00 America/Santiago does not run that day at all.
#     - Go gives 23:00 of the day before in Santiago, but 01:00 of the right day in Cairo.
#     - Python's zoneinfo keeps 00:00, which no clock there shows; as an instant it is 01:00.
#     - Luxon gives 01:00.
# Versions: coreutils 9.1, systemd 252 (Debian 12), Go 1.26, Python 3.11, Luxon 3.7.2; tzdata
#     from 2023c on.
# Source: coreutils' manual, "Options for date" (nonexistent times are invalid); systemd.time(7) does not
#     say; the comment of Go's time.Date ("it returns a time that is correct in one of the two zones").
# Frontrow: opensAt, closesAt and startsAt are instants with an offset, `date` of an item is a name and no
#     instant: no time is missing or there twice. Say the instant: 2026-09-06T01:00:00-03:00. Its timer
#     runs each minute, by no zone.
. "$(dirname "$0")/lib/finding.sh"
need systemd-analyze systemd
node_packages luxon@3.7.2
printf 'version  %s\n' "$(date --version | head -n 1)" "$(systemd-analyze --version | head -n 1)" \
    "$(python3 --version)"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	zone, err := time.LoadLocation(os.Args[1])
	if err != nil {
		panic(err)
	}
	day, err := time.ParseInLocation("2006-01-02", os.Args[2], zone)
	fmt.Println(day.Format("2006-01-02T15:04-07:00"), err)
}
GO
go_program

in_python() {
    python3 -c '
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
print(datetime.fromisoformat(sys.argv[2]).replace(tzinfo=ZoneInfo(sys.argv[1])).isoformat(timespec="minutes"))' "$@"
}
in_luxon() {
    node -e 'const { DateTime } = require("luxon");
        console.log(DateTime.fromISO(process.argv[2], { zone: process.argv[1] }).toFormat("yyyy-MM-dd'\''T'\''HH:mmZZ"))' "$@"
}
# next_midnight ZONE FROM: when a timer of each midnight elapses next, in UTC
next_midnight() {
    TZ=UTC systemd-analyze calendar --base-time="$2" "*-*-* 00:00:00 $1" 2>/dev/null |
        sed -nE 's/.*Next elapse: ... (.*)/\1/p'
}

chile=2026-09-06T01:00-03:00
finding "date -d 2026-09-06 in Santiago" "a time" "invalid" \
    "$(TZ=America/Santiago date -d 2026-09-06 +%FT%R%:z 2>/dev/null || echo invalid)"
finding "systemd, Santiago: after 2026-09-05 10:00 UTC" "2026-09-06 04:00:00 UTC" "2026-09-07 03:00:00 UTC" \
    "$(next_midnight America/Santiago '2026-09-05 10:00 UTC')"
finding "Go, Santiago" "$chile <nil>" "2026-09-05T23:00-04:00 <nil>" "$(./program America/Santiago 2026-09-06)"
finding "Python, Santiago" "$chile" "2026-09-06T00:00-04:00" "$(in_python America/Santiago 2026-09-06)"
finding "Luxon, Santiago" "$chile" "$chile" "$(in_luxon America/Santiago 2026-09-06)"
finding "date -d 2026-04-24 in Cairo" "a time" "invalid" \
    "$(TZ=Africa/Cairo date -d 2026-04-24 +%FT%R%:z 2>/dev/null || echo invalid)"
finding "systemd, Cairo: after 2026-04-23 10:00 UTC" "2026-04-23 22:00:00 UTC" "2026-04-24 21:00:00 UTC" \
    "$(next_midnight Africa/Cairo '2026-04-23 10:00 UTC')"
finding "Go, Cairo" "2026-04-24T01:00+03:00 <nil>" "2026-04-24T01:00+03:00 <nil>" "$(./program Africa/Cairo 2026-04-24)"
finding_ends
