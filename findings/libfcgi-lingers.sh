#!/usr/bin/env bash
# FCGX_Finish_r when the web server does not close the connection.
#
# Guess: FCGX_Finish_r sends the answer and closes; the program can take the next request at once, whatever the
#     web server does.
# What happens: it shuts down its own end and then waits up to 2 s for the web server to close. A web server
#     that stands still (stopped, paged out, cut off from the network) and had ten requests under way holds a worker
#     for 20 s, in which it answers nobody else either.
# Versions: libfcgi 2.4.2 (Debian 12).
# Source: os_unix.c of libfcgi (OS_Close, libfcgiOsClosePollTimeout); undocumented, as is the variable
#     LIBFCGI_OS_CLOSE_POLL_TIMEOUT, which sets it.
# Frontrow: closes connections itself, and waits for all that a worker has in its hands together (server/front.c).
. "$(dirname "$0")/lib/finding.sh"
need cc gcc
need python3 python3
echo '#include <fcgiapp.h>' | cc -E -x c - >cc.log 2>&1 ||
    fail "no fcgiapp.h here; Debian's package libfcgi-dev has it"
printf 'version  %s\n' "$(dpkg-query --show --showformat '${Package} ${Version}' libfcgi-dev)"

cat >serve.c <<'C'
#include <fcgiapp.h>
#include <stdio.h>
#include <time.h>

/* Answers one request, and says for how long FCGX_Finish_r kept it, in whole seconds. */
int
main(void)
{
    struct timespec before, after;
    FCGX_Request request;
    FCGX_Init();
    FCGX_InitRequest(&request, FCGX_OpenSocket("socket", 5), 0);
    FCGX_Accept_r(&request);
    FCGX_FPrintF(request.out, "Content-Type: text/plain\r\n\r\nhello");
    clock_gettime(CLOCK_MONOTONIC, &before);
    FCGX_Finish_r(&request);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double took = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    printf("%.0f s\n", took);
    return 0;
}
C
cc -o serve serve.c -lfcgi || fail "serve.c does not build"

# A web server that sends a whole request, reads the answer or not, and closes or not.
cat >front.py <<'P'
import socket
import sys
import time

until = time.monotonic() + 10
while time.monotonic() < until:
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect("socket")
        break
    except OSError:
        time.sleep(0.05)
record = lambda kind, content: bytes([1, kind, 0, 1, 0, len(content), 0, 0]) + content
connection.sendall(record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, b"\x0e\x03REQUEST_METHODGET") + record(4, b"") + record(5, b""))
if sys.argv[1] == "closes":
    connection.recv(65536)
    connection.close()
time.sleep(4)
P

# ask MODE [VARIABLE=VALUE]: how long the program was kept.
ask() {
    local mode=$1
    shift
    rm -f socket
    timeout 20 env "$@" ./serve >said &
    timeout 20 python3 front.py "$mode"
    wait
    cat said
}
finding "a web server that closes" "0 s" "0 s" "$(ask closes A=a)"
finding "one that stands still" "0 s" "2 s" "$(ask stands A=a)"
finding "the same, with LIBFCGI_OS_CLOSE_POLL_TIMEOUT=100" "0 s" "0 s" "$(ask stands LIBFCGI_OS_CLOSE_POLL_TIMEOUT=100)"
finding_ends
