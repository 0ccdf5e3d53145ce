#!/usr/bin/env bash
# FCGX_FPrintF with a size_t.
#
# Guess: FCGX_FPrintF is printf for a FastCGI stream: "%zu" is a size_t, as in C99.
# What happens: at a conversion that it does not know it stops, and returns -1, which nobody looks at. All
#     that stands behind it in the format is missing: a "Content-Length: %zu\r\n\r\n" sends
#     "Content-Length: " and no end of the head. %zu, %jd, %td, %hhd and %a are such; %ld, %lld, %s, %d
#     and %f are known. gcc does not warn, as they are right for printf.
# Versions: libfcgi 2.4.2 (Debian 12).
# Source: fcgiapp.c of libfcgi (FCGX_VFPrintF); its documentation says no more than "printf-style".
# Frontrow: makes answers in a buffer of its own with vsnprintf, and hands the bytes to FCGX_PutStr
#     (server/http.c).
. "$(dirname "$0")/lib/finding.sh"
need cc gcc
echo '#include <fcgiapp.h>' | cc -E -x c - >cc.log 2>&1 ||
    fail "no fcgiapp.h here; Debian's package libfcgi-dev has it"
printf 'version  %s\n' "$(dpkg-query --show --showformat '${Package} ${Version}' libfcgi-dev)"

cat >ask.c <<'C'
#include <fcgiapp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the format gives on a stream of the type "data" (8), whose record has a head of 8 bytes. */
int
main(void)
{
    int result[] = {0, 0, 0, 0};
    FCGX_Stream *out = FCGX_CreateWriter(1, 1, 8192, 8);
    result[0] = FCGX_FPrintF(out, "%ld %lld;", 1L, 2LL);
    result[1] = FCGX_FPrintF(out, "size %zu bytes;", (size_t)3);
    result[2] = FCGX_FPrintF(out, "count %jd here;", (intmax_t)4);
    result[3] = FCGX_FPrintF(out, "octet %hhd here;", 5);
    FCGX_FFlush(out);
    fprintf(stderr, "%d %d %d %d\n", result[0], result[1], result[2], result[3]);
    return 0;
}
C
cc -o ask ask.c -lfcgi || fail "ask.c does not build"
./ask >records 2>results
finding "what is sent" "1 2;size 3 bytes;count 4 here;octet 5 here;" "1 2;size count octet " \
    "$(tail -c +9 records | tr -d '\000')"
finding "what is returned" "4 13 13 13" "4 -1 -1 -1" "$(<results)"
finding_ends
