#!/usr/bin/env bash
# limit_req for a rate above 1,000 requests a second.
#
# Guess: rate=5000r/s lets 5,000 requests a second through, and turns away what is more.
# What happens: nginx counts in milliseconds and, without a burst, lets one request through in each. Of
#     ten that come together nine are refused, and no client ever gets more than 1,000 a second, whatever
#     the rate says; of 300 at 1,450 a second 117 were. `burst=5 nodelay` is what was meant.
# Versions: nginx 1.22.1 (Debian 12).
# Source: nginx's documentation of limit_req speaks of the "leaky bucket" and of bursts, and not of the
#     clock; src/http/modules/ngx_http_limit_req_module.c (`ms * rate / 1000`).
# Frontrow: its limits are for a user or an address and always have a burst (nginx/frontrow.conf.in). A
#     limit for all calls together is better set as the number under way (limit_conn, max_conns).
. "$(dirname "$0")/lib/finding.sh"
mkdir files
echo ok >files/index.html
cat >nginx.conf <<CONF
limit_req_zone \$server_protocol zone=plain:1m rate=5000r/s;
limit_req_zone \$server_protocol zone=burst:1m rate=5000r/s;
server {
    listen unix:$FINDING_WORK/nginx.sock;
    location /plain {
        limit_req zone=plain;
        alias $FINDING_WORK/files/index.html;
    }
    location /burst {
        limit_req zone=burst burst=10 nodelay;
        alias $FINDING_WORK/files/index.html;
    }
}
CONF
start_nginx

# ten PATH: how many of ten that come in one packet are refused
ten() {
    python3 -c '
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect("nginx.sock")
ask = f"GET {sys.argv[1]} HTTP/1.1\r\nHost: hall\r\n"
client.sendall((ask + "\r\n").encode() * 9 + (ask + "Connection: close\r\n\r\n").encode())
answers = b"".join(iter(lambda: client.recv(65536), b""))
refused = answers.count(b"HTTP/1.1 503 ")
print("most" if refused > 4 else "some" if refused else "none")' "$1"
}
finding "rate=5000r/s, ten at once: refused are" none most "$(ten /plain)"
finding "the same with burst=10 nodelay" none none "$(ten /burst)"
finding_ends
