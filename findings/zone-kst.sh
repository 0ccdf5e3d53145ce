#!/usr/bin/env bash
# "19:30 KST", as announcements of Korean and Japanese concerts have it, read by a program.
#
# Guess: it is read as +09:00, or refused.
# What happens: some take the hour and let go of the zone, so a sale opens nine hours late.
#     - python-dateutil gives a time without a zone, and warns where warnings are shown; email.utils of
#       Python without a warning.
#     - Go's time.Parse gives a time "+0000 KST" and no error. On a machine whose own zone is Seoul it is
#       right, so it passes where it was written and fails where it runs.
#     - date(1) and Java's DateTimeFormatter know KST and JST. Node.js says "Invalid Date".
# Versions: python-dateutil 2.9.0.post0, Python 3.11, Go 1.26, Node.js 24.19.0, coreutils 9.1.
# Source: the comment of Go's time.Parse ("a fabricated location with the given abbreviation and a zero
#     offset"); dateutil's parser (UnknownTimezoneWarning); RFC 5322, 4.3: unknown zones count as "-0000".
# Frontrow: takes RFC 3339 with an offset, and nothing else, and answers UTC with a Z.
. "$(dirname "$0")/lib/finding.sh"
python_packages python-dateutil==2.9.0.post0
node_packages
printf 'version  %s\n' "$(date --version | head -n 1)" "$(python3 --version)"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"
)

func main() {
	at, err := time.Parse(time.RFC1123, "Thu, 24 Dec 2026 19:30:00 KST")
	fmt.Println(at.UTC().Format(time.RFC3339), err)
}
GO
go_program

right=2026-12-24T10:30:00Z
finding "date(1)" $right $right "$(date -u -d 'Thu, 24 Dec 2026 19:30:00 KST' +%FT%TZ)"
finding "Node.js" "$right, or refused" "Invalid Date" \
    "$(node -e 'console.log(String(new Date("Thu, 24 Dec 2026 19:30:00 KST")))')"
finding "dateutil" "+09:00, or refused" "2026-12-24T19:30:00, no zone" "$(python3 -W ignore -c '
from dateutil import parser
at = parser.parse("Thu, 24 Dec 2026 19:30:00 KST")
print(at.isoformat() + ("" if at.tzinfo else ", no zone"))')"
finding "email.utils.parsedate_to_datetime" "+09:00, or refused" "2026-12-24T19:30:00, no zone" "$(python3 -c '
from email.utils import parsedate_to_datetime
at = parsedate_to_datetime("Thu, 24 Dec 2026 19:30:00 KST")
print(at.isoformat() + ("" if at.tzinfo else ", no zone"))')"
finding "Go on a machine in UTC" "$right, or refused" "2026-12-24T19:30:00Z <nil>" "$(TZ=UTC ./program)"
finding "Go on a machine in Seoul" "$right, or refused" "$right <nil>" "$(TZ=Asia/Seoul ./program)"
finding_ends
