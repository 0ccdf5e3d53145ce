#!/bin/sh
# Each source by itself, on all cores. What is suppressed, and why: cppcheck.suppressed.
set -eu
[ "${CPPCHECK:-no}" != no ] || {
    echo 'configure found no cppcheck'
    exit 77
}
top=${srcdir:-.}
# Not the generated headers: over a table of 40,000 numbers cppcheck sits for minutes.
find "$top/fcgi-app" "$top/test" -name '*.c' -print0 | xargs -0 -n 8 -P "$(nproc)" "$CPPCHECK" \
    --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
    --suppressions-list="$top/test/unit/cppcheck.suppressed" -I"$top/fcgi-app" \
    -D_GNU_SOURCE '-DVERSION=""' '-DDATA_DIR=""' '-DSBIN_DIR=""' '-DQUEUE_LUA_VERSION=""' -DQUEUE_LUA_BYTES=0, \
    '-DSCHEMA_LIST(MIGRATION)=MIGRATION(1, "", "")'
