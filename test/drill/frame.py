"""The frame of all drills: a stack that is watched, people who buy, and the times of an incident.

A drill breaks one thing on purpose, waits for its alert as the one on call would, does what the alert's page says, and
mends it. Everybody's answers are logged, and compared with the books afterwards.
"""

import contextlib
import re
import threading
import time

import timeline
from booking import Hall, Load, now
from observed import Observed
from stack import wait_for

WARM_S = 15      # before the fault: Prometheus needs some readings of a service that does well
SETTLE_S = 8     # after it
PATIENCE_S = 150  # for an alert
DETECT_GOAL_S = 30
BACK_GOAL_S = 3  # the longest time of the fault table, docs/cluster.md


class Cron(threading.Thread):
    """The sweeper and the audit of the books, as cron would run them, but more often."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack = stack
        self.over = threading.Event()
        self.sweeps = True
        self.audit()

    def audit(self):
        return self.stack.ctl("audit")

    def run(self):
        passes = 0
        while not self.over.wait(5):
            passes += 1
            if self.sweeps:
                self.stack.sweeper()
            if passes % 2 == 0:
                self.audit()

    def end(self):
        self.over.set()
        self.join(120)


class Incident:
    """One fault and its times, all in milliseconds of the client's clock; None where it did not come."""

    def __init__(self, drill, stack, queue, plain, cron):
        self.alerts = set(drill.alerts)  # any of which tells of it
        self.stack = stack
        self.queue = queue  # the hall whose concert keeps a queue
        self.plain = plain  # the one that keeps none
        self.cron = cron
        self.broken_at = self.symptom_at = self.alerted_at = self.responded_at = self.mended_at = None
        self.alert = self.response = None
        self.loads = []

    def breaks(self):
        """The next thing that the drill does is the fault. An alert that fires already tells nothing."""
        wait_for(lambda: self.alerts - self.firing(), PATIENCE_S, step=0.5)
        self.alerts -= self.firing()
        self.broken_at = now()

    def answers(self):
        """All that buyers heard; known when they are gone."""
        return [answer for load in self.loads for answer in load.told.answers]

    def shows(self):
        """The symptom is here, and not the first answer that fails."""
        self.symptom_at = now()

    def await_alert(self):
        """Until Alertmanager has it."""
        name = wait_for(lambda: next(iter(self.firing() & self.alerts), None), PATIENCE_S, step=0.25)
        self.alerted_at, self.alert = now(), name

    def firing(self):
        with contextlib.suppress(OSError):
            return self.stack.alerts()
        return set()

    def respond(self, *words):
        """The first response: a command of frontrowctl."""
        done = self.stack.ctl(*map(str, words))
        assert done.returncode == 0, done.stderr
        self.responded_at, self.response = now(), "frontrowctl " + " ".join(map(str, words))

    def maintenance(self):
        """Buyers hear at once that sales are paused; the file needs neither MySQL nor Redis."""
        self.respond("maintenance", "on")
        wait_for(lambda: self.stack.new_client().post("/point/charge", {}).code == "maintenance")
        self.responded_at = now()

    def mended(self):
        """The cause is gone: a server that was ended takes connections again."""
        self.mended_at = now()
        if self.response == "frontrowctl maintenance on":
            assert self.stack.ctl("maintenance", "off").returncode == 0


class Result:
    """What came of a drill: seconds, counts, and whether all of it is as it must be."""

    def __init__(self, name, incident, wrong, audit):
        self.name = name
        self.alert = incident.alert
        self.response = incident.response
        answers = incident.answers()
        failed = [a for a in answers if a.failed and a.received >= incident.broken_at]
        noticed = [a.received for a in failed if a.received <= incident.alerted_at]
        symptom = incident.symptom_at or min(noticed, default=incident.broken_at)
        self.detected = (incident.alerted_at - symptom) / 1000
        self.mitigated = incident.responded_at and (incident.responded_at - symptom) / 1000
        self.back = max(load.told.time_back(incident.mended_at) for load in incident.judged) / 1000
        self.affected = len({a.user for a in failed})
        self.users = len({a.user for a in answers})
        self.failed = len(failed)
        self.answers = len(answers)
        self.wrong = wrong
        self.errors = [a for a in answers if a.status == 500]
        self.audit_clean = audit.returncode == 0

    def faults(self):
        """Why the drill is not passed; nothing where it is."""
        found = list(self.wrong[:5])
        if self.detected > DETECT_GOAL_S:
            found.append(f"the alert took {self.detected:.0f} s")
        if self.back > BACK_GOAL_S:
            found.append(f"calls succeeded again only {self.back:.1f} s after the cause was gone")
        if not self.audit_clean:
            found.append("the audit found violations")
        if self.errors:
            found.append(f"{len(self.errors)} answers of 500: {self.errors[0]}")
        return found


@contextlib.contextmanager
def people(incident, *, rate=15):
    """Who buys meanwhile, in both halls; whoever is refused asks again half a second later."""
    with Load(incident.queue, rate=rate, users=40, retry=500, judged=False) as first, \
            Load(incident.plain, rate=rate // 2, users=20, retry=500, judged=False) as second:
        incident.judged = [first, second]
        incident.loads += incident.judged
        yield


def carry_out(drill, warm_s=WARM_S):
    """The result of a drill on a stack of its own."""
    settings = {"workers": 8, **drill.settings}
    stack = Observed(**settings)
    try:
        with drill.around(stack):
            return practise(drill, stack.start(), warm_s)
    finally:
        stack.stop()


def practise(drill, stack, warm_s):
    stack.sweeper()
    cron = Cron(stack)
    incident = Incident(drill, stack, Hall(stack, capacity=300), Hall(stack), cron)
    drill.prepare(incident)
    cron.start()
    try:
        with people(incident):
            time.sleep(warm_s)
            drill.run(incident)
            time.sleep(SETTLE_S)
    finally:
        cron.end()
    wrong = [text for load in incident.loads for text in load.told.compare(stack)]
    result = Result(drill.name, incident, wrong, stack.ctl("audit"))
    timeline.write(drill.name, stack, incident, result)
    return result


# ---- the list of them


def nothing(_):
    """No preparation."""


def as_it_is(_):
    return contextlib.nullcontext()


class Drill:
    """One function that breaks and mends; `title` is a line of the table."""

    def __init__(self, function, title, alerts, settings, prepare, around):
        self.run = function
        self.alerts = alerts
        self.name = re.sub("_", "-", function.__name__)
        self.title = title
        self.settings = settings
        self.prepare = prepare
        self.around = around


ALL = {}


def drill(title, *alerts, prepare=nothing, around=as_it_is, **settings):
    """Puts a function into the list. Any of `alerts` is to tell of its fault; `around` is a context within which
    the stack runs."""
    def add(function):
        made = Drill(function, title, alerts, settings, prepare, around)
        ALL[made.name] = made
        return function
    return add
