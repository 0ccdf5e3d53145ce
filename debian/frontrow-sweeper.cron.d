# The sweeper each minute where no systemd does it by frontrow-sweeper.timer; and each week what is too old is deleted.
SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# sweeper.env: users of its own at MySQL and Redis, if it has some
* * * * * frontrow [ -d /run/systemd/system ] || { set -a; [ ! -e /etc/frontrow/sweeper.env ] || . /etc/frontrow/sweeper.env; frontrow-sweeper --config /etc/frontrow/frontrow.conf 2>&1 | logger -t frontrow-sweeper; }
17 4 * * 1 frontrow set -a; [ ! -e /etc/frontrow/sweeper.env ] || . /etc/frontrow/sweeper.env; frontrowctl --config /etc/frontrow/frontrow.conf prune 2>&1 | logger -t frontrow-prune
