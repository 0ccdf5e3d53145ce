#!/bin/sh
# One word for one thing: names in the code are the field's. A word that was ours once does not come back.
set -eu
cd "${srcdir:-.}/fcgi-app"
code=$(mktemp)
trap 'rm -f "$code"' EXIT
failed=0

# The code of all files, with the tests in C, as "file:line: text", without comments and strings: columns of tables
# and keys in Redis keep their names.
find . ../test \( -name '*.[ch]' -o -name '*.lua' \) -exec awk '
    FNR == 1 { inside = 0 }
    {
        text = $0
        gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
        if (FILENAME ~ /lua$/) {
            gsub(/\047[^\047]*\047/, "", text)
            if (text ~ /--\[\[/) inside = 1
            if (inside) { if (text ~ /\]\]/) inside = 0; next }
            sub(/--.*/, "", text)
        }
        for (;;) {
            if (inside) {
                if (!(end = index(text, "*/"))) { text = ""; break }
                text = substr(text, end + 2)
                inside = 0
            }
            if (!(begin = index(text, "/*"))) break
            rest = substr(text, begin + 2)
            if (end = index(rest, "*/"))
                text = substr(text, 1, begin - 1) " " substr(rest, end + 2)
            else {
                text = substr(text, 1, begin - 1)
                inside = 1
                break
            }
        }
        if (text ~ /[a-zA-Z]/) print FILENAME ":" FNR ": " text
    }
' {} + | sed 's|^\./||' >"$code"
[ -s "$code" ]

# never WORDS REPLACEMENT [FILES]: no name in the code, or in those files only, is of these words. Both are
# regular expressions.
never() {
    if grep -E "^(${3:-.*}):[0-9]+: .*\<($1)\>" "$code"; then
        echo "  not \"$1\": say $2"
        failed=1
    fi
}

never '(line|LINE)_[a-zA-Z0-9_]+' 'queue_...'
never '[a-z_]*_lines?|lines?' 'queue' '(redis|domain|mysql)/queue/.*|domain/(sale|organiser|books)/.*'
never '[a-z]+_(look|happened)|(look|happened)' 'precheck, was_committed' 'domain/effect\..|(api|ctl)/.*|domain/(sale|organiser)/(payment|point|reservation|concert)_?[a-z]*\..'
never 'struct [a-z_]*place|places?' 'candidate (seating), queue_entry (queue), slot (worker), cursor (batch)'
never '[a-z_]*ticket[a-z_]*' 'queue_position: a ticket is what has been paid' '(redis|domain|mysql)/queue/.*|(api|ctl)/(queue|token).*'
never 'TOKEN_(PART_)?OPEN|(find|end|renew)_open|queue_open[a-z_]*' 'unqueued: a token of a concert without a queue'
never '[a-z_]*claim[a-z_]*' 'begin (Idempotency-Key), show_up (called), stated_user (who a request says it is)' '(api|base|ctl|domain|mysql|redis|server)/.*'
never 'struct block|blocks?|block_(count|seats)|[a-z]+_blocks' 'seat_run' 'domain/.*'
never 'bool (no|not|without)_[a-z_]+' 'what is: queued, listed, has_token'
never '[a-z_]*estate|[a-z_]*surroundings|passage' 'handover, request_env, check'
never 'barren_[a-z]+|[a-z]+_bury|bury_[a-z]+' 'failed_starts, reap'
never 'least|most|otherwise|[A-Z_]+_(LEAST|MOST)|(LEAST|MOST)_[A-Z_]+' 'min, max, default_value'
never 'keep_what_was_got|wait_for_turn' 'mark_unlocked, use_batch_scheduling'
exit $failed
