#!/usr/bin/env bash
# Clients that send a changing call again by themselves.
#
# Guess: a POST or a DELETE for which no answer came is an error that the caller hears of, and the server
#     got it once. Who wants it again says so.
# What happens: the server below counts what it gets and closes the connection without an answer ("lost"),
#     or answers after the client's time is over ("late").
#     - wget --post-data sends a lost or late POST up to 20 times (--tries), a little later each time.
#     - curl --retry takes its own --max-time for a passing trouble, also for a POST. (It does not send a
#       lost one again.)
#     - java.net.HttpURLConnection sends a lost POST once more where the connection had been used before.
#       (sun.net.http.retryPost=false ends that; java.net.http.HttpClient does not do it.)
#     - Go's http.Client does so with a POST that carries an Idempotency-Key, and with no other.
#     - urllib3 sends a lost DELETE four times, and one that was answered 503 with Retry-After as well;
#       requests switches that off. aiohttp twice, got three times. A POST all three send once.
# Source: curl(1) --retry; wget(1) --tries; the comment of net/http.Transport; urllib3's Retry
#     (allowed_methods); aio-libs/aiohttp issue 10790; JDK-6427251 (HttpURLConnection); got's
#     documentation of retry.
# Frontrow: a charge or a payment that is sent again without a key is done again. Send an Idempotency-Key
#     with each POST and DELETE that changes something, also from cron: the answer then comes again with
#     the same bytes. nginx itself repeats nothing (fastcgi_next_upstream off). docs/clients.md has a
#     table.
. "$(dirname "$0")/lib/finding.sh"
need curl curl
need wget wget
python_packages urllib3==2.8.0 aiohttp==3.14.5
node_packages got@16.1.0

cat >server.py <<'PY'
import json, socketserver, time
counts = {}

class Handler(socketserver.StreamRequestHandler):
    def answer(self, status, body="", headers=""):
        self.wfile.write(f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def handle(self):
        while line := self.rfile.readline():
            path = line.split()[1].decode()
            headers = {}
            while header := self.rfile.readline().strip():
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value
            self.rfile.read(int(headers.get("content-length", 0)))
            if path == "/counts":
                return self.answer(200, json.dumps(counts), "Connection: close\r\n")
            counts[path] = counts.get(path, 0) + 1
            if path.startswith("/lost"):
                return
            if path.startswith("/late"):
                time.sleep(2)
            if path.startswith("/busy"):
                self.answer(503, headers="Retry-After: 1\r\n")
            else:
                self.answer(200, "ok")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
python3 server.py >port 2>server.log &
wait_for test -s port
U=http://127.0.0.1:$(<port)
export U

count() {
    curl --silent "$U/counts" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], 0))' "$1"
}

printf 'version  %s\n' "$(curl --version | head -n 1 | cut -d ' ' -f 1-2)" \
    "$(wget --version | head -n 1 | cut -d ' ' -f 1-3)"
curl --silent --output out --retry 2 --max-time 1 --data amount=1 "$U/late/curl"
curl --silent --output out --retry 2 --data amount=1 "$U/lost/curl"
wget --quiet --output-document=out --tries=3 --post-data amount=1 "$U/lost/wget"

cat >ask.py <<'PY'
import asyncio, os, aiohttp, urllib3
U = os.environ["U"]
pool = urllib3.PoolManager()

def ask(method, path):
    try:
        pool.request(method, U + path)
    except urllib3.exceptions.HTTPError:
        pass

async def ask_aiohttp():
    async with aiohttp.ClientSession() as session:
        for method in ("POST", "DELETE"):
            async with session.get(U + "/warm") as answer:
                await answer.read()
            try:
                async with session.request(method, f"{U}/lost/aiohttp/{method}") as answer:
                    await answer.read()
            except aiohttp.ClientError:
                pass

for method in ("POST", "DELETE"):
    ask(method, f"/lost/urllib3/{method}")
    ask(method, f"/busy/urllib3/{method}")
asyncio.run(ask_aiohttp())
PY
python3 ask.py

cat >ask.mjs <<'JS'
import got from 'got';
for (const method of ['POST', 'DELETE']) {
    await got(`${process.env.U}/lost/got/${method}`, { method }).catch(() => {});
    await fetch(`${process.env.U}/lost/fetch/${method}`, { method }).catch(() => {});
}
JS
node ask.mjs

cat >main.go <<'GO'
package main

import (
	"io"
	"net/http"
	"os"
	"strings"
)

func ask(path, key string) {
	warm, err := http.Get(os.Getenv("U") + "/warm")
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, warm.Body)
	warm.Body.Close()
	request, _ := http.NewRequest("POST", os.Getenv("U")+path, strings.NewReader("amount=1"))
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
	}
}

func main() {
	ask("/lost/go", "")
	ask("/lost/go-key", "charge-1")
}
GO
go_program
./program

finding "curl --retry 2 --max-time 1, a late POST" 1 3 "$(count /late/curl)"
finding "curl --retry 2, a lost POST" 1 1 "$(count /lost/curl)"
finding "wget --tries=3 --post-data, a lost POST" 1 3 "$(count /lost/wget)"
finding "Go, a lost POST" 1 1 "$(count /lost/go)"
finding "Go, a lost POST with an Idempotency-Key" 1 2 "$(count /lost/go-key)"
for client in urllib3:4 aiohttp:2 got:3 fetch:1; do
    name=${client%:*}
    finding "$name, a lost POST" 1 1 "$(count "/lost/$name/POST")"
    finding "$name, a lost DELETE" 1 "${client#*:}" "$(count "/lost/$name/DELETE")"
done
finding "urllib3, a DELETE that is answered 503 with Retry-After" 1 4 "$(count /busy/urllib3/DELETE)"

if command -v javac >/dev/null; then
    cat >Ask.java <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URL;

public class Ask {
    public static void main(String[] arguments) throws Exception {
        String u = System.getenv("U");
        new URL(u + "/warm").openConnection().getInputStream().readAllBytes();
        HttpURLConnection call = (HttpURLConnection) new URL(u + "/lost/java").openConnection();
        call.setDoOutput(true);
        call.getOutputStream().write("amount=1".getBytes());
        try {
            call.getResponseCode();
        } catch (java.io.IOException lost) {
        }
    }
}
JAVA
    printf 'version  Java %s\n' "$(javac -version 2>&1 | cut -d ' ' -f 2)"
    javac -nowarn Ask.java 2>/dev/null && java Ask
    finding "java.net.HttpURLConnection, a lost POST" 1 2 "$(count /lost/java)"
else
    echo "java.net.HttpURLConnection: not asked, as there is no JDK"
fi
finding_ends
