"""A small FastCGI application at app.sock: each answer has a number. /slow takes 50 ms; `X-Accel-Expires: 1`."""

import itertools
import os
import socketserver
import struct
import time

numbers = itertools.count(1)


def length(body, at):
    if body[at] < 128:
        return body[at], at + 1
    return struct.unpack(">I", body[at : at + 4])[0] & 0x7FFFFFFF, at + 4


def parameters(body):
    found, at = {}, 0
    while at < len(body):
        name, at = length(body, at)
        value, at = length(body, at)
        found[body[at : at + name].decode()] = body[at + name : at + name + value].decode()
        at += name + value
    return found


class Handler(socketserver.StreamRequestHandler):
    def record(self):
        _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", self.rfile.read(8))
        body = self.rfile.read(size)
        self.rfile.read(padding)
        return kind, body

    def write(self, kind, body):
        self.wfile.write(struct.pack(">BBHHBB", 1, kind, 1, len(body), 0, 0) + body)

    def handle(self):
        sent = b""
        while (record := self.record()) != (5, b""):  # the end of the body
            if record[0] == 4:
                sent += record[1]
        asked = parameters(sent)
        if asked["DOCUMENT_URI"] == "/slow":
            time.sleep(0.05)
        body = f"answer {next(numbers)}\n".encode()
        head = f"Content-Type: text/plain\r\nX-Accel-Expires: 1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self.write(6, head + (b"" if asked["REQUEST_METHOD"] == "HEAD" else body))
        self.write(3, bytes(8))


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


with Server("app.sock", Handler) as server:
    os.chmod("app.sock", 0o666)
    server.serve_forever()
