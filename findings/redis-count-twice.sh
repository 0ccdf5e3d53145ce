#!/usr/bin/env bash
# Redis clients that run a command a second time by themselves.
#
# Guess: where the connection breaks after INCR was sent, the caller gets an error, and decides whether to
#     ask again.
# What happens: redis-py 8.1.0, ioredis 6.0.0 and go-redis 9.17.0 connect again, send the same INCR once
#     more, and hand out its answer. Redis counted 2, and nobody hears of it: a counter has a hole, LPUSH
#     puts the same thing into a list twice, points are taken twice. redis-py 5.2.1 gave the error.
# Source: redis-py's documentation "Retry Helpers"; ioredis' README (autoResendUnfulfilledCommands,
#     maxRetriesPerRequest); go-redis' Options.MaxRetries (3).
# Frontrow: uses hiredis, which sends nothing again. Each function of its queue is made so that the same
#     call twice is one call (a user has one token in a queue). What you build on Redis beside it should be
#     so too, or switch the retries off: Retry(NoBackoff(), 0); autoResendUnfulfilledCommands: false and
#     maxRetriesPerRequest: 0; MaxRetries: -1.
. "$(dirname "$0")/lib/finding.sh"
start_redis
python_packages redis==8.1.0
node_packages ioredis@6.0.0

# Stands between a client and Redis and keeps the answer to the first INCR of each client for itself.
cat >between.py <<'PY'
import socket, socketserver, threading
lost = set()

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        redis = socket.socket(socket.AF_UNIX)
        redis.connect("redis.sock")
        state = {"lose": False}

        def forward():
            while asked := self.request.recv(65536):
                for name in (b"redis-py", b"ioredis", b"go-redis"):
                    if b"INCR" in asked.upper() and b"count:" + name in asked and name not in lost:
                        lost.add(name)
                        state["lose"] = True
                redis.sendall(asked)
            redis.shutdown(socket.SHUT_WR)

        threading.Thread(target=forward, daemon=True).start()
        while (answer := redis.recv(65536)) and not state["lose"]:
            self.request.sendall(answer)
        self.request.shutdown(socket.SHUT_RDWR)

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
python3 between.py >port 2>between.log &
wait_for test -s port
PORT=$(<port)
export PORT

cat >ask.py <<'PY'
import os, redis
client = redis.Redis(port=int(os.environ["PORT"]))
client.ping()
print(client.incr("count:redis-py"))
PY
cat >ask.cjs <<'JS'
const { Redis } = require('ioredis');
const client = new Redis(Number(process.env.PORT), '127.0.0.1');
client.ping().then(() => client.incr('count:ioredis')).then(console.log, (error) => console.log(error.message))
    .finally(() => client.disconnect());
JS
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Getenv("PORT")})
	client.Ping(context.Background())
	fmt.Println(client.Incr(context.Background(), "count:go-redis").Result())
}
GO
go_program github.com/redis/go-redis/v9@v9.17.0

finding "redis-py: INCR whose answer is lost" "an error" 2 "$(python3 ask.py 2>&1 | tail -n 1)"
finding "ioredis: the same" "an error" 2 "$(node ask.cjs 2>&1 | tail -n 1)"
finding "go-redis: the same" "an error" "2 <nil>" "$(./program 2>&1 | tail -n 1)"
for client in redis-py ioredis go-redis; do
    finding "$client: what Redis has counted" 1 2 "$(redis-cli -s redis.sock GET "count:$client")"
done
finding_ends
