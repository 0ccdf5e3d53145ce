#!/usr/bin/env bash
# A HEAD request that comes first, and what nginx keeps of it.
#
# Guess: fastcgi_cache keeps what a GET gave. HEAD is answered out of it, or asks for the whole, as
#     proxy_cache does (proxy_cache_convert_head).
# What happens: there is no such conversion for FastCGI. The application is asked by HEAD and sends no
#     body, nginx keeps the answer without one, and each GET until it is over gets its Content-Length and
#     no body: the client waits for bytes that do not come. A monitor that asks by HEAD is enough.
# Versions: nginx 1.22.1 (Debian 12).
# Source: nginx's documentation of fastcgi_cache_methods (GET and HEAD are always in the list) and of
#     proxy_cache_convert_head, which has no twin in ngx_http_fastcgi_module.
# Frontrow: hands GET to its workers for a public HEAD ($frontrow_method in nginx/frontrow.conf.in). Do
#     the same before an application of yours, or put $request_method into fastcgi_cache_key.
. "$(dirname "$0")/lib/finding.sh"
need curl curl
cat >nginx.conf <<CONF
fastcgi_cache_path $FINDING_WORK/cache keys_zone=answers:1m;
map \$request_method \$method {
    default \$request_method;
    HEAD GET;
}
server {
    listen unix:$FINDING_WORK/nginx.sock;
    fastcgi_pass_request_headers off;
    fastcgi_param DOCUMENT_URI \$uri;
    fastcgi_ignore_headers X-Accel-Expires;
    fastcgi_cache answers;
    fastcgi_cache_key \$uri;
    fastcgi_cache_valid 10m;
    location / {
        fastcgi_pass unix:$FINDING_WORK/app.sock;
        fastcgi_param DOCUMENT_URI \$uri;
        fastcgi_param REQUEST_METHOD \$request_method;
    }
    location /converted {
        fastcgi_pass unix:$FINDING_WORK/app.sock;
        fastcgi_param DOCUMENT_URI \$uri;
        fastcgi_param REQUEST_METHOD \$method;
    }
}
CONF
python3 "$HERE/lib/fastcgi.py" 2>app.log &
wait_for test -S app.sock
start_nginx

# head_then_get PATH: the body that GET gives after a HEAD
head_then_get() {
    curl --silent --unix-socket nginx.sock --max-time 3 --head --output head "http://hall$1" || fail "HEAD failed"
    curl --silent --unix-socket nginx.sock --max-time 3 "http://hall$1" || echo "none within 3 seconds"
}
finding "HEAD, then GET" "answer 2" "none within 3 seconds" "$(head_then_get /)"
finding "the same where HEAD is handed on as GET" "answer 2" "answer 2" "$(head_then_get /converted)"
finding_ends
