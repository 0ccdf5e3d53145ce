#!/bin/sh
# Each source by itself, on all cores. What is asked, and what is not: .clang-tidy.
set -eu
[ "${CLANG_TIDY:-no}" != no ] || {
    echo 'configure found no clang-tidy'
    exit 77
}
top=${srcdir:-.}
export top
find "$top/fcgi-app" "$top/test" -name '*.c' -print0 | xargs -0 -n 1 -P "$(nproc)" sh -c '
    "$CLANG_TIDY" --quiet "$1" -- -std=c11 -D_GNU_SOURCE -DVERSION=\"\" -DDATA_DIR=\"\" -DSBIN_DIR=\"\" \
        -I"$top/fcgi-app" -Ifcgi-app $LIBRARY_CFLAGS' sh
