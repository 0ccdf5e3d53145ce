"""Requests as bytes: HTTP for nginx and FastCGI for a worker's socket, whole or broken."""

import asyncio
import contextlib
import email
import json
import random
import struct


def http(method, path, body=None, **headers):
    """The bytes of a request; `body` as JSON."""
    data = b"" if body is None else json.dumps(body).encode()
    headers = {"Host": "127.0.0.1"} | {name.replace("_", "-"): v for name, v in headers.items()}
    if body is not None:
        headers |= {"Content-Type": "application/json", "Content-Length": len(data)}
    lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def fastcgi(method, path, body=None, query="", keep=False, more=None, change=bytes, **headers):
    """The bytes of a request as nginx sends it to a worker; with `keep` the front wants to use the
    connection again. `more` are further parameters; `change` is done to each text in it."""
    parameters = {"DOCUMENT_URI": path, "REQUEST_ID": "f" * 32, "SERVER_ADDR": "127.0.0.1"}
    parameters |= {f"HTTP_{name.upper()}": value for name, value in headers.items()} | (more or {})
    return fastcgi_of(method, parameters.items(), body, query, keep, change)


def fastcgi_of(method, parameters, body=None, query="", keep=False, change=bytes):
    """The same with no parameters but these pairs, and what every front sends: one may be there twice."""
    data = b"" if body is None else json.dumps(body).encode()
    parameters = [("REQUEST_METHOD", method), *parameters]
    parameters += [("QUERY_STRING", query)] if query else []
    if body is not None:
        parameters += [("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", str(len(data)))]
    texts = [(change(name.encode()), change(value.encode())) for name, value in parameters]
    pairs = b"".join(length(name) + length(value) + name + value for name, value in texts)
    data = change(data) if data else b""
    stream = begin(keep) + record(4, pairs) + record(4, b"")
    return stream + (record(5, data) if data else b"") + record(5, b"")


def length(text):
    """How long a name or value is, as FastCGI says it: in a byte, or in four."""
    return struct.pack(">B", len(text)) if len(text) < 128 else struct.pack(">I", len(text) | 1 << 31)


def begin(keep=False):
    """The record that begins a request."""
    return record(1, struct.pack(">HB5x", 1, keep))


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def read_fastcgi(stream):
    """Status, headers and body of a worker's answer."""
    output = b""
    while len(head := stream.read(8)) == 8:
        kind, length, padding = struct.unpack(">xBxxHBx", head)
        content = stream.read(length + padding)[:length]
        output += content if kind == 6 else b""
    text, _, body = output.partition(b"\r\n\r\n")
    headers = email.message_from_bytes(text)
    return int(headers["Status"].split()[0]), headers, body


def corrupt(data):
    """One to four bytes flipped, a piece cut out or off, doubled, or put elsewhere."""
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        if not data:
            break
        at = random.randrange(len(data))
        piece = data[at : at + random.choice((1, 2, 8, 64))]
        change = random.randrange(5)
        if change == 0:
            data[at] ^= 1 << random.randrange(8)
        elif change == 1:
            data[at] = random.randrange(256)
        elif change == 2:
            del data[at : at + len(piece)]
        elif change == 3:
            data[at:at] = piece
        elif random.random() < 0.3:
            del data[at:]
    return bytes(data)


async def exchange(connect, data, patience=1, end=False):
    """What comes back within so many seconds, then the connection is closed. With `end` the other
    side is told that no more comes."""
    try:
        reader, writer = await asyncio.wait_for(connect(), 60)
    except OSError:
        return b""
    got = b""
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        async with asyncio.timeout(patience):
            writer.write(data)
            if end:
                writer.write_eof()
            while not is_whole(got) and (more := await reader.read(65536)):
                got += more
    writer.transport.abort()
    return got


def is_whole(answer):
    """Whether these are an HTTP answer with its body."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"HTTP/"):
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    return length.isdigit() and len(body) >= int(length)


def status(answer):
    """The status of an HTTP or FastCGI answer, 0 where there is none."""
    for sign in (b"HTTP/1.1 ", b"Status: "):
        if sign in answer:
            return int(answer.partition(sign)[2][:3])
    return 0


def exchange_all(connect, requests, at_once=100, patience=1, end=0):
    """Sends all of them, so many at a time; gives (request, answer) in any order. `end` is the share
    of those whose end is told."""
    results = []

    async def work(queue):
        for data in queue:
            results.append((data, await exchange(connect, data, patience, random.random() < end)))

    async def run():
        queue = iter(requests)
        await asyncio.gather(*(work(queue) for _ in range(at_once)))

    asyncio.run(run())
    return results
