#!/usr/bin/env bash
# A concert in a calendar file whose time zone is named and not described.
#
# Guess: DTSTART;TZID=Asia/Seoul:20261224T193000 is 19:30 in Seoul for each library: the name is IANA's.
# What happens: ical.js knows only zones that the file describes (VTIMEZONE) or that were registered. For
#     others it says that the zone is "floating" and takes the clock of the machine: 19:30 in Berlin for a
#     reader in Berlin, eight hours late. No error, no warning. Python's icalendar takes the name from the
#     system: 10:30 UTC. With the VTIMEZONE block, or with an instant in UTC, both are right. Many
#     generators leave the block out.
# Versions: ical.js 2.2.1, icalendar 7.3.0.
# Source: RFC 5545, 3.2.19 (a TZID must have its VTIMEZONE); ical.js' wiki and TimezoneService.
# Frontrow: answers instants in UTC with the name of the venue's zone beside it. Write startsAt into
#     calendar files as it is: DTSTART:20261224T103000Z.
. "$(dirname "$0")/lib/finding.sh"
python_packages icalendar==7.3.0
node_packages ical.js@2.2.1

# calendar START: with CRLF
calendar() {
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//hall//concerts//EN BEGIN:VEVENT UID:concert-1 \
        DTSTAMP:20261201T000000Z "DTSTART$1" SUMMARY:Concert END:VEVENT END:VCALENDAR >concert.ics
}
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';
const calendar = new ICAL.Component(ICAL.parse(readFileSync('concert.ics', 'utf8')));
const { startDate } = new ICAL.Event(calendar.getFirstSubcomponent('vevent'));
console.log(startDate.toJSDate().toISOString().slice(0, 16) + 'Z');
JS
cat >read.py <<'PY'
import datetime, icalendar
calendar = icalendar.Calendar.from_ical(open("concert.ics", "rb").read())
start = calendar.walk("VEVENT")[0].decoded("DTSTART").astimezone(datetime.timezone.utc)
print(start.strftime("%Y-%m-%dT%H:%MZ"))
PY

calendar ';TZID=Asia/Seoul:20261224T193000'
finding "icalendar" 2026-12-24T10:30Z 2026-12-24T10:30Z "$(TZ=Europe/Berlin python3 read.py)"
finding "ical.js in Berlin" 2026-12-24T10:30Z 2026-12-24T18:30Z "$(TZ=Europe/Berlin node read.mjs)"
finding "ical.js in Seoul" 2026-12-24T10:30Z 2026-12-24T10:30Z "$(TZ=Asia/Seoul node read.mjs)"
calendar :20261224T103000Z
finding "DTSTART in UTC, ical.js in Berlin" 2026-12-24T10:30Z 2026-12-24T10:30Z "$(TZ=Europe/Berlin node read.mjs)"
finding_ends
