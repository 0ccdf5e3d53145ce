"""A private stack with all that watches it: Prometheus, Alertmanager and the exporters."""

import contextlib
import json
import socket
import urllib.parse
import urllib.request

from stack import Stack, free_port

PORTS = 7  # OBSERVE_PORTS of scripts/lib/observe.sh


def free_ports(count):
    """The first of so many in a row."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


class Observed(Stack):
    def __init__(self, **settings):
        super().__init__(observe="yes", observe_port=free_ports(PORTS), **settings)

    def ask(self, offset, path):
        url = f"http://127.0.0.1:{int(self.environment['FRONTROW_OBSERVE_PORT']) + offset}{path}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)

    def query_prometheus(self, expression):
        """Labels and value of each series."""
        found = self.ask(0, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return [(series["metric"], float(series["value"][1])) for series in found["data"]["result"]]

    def range_of(self, expression, start, end, step):
        """Labels and [seconds since 1970, value as text] of each series."""
        question = {"query": expression, "start": start, "end": end, "step": step}
        found = self.ask(0, "/api/v1/query_range?" + urllib.parse.urlencode(question))
        return [(series["metric"], series["values"]) for series in found["data"]["result"]]

    def alerts(self):
        """Names of those that Alertmanager has."""
        return {alert["labels"]["alertname"] for alert in self.ask(1, "/api/v2/alerts?active=true")}
