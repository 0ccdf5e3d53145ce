#!/bin/sh
# No function that writes without knowing the size of its room, none that ends the process without a word, and none
# whose outcome a caller could overlook.
set -eu
cd "${srcdir:-.}/fcgi-app"

unbounded='strcpy|stpcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|alloca|strdupa|wcscpy|wcscat'
# %s and %[ of the scanf family without a width; "%*s" stores nothing
scan='scanf *\(.*%[^%"* 0-9]*(s|\[)'
if grep -rnE "(^|[^A-Za-z0-9_])($unbounded) *\(|$scan" . --include='*.[ch]'; then
    echo 'these write without a bound: use text_copy() of base/text.h, snprintf() or a buffer'
    exit 1
fi

if grep -rnE '(^|[^A-Za-z0-9_])abort *\(' . --include='*.[ch]' | grep -v '^\./base/log\.c:'; then
    echo 'these abort without a word: use log_abort() of base/log.h'
    exit 1
fi

# The result of these repeats what they filled in, or what comes next mends their failure (base/must_check.h).
overlooked='refuse|refuse_because|refuse_field|refuse_maintenance|refuse_db|queue_refuse|redis_send|redis_lose|queue_store_keep|
queue_store_saved|queue_store_saved_rows|queue_table_note_serving'
overlooked=$(printf '%s' "$overlooked" | tr -d '\n')
outcomes='error|db_result|commit|answer|link_result|migrate_result|query_result|queue_answer|queue_outcome|sold_out_answer'
if find . -name '*.h' -exec awk '
    /^enum [a-z_]+ [a-z_]+\(/ { text = "" }
    { text = text " " $0 }
    /;/ { if (text ~ /^ enum [a-z_]+ [a-z_]+\(/ && text !~ /MUST_CHECK/) print FILENAME ":" text; text = "" }
' {} + | grep -E ": enum ($outcomes) " | grep -vE ": enum [a-z_]+ ($overlooked)\("; then
    echo 'these need MUST_CHECK'
    exit 1
fi
