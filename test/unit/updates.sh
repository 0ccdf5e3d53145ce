#!/bin/sh
# What takes a seat, settles a reservation or moves points goes through db_update() or db_update_if(), which count
# the rows: db_execute() would not see that somebody else was there first.
set -eu
cd "${srcdir:-.}/fcgi-app/mysql"

find . -name '*.c' -exec awk '
    FNR == 1 { text = "" }
    { text = text $0 "\n" }
    /"UPDATE (seat|reservation|payment|point|idempotency) / { found++ }
    /^}/ {
        if (text ~ /"UPDATE (seat|reservation|payment|point|idempotency) / &&
            (text !~ /db_update(_if)?\(/ || text ~ /db_execute\(/)) {
            print FILENAME ": this must go through db_update():" text
            failed = 1
        }
        text = ""
    }
    END { exit failed || !found }
' {} +
