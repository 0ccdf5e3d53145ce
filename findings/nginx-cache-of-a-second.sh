#!/usr/bin/env bash
# nginx's cache where answers are kept for a second.
#
# Guess: `X-Accel-Expires: 1` (or fastcgi_cache_valid 1s) keeps an answer for a second. With
#     fastcgi_cache_lock the others who ask for it while it is made get it as soon as it is there.
# What happens: nginx compares whole seconds, so an answer lives for one second at least and two at most,
#     by when in a second it was made. And who waits for the lock is not woken: each looks again after
#     half a second. An answer that took 50 ms has them all wait for 500.
# Versions: nginx 1.22.1 (Debian 12).
# Source: nginx's documentation of fastcgi_cache_lock and X-Accel-Expires says neither;
#     src/http/ngx_http_file_cache.c: `valid_sec < now`, and the timer of 500 ms in
#     ngx_http_file_cache_lock.
# Frontrow: promises public answers that are a second old at most. Its workers say the second in which an
#     answer ends (X-Accel-Expires: @TIME), and fastcgi_cache_lock_timeout 100ms sends who waits to a
#     worker after that (nginx/frontrow.conf.in; test_caching_of_nginx.py).
. "$(dirname "$0")/lib/finding.sh"
cat >nginx.conf <<CONF
fastcgi_cache_path $FINDING_WORK/cache keys_zone=answers:1m;
server {
    listen unix:$FINDING_WORK/nginx.sock;
    location / {
        fastcgi_pass unix:$FINDING_WORK/app.sock;
        fastcgi_param REQUEST_METHOD \$request_method;
        fastcgi_param DOCUMENT_URI \$uri;
        fastcgi_cache answers;
        fastcgi_cache_key \$uri;
        fastcgi_cache_lock on;
    }
}
CONF
python3 "$HERE/lib/fastcgi.py" 2>app.log &
wait_for test -S app.sock
start_nginx

cat >ask.py <<'PY'
import http.client, socket, sys, threading, time

def get(path):
    client = http.client.HTTPConnection("nginx", timeout=5)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.connect("nginx.sock")
    client.request("GET", path)
    return client.getresponse().read()

def lifetime():
    """Of an answer that was made when a second began."""
    time.sleep(1.02 - time.time() % 1)
    first, begin = get("/"), time.monotonic()
    while get("/") == first and time.monotonic() - begin < 5:
        time.sleep(0.02)
    return time.monotonic() - begin

def wait():
    """Of the slowest of eight who ask at once."""
    took = []
    def ask():
        begin = time.monotonic()
        get("/slow")
        took.append(time.monotonic() - begin)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(took)

if sys.argv[1] == "lifetime":
    print("nearly 2 s" if lifetime() > 1.5 else "1 s")
else:
    print("half a second" if wait() > 0.4 else "some 50 ms")
PY
finding "an answer for 1 s, made when a second begins, lives for" "1 s" "nearly 2 s" "$(python3 ask.py lifetime)"
finding "eight ask at once for what takes 50 ms: the slowest waits for" "some 50 ms" "half a second" \
    "$(python3 ask.py wait)"
finding_ends
