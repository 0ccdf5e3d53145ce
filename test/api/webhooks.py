"""A receiver of webhooks, which verifies what comes with the library that its users take (standardwebhooks of PyPI)."""

import collections
import contextlib
import http.server
import re
import signal
import subprocess
import sys
import threading

import openapi
import pytest
from stack import ROOT

TOOLS = ROOT / "var/tools/webhooks"  # of scripts/lib/webhook-tools


def library():
    """standardwebhooks, which is not for the whole session: others would find what is not Debian's."""
    if not (TOOLS / "python").exists():
        pytest.skip("standardwebhooks is not installed: see scripts/lib/webhook-tools")
    sys.path.append(str(TOOLS / "python"))
    try:
        import standardwebhooks
    finally:
        sys.path.remove(str(TOOLS / "python"))
    return standardwebhooks


class Receiver:
    """`answer(message)` gives the status of each answer; all messages with a right signature are in `messages`."""

    def __init__(self, answer=lambda message: 204):
        self.answer = answer
        self.messages = []
        self.tries = collections.Counter()  # by webhook-id
        self.wrong = []  # what did not verify
        self.secret = None
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, dict(self.headers.items()))
                if isinstance(status, bytes):
                    self.wfile.write(status)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if 300 <= status < 400:
                    self.send_header("Location", receiver.url)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            allow_reuse_address = True

            def handle_error(self, *_):
                """A client that was killed."""

        self.handler, self.server_class = Handler, Server
        self.port = 0
        self.start()

    def start(self):
        self.server = self.server_class(("127.0.0.1", self.port), self.handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, body, headers):
        headers = {name.lower(): value for name, value in headers.items()}
        try:
            message = library().Webhook(self.secret).verify(body.decode(), headers)
            openapi.assert_shape(message, {"$ref": "#/components/schemas/Event"})
        except Exception as error:  # noqa: BLE001  # all that a wrong message may be
            with self.lock:
                self.wrong.append((error, body, headers))
            return 400
        message["id"] = headers["webhook-id"]
        with self.lock:
            self.tries[message["id"]] += 1
            status = self.answer(message)
            if isinstance(status, int) and 200 <= status < 300:
                self.messages.append(message)
        return status

    # ---- what came

    def of(self, **data):
        """The types of the messages about this, in their order; of doubled ones the first."""
        seen, types = set(), []
        with self.lock:
            for message in self.messages:
                fits = all(message["data"].get(name) == value for name, value in data.items())
                if fits and message["id"] not in seen:
                    seen.add(message["id"])
                    types.append(message["type"])
        return types

    def find(self, kind, **data):
        with self.lock:
            return [message for message in self.messages if message["type"] == kind
                    and all(message["data"].get(name) == value for name, value in data.items())]


def add_webhook(stack, receiver, *options):
    """Adds the receiver as a webhook; its id."""
    added = stack.ctl("webhook", "add", receiver.url, *options)
    assert added.returncode == 0, added.stderr
    webhook_id, receiver.secret = re.fullmatch(r"webhook (\d+)\n(whsec_\S+)\n", added.stdout).groups()
    return webhook_id


@contextlib.contextmanager
def receiving(stack, *options, **settings):
    """A receiver that is a webhook of the stack meanwhile, with its id."""
    receiver = Receiver(**settings)
    receiver.webhook_id = add_webhook(stack, receiver, *options)
    try:
        yield receiver
        assert not receiver.wrong, receiver.wrong[0]
    finally:
        stack.ctl("webhook", "remove", receiver.webhook_id)
        receiver.stop()


def waiting(stack):
    """How many deliveries and events wait; 0 when all has arrived or was given up."""
    rows = stack.query("SELECT (SELECT COUNT(*) FROM outbox_event WHERE dispatched_at IS NULL) +"
                       " (SELECT COUNT(*) FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id"
                       "  WHERE d.dead_at IS NULL) AS n")
    return rows[0]["n"]


@contextlib.contextmanager
def another_outbox(stack, **settings):
    """One more frontrow-outbox meanwhile, with these settings; it must end well."""
    over = {f"FRONTROW_{name.upper()}": str(value) for name, value in settings.items()}
    log = open(stack.log("outbox"), "ab")
    process = subprocess.Popen([stack.build / "frontrow-outbox", "--config", stack.var / "frontrow.conf"],
                               env=stack.environment | over, stdout=log, stderr=log)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        log.close()
