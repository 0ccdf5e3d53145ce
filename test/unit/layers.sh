#!/bin/sh
# Holds the house's plan: arrows point only down, each library stays in its own room, and
# transactions begin and end in one place.
set -eu
cd "${srcdir:-.}/fcgi-app"
failed=0

# complain RULE: its input is the lines that break the rule.
complain() {
    while read -r line; do
        echo "$1: $line"
        failed=1
    done
    return $failed
}

# may_include FOLDER FOLDERS: what the files of FOLDER and below may include, as an alternation.
may_include() {
    [ -d "$1" ] || echo "$1" | complain 'there is no folder' || failed=1
    grep -rnE '^#include "' "$1" --include='*.[ch]' |
        grep -vE "#include \"($1|$2)/" | complain "$1/ may include only $2/" || failed=1
}

may_include base base
may_include mysql base
may_include redis base
may_include domain 'base|mysql|redis'
may_include api 'base|domain'
may_include ctl 'base|identity|mysql/schema|domain|api'
may_include outbox 'base|domain'
may_include identity base
may_include server 'base|identity'

# rooms FLOOR ROOM ROOMS: what the files of a room of the floor may include of it; the files that lie in
# the floor itself are there for all of its rooms.
rooms() {
    grep -rnE "^#include \"$1/[a-z_]+/" "$1/$2" --include='*.[ch]' |
        grep -vE "#include \"$1/($2|$3)/" | complain "$1/$2/ may include of $1/ only $3" || failed=1
}

rooms domain concert none
rooms domain hall none
rooms domain queue 'concert'
rooms domain sale 'concert|queue'
rooms domain draw 'concert|queue'
rooms domain organiser 'concert|hall|queue|sale|draw'
rooms domain import 'concert|sale|organiser'
rooms domain webhook none
rooms domain books 'concert|queue|sale|draw|organiser'
rooms mysql concert none
rooms mysql hall none
rooms mysql queue none
rooms mysql sale 'concert'
rooms mysql draw 'queue'
rooms mysql organiser 'concert|sale'
rooms mysql books 'concert|queue|sale'
rooms mysql webhook none
rooms mysql schema 'concert'

# The draw has one door.
grep -rnE '^#include "domain/draw/' . --include='*.[ch]' |
    grep -vE '^\./domain/draw/|"domain/draw/draw\.h"' | complain 'outside domain/draw/ only its draw.h' ||
    failed=1

# Each room says in the house's README what its rule is.
find . -mindepth 1 -type d ! -name '.*' ! -path './mysql/*' ! -path './redis/*' | while read -r room; do
    grep -qx "## ${room#./}" README.md || echo "$room"
done | complain 'a room without its rule in README.md' || failed=1

# only_in HEADER FOLDERS
only_in() {
    grep -rnE "#include <(.*/)?$1>" . --include='*.[ch]' |
        grep -vE "^\./($2)/" | complain "$1 belongs to $2/" || failed=1
}

only_in fcgiapp.h server
only_in mysql.h mysql
only_in hiredis.h redis
only_in curl.h outbox
only_in ssl.h redis
only_in jansson.h 'api|ctl|identity'
only_in 'ical.*\.h' base

# What a table or Redis says is read by a rule of the domain, which has a meaning for each result.
grep -rnE '\b(db|redis|transaction|[a-z_]+_(table|store))_[a-z_]+\(' api --include='*.[ch]' |
    complain 'api/ asks domain/ only' || failed=1

grep -rn '#include "base/json.h"' domain mysql redis --include='*.[ch]' |
    complain 'writing JSON belongs to api/' || failed=1

grep -rnE '"(BEGIN|COMMIT|ROLLBACK|START TRANSACTION)' . --include='*.[ch]' |
    grep -v '^\./mysql/transaction\.c:' | complain 'transactions belong to mysql/transaction.c' ||
    failed=1

grep -rnE '\bEXIT_(SUCCESS|FAILURE)\b|\bexit\([0-9]|sysexits\.h' . --include='*.[ch]' |
    grep -v '^\./base/process\.h:' | complain 'exit statuses are those of base/process.h' || failed=1

exit $failed
