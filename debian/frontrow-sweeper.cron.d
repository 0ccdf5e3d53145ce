# The sweeper each minute and the audit each day where no systemd does it by their timers; and each week what is too
# old is deleted.
SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# sweeper.env, audit.env: users of their own at MySQL and Redis, if they have some
* * * * * frontrow [ -d /run/systemd/system ] || { set -a; [ ! -e /etc/frontrow/sweeper.env ] || . /etc/frontrow/sweeper.env; frontrow-sweeper --config /etc/frontrow/frontrow.conf 2>&1 | logger -t frontrow-sweeper; }
37 5 * * * frontrow [ -d /run/systemd/system ] || { set -a; [ ! -e /etc/frontrow/audit.env ] || . /etc/frontrow/audit.env; frontrowctl --config /etc/frontrow/frontrow.conf audit 2>&1 | logger -t frontrow-audit; }
17 4 * * 1 frontrow set -a; [ ! -e /etc/frontrow/sweeper.env ] || . /etc/frontrow/sweeper.env; frontrowctl --config /etc/frontrow/frontrow.conf prune 2>&1 | logger -t frontrow-prune
