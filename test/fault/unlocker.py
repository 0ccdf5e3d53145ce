"""A proxy before MySQL under which FOR UPDATE locks nothing."""

import contextlib
import time

from refuser import MysqlRefuser

LOCKS = (b" FOR UPDATE SKIP LOCKED", b" FOR UPDATE")


class Unlocker(MysqlRefuser):
    """Takes FOR UPDATE out of all statements, and lets `pause` seconds pass after each that had it:
    whoever is on the way to the same rows reads them meanwhile, and none of them waits for another."""

    def __init__(self, stack, pause=0.03):
        super().__init__(stack)
        self.pause = pause
        self.unlocked = 0

    def to_server(self, pair):
        with contextlib.suppress(OSError):
            for packet, statement in self.read(pair):
                for lock in LOCKS:
                    packet = packet.replace(lock, b" " * len(lock))
                pair.server.sendall(packet)
                if "FOR UPDATE" in statement:
                    self.unlocked += 1
                    time.sleep(self.pause)
        pair.close()
