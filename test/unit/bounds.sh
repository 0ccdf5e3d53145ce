#!/bin/sh
# No function that writes without knowing the size of its room, and none that ends the process without a word.
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
