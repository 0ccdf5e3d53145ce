"""Prints the tables of scripts/bench. The measurements are lines of: round, row, part, CPU before and
after (k6_measure_line), user and system seconds of the generator, its JSON."""
import json
import sys
from statistics import median

PROCESSES = ('nginx', 'workers', 'MySQL', 'Redis', 'generator')
TITLES = {
    'fresh': 'POST /reservation, fresh seat', 'taken': 'POST /reservation, taken, spread',
    'hot': 'POST /reservation, taken, 50 hot seats', 'none': 'best available, none left',
    'token': 'POST /token/add, no queue',
    'token-queue': 'POST /token/add, with a queue', 'payment': 'POST /payment',
    'charge': 'POST /point/charge', 'best': 'best available, 2 adjacent', 'booking': 'full booking',
    'seats': 'GET seats (300)', 'concerts': 'GET concerts', 'items': 'GET items (100)',
    'queue': 'GET queue'}


class Measurement:
    def __init__(self, before, after, times, line):
        before, after = ([int(n) for n in text.split(',')] for text in (before, after))
        self.told = json.loads(line)
        seconds = self.told['seconds']
        self.done = self.told.get('bookings') or self.told['requests']
        self.rate = self.done / seconds
        used = [1000 * (b - a) for a, b in zip(before[1:5], after[1:5])]
        used.append(1e6 * sum(float(n) for n in times.split()))
        self.cpu = [n / max(self.done, 1) for n in used]
        self.total_cpu = sum(self.cpu)
        self.others = (1000 * (after[6] - before[6]) - sum(used)) / (1000 * (after[0] - before[0]))


def read(path):
    found = {}
    for text in open(path):
        number, row, part, *rest = text.rstrip('\n').split('\t')
        if number != '0':
            found.setdefault((row, part), []).append(Measurement(*rest))
    return found


def composites(found, row):
    """What the row's limits allow together, round by round; empty where it has none."""
    if (row, 'plain') in found:
        return [m.rate for m in found[row, 'plain']]
    parts = [found[row, part] for part in ('bare', 'sql', 'redis') if (row, part) in found]
    return [1 / sum(1 / m.rate for m in together) for together in zip(*parts)]


def limits(found, row):
    if row == 'best':
        return [m.rate for m in found.get(('fresh', 'route'), [])]
    if row == 'booking':
        calls = [composites(found, call) for call in ('token', 'seats', 'fresh', 'charge', 'payment')]
        return [1 / sum(1 / rate for rate in together) for together in zip(*calls)]
    return composites(found, row)


def middle(values, form='{:,.0f}'):
    values = list(values)
    return form.format(median(values)) if values else ''


def print_routes(found):
    print('| route | a second | p50 ms | p99 ms | ' + ' | '.join(PROCESSES) +
          ' | all | limit a second | ratio | errors | others |')
    print('|---|' + '---:|' * (len(PROCESSES) + 8))
    for row, part in found:
        if part != 'route':
            continue
        runs, most = found[row, part], limits(found, row)
        print('|', ' | '.join([
            TITLES[row], middle(m.rate for m in runs),
            middle((m.told['p50'] / 1000 for m in runs), '{:.2f}'),
            middle((m.told['p99'] / 1000 for m in runs), '{:.2f}'),
            *(middle(m.cpu[i] for m in runs) for i in range(len(PROCESSES))),
            middle(m.total_cpu for m in runs), middle(most),
            middle((m.rate / limit for m, limit in zip(runs, most)), '{:.2f}'),
            str(sum(m.told['errors'] for m in runs)),
            middle((100 * m.others for m in runs), '{:.0f}%')]), '|')


def print_limits(found):
    print('| route | bare libfcgi a second | statements a second | Redis calls a second | '
          'CPU of these, us | CPU of the route / of these | both in one process a second | CPU of that, us | '
          'ratio to that |')
    print('|---|' + '---:|' * 8)
    for row, part in found:
        if part != 'bare':
            continue
        parts = [found.get((row, name), []) for name in ('bare', 'sql', 'redis')]
        both = found.get((row, 'both'), [])
        cpu = [sum(m.total_cpu for m in together) for together in zip(*filter(None, parts))]
        print('|', ' | '.join([
            TITLES[row], *(middle(m.rate for m in runs) for runs in parts), middle(cpu),
            middle((m.total_cpu / own for m, own in zip(found[row, 'route'], cpu)), '{:.2f}'),
            middle(m.rate for m in both), middle(m.total_cpu for m in both),
            middle((m.rate / most.rate for m, most in zip(found[row, 'route'], both)), '{:.2f}')]), '|')


def print_procedure(found):
    """For information: it is no limit of a program that sends its statements one by one."""
    runs = found.get(('fresh', 'procedure'))
    if runs:
        print(f"\nFor information: the statements of {TITLES['fresh']}, as one stored procedure: "
              f"{middle(m.rate for m in runs)} a second, {middle(m.total_cpu for m in runs)} us of CPU.")


def main():
    path, rounds, seconds, connections, pinned = sys.argv[1:]
    found = read(path)
    print(f'Medians of {rounds} rounds of {seconds} s, {connections} connections, generator '
          + ('on a core of its own' if pinned == 'yes' else 'on the same cores') +
          '. CPU in microseconds a request (a booking).\n')
    print_routes(found)
    print()
    print_limits(found)
    print_procedure(found)
    every = [m for runs in found.values() for m in runs]
    others = [100 * m.others for m in every]
    print(f'\nOther work on this machine meanwhile: {median(others):.0f}% of one core '
          f'(from {min(others):.0f}% to {max(others):.0f}%).')
    return 1 if any(m.told['errors'] for m in every) else 0


if __name__ == '__main__':
    sys.exit(main())
