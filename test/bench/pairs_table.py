"""Prints what scripts/bench --against and scripts/bench sellout measured: both builds and their ratio, which
is the median of the rounds' own ratios. The lines are those of bench_table.py."""
import sys
from statistics import median

from bench_table import PROCESSES, TITLES, read


def title(row):
    plain = row.removesuffix('-key')
    return TITLES.get(plain, row) + (', with a key' if plain != row else '')


def column(values, form='{:,.0f}'):
    return form.format(median(values))


def print_rows(found, rows, before):
    print('| route | a second | then | ratio | CPU, us | then | ratio | ' + ' | '.join(f'{name}, then' for name in
          PROCESSES[:4]) + ' | errors |')
    print('|---|' + '---:|' * 11)
    for row in rows:
        now, then = found[row, 'now'], found[row, before]
        print('|', ' | '.join([
            title(row), column(m.rate for m in now), column(m.rate for m in then),
            column((n.rate / t.rate for n, t in zip(now, then)), '{:.2f}'),
            column(m.total_cpu for m in now), column(m.total_cpu for m in then),
            column((n.total_cpu / t.total_cpu for n, t in zip(now, then)), '{:.2f}'),
            *(f'{column(m.cpu[i] for m in now)}, {column(m.cpu[i] for m in then)}' for i in range(4)),
            str(sum(m.told['errors'] for m in now + then))]), '|')


def print_sellouts(found, rows, before):
    print('| sell-out | build | last seat after s | all answered after s | refused a second | sold | unanswered | '
          'CPU of all, s | busy | errors |')
    print('|---|---|' + '---:|' * 8)
    for row in rows:
        for side in sorted({before, 'now'}, reverse=True):
            runs = found[row, side]
            print('|', ' | '.join([
                row, side, column((m.told['last_seat'] for m in runs), '{:.1f}'),
                column((m.told['seconds'] for m in runs), '{:.1f}'),
                column(m.told['refused'] / m.told['seconds'] for m in runs),
                *(column(m.told[name] for m in runs) for name in ('sold', 'unanswered')),
                column((m.total_cpu * m.done / 1e6 for m in runs), '{:.1f}'),
                *(str(sum(m.told[name] for m in runs)) for name in ('busy', 'errors'))]), '|')
        ratios = [n.told['seconds'] / t.told['seconds'] for n, t in zip(found[row, 'now'], found[row, before])]
        print(f'{row}: time until all are answered, now to {before}: {median(ratios):.2f}')


def main():
    path, before = sys.argv[1:]
    found = read(path)
    rows = list(dict.fromkeys(row for row, _ in found))
    sellouts = [row for row in rows if row.startswith('sellout')]
    if sellouts:
        print_sellouts(found, sellouts, before)
    else:
        print_rows(found, rows, before)
    others = [100 * m.others for runs in found.values() for m in runs]
    print(f'\nOther work on this machine meanwhile: {median(others):.0f}% of one core '
          f'(from {min(others):.0f}% to {max(others):.0f}%).')
    return 1 if any(m.told['errors'] for runs in found.values() for m in runs) else 0


if __name__ == '__main__':
    sys.exit(main())
