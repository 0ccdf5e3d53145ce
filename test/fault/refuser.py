"""A proxy that answers in a store's place: an error that the store would say, to chosen statements or
commands. All else is the store's own."""

import collections
import contextlib
import struct

from between import QUERY, Between, query_of

PREPARE, EXECUTE = 0x16, 0x17


class Refuser(Between):
    """`rule` is asked about each statement or command; it gives the error's bytes, or None. With
    `carried_out` the store gets it all the same, and its answer is thrown away."""

    def __init__(self, stack, name):
        super().__init__(stack, name)
        self.rule = lambda pair, statement: None
        self.refused = collections.Counter()  # statements
        self.carried_out = False

    def refuse(self, error, begin, times=None):
        """Answers what begins so with the error, as often as `times` says (None: always)."""
        left = [times]
        self.refused.clear()

        def rule(_, statement):
            if not statement.startswith(begin) or left[0] == 0:
                return None
            left[0] = left[0] and left[0] - 1
            return error

        self.rule = rule

    def pass_on(self):
        self.rule = lambda pair, statement: None
        self.carried_out = False

    def to_server(self, pair):
        with contextlib.suppress(OSError):
            for message, statement in self.read(pair):
                error = statement and self.rule(pair, statement)
                if not error:
                    pair.server.sendall(message)
                    continue
                self.refused[statement] += 1
                if self.carried_out:
                    pair.muted = True
                    pair.answered.clear()
                    pair.server.sendall(message)
                    pair.answered.wait(5)
                    pair.muted = False
                pair.client.sendall(error)
        pair.close()


class MysqlRefuser(Refuser):
    def __init__(self, stack):
        super().__init__(stack, "mysql")

    def read(self, pair):
        """The client's packets; with each the SQL that it runs, if it does. A prepared statement has
        its number from the answer, which is all that comes until the client goes on."""
        buffer, prepared, statements = b"", None, {}
        while data := pair.client.recv(65536):
            buffer += data
            while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:3], "little")):
                packet, buffer = buffer[:end], buffer[end:]
                kind = packet[4] if packet[3] == 0 and len(packet) > 4 else None
                statement = ""
                if kind == QUERY:
                    statement = query_of(packet)
                elif kind == PREPARE:
                    prepared = packet[5:].decode()
                    pair.heard.clear()
                elif kind == EXECUTE:
                    if prepared is not None:
                        statements[bytes(pair.heard[5:9])], prepared = prepared, None
                    statement = statements[packet[5:9]]
                yield packet, statement


class RedisRefuser(Refuser):
    def __init__(self, stack):
        super().__init__(stack, "redis")

    def read(self, pair):
        """The client's commands; with each its first words, of FCALL the function, the number of keys and the key."""
        buffer = b""
        while data := pair.client.recv(65536):
            buffer += data
            while command := whole_command(buffer):
                length, words = command
                message, buffer = buffer[:length], buffer[length:]
                yield message, " ".join(word.decode(errors="replace") for word in words[:4])


def whole_command(buffer):
    """The length and the words of the command at the begin of the buffer, None where it is not whole."""
    head, end, rest = buffer.partition(b"\r\n")
    if not end:
        return None
    words = []
    for _ in range(int(head[1:])):
        size, end, rest = rest.partition(b"\r\n")
        length = int(size[1:]) if end else 0
        if not end or len(rest) < length + 2:
            return None
        words.append(rest[:length])
        rest = rest[length + 2:]
    return len(buffer) - len(rest), words


def mysql_error(number, text="this is not the server's own"):
    """An error packet, as the answer to a command."""
    body = b"\xff" + struct.pack("<H", number) + b"#HY000" + text.encode()
    return struct.pack("<I", len(body))[:3] + b"\x01" + body
