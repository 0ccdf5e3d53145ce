#!/usr/bin/env bash
# An instant with more digits than its column holds.
#
# Guess: MySQL and MariaDB store the same; what the column does not hold is cut off.
# What happens: MySQL rounds, MariaDB cuts off. '2026-12-31 23:59:59.9996' in a DATETIME(3), or 23:59:59.7
#     in a DATETIME, is 2027-01-01 00:00:00 in MySQL. A DATE rounds too: a concert of the evening of 31
#     December is one of 1 January. A clock in microseconds (Python's isoformat(), Go's time.Time) gives
#     such instants. Who moves from one engine to the other has the same INSERT on another day.
# Versions: MariaDB 10.11, MySQL 9.7.
# Source: MySQL's manual, "Fractional Seconds in Time Values" (rounding; TIME_TRUNCATE_FRACTIONAL);
#     MariaDB's "Microseconds in MariaDB" and SQL_MODE (TIME_ROUND_FRACTIONAL).
# Frontrow: cuts instants to milliseconds itself, before either engine sees them: its columns are
#     DATETIME(3), and what is written has three digits.
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
start_mysql
python_packages PyMySQL==1.2.4

cat >store.py <<'PY'
import sys, pymysql
cursor = pymysql.connect(unix_socket=sys.argv[1], user="root").cursor()
cursor.execute("CREATE DATABASE hall")
cursor.execute("CREATE TABLE hall.sale (id INT PRIMARY KEY, s DATETIME, ms DATETIME(3), day DATE) ENGINE = InnoDB")
cursor.execute("INSERT INTO hall.sale VALUES (1, '2026-12-31 23:59:59.7', '2026-12-31 23:59:59.9996', "
               "'2026-12-31 23:59:59.7')")
cursor.execute("SELECT CAST(s AS CHAR), CAST(ms AS CHAR), CAST(day AS CHAR) FROM hall.sale")
print(*cursor.fetchone(), sep=" | ")
PY
guess="2026-12-31 23:59:59 | 2026-12-31 23:59:59.999 | 2026-12-31"
finding "MariaDB: DATETIME, DATETIME(3), DATE" "$guess" "$guess" "$(python3 store.py mariadb.sock)"
finding "MySQL: the same INSERT" "$guess" "2027-01-01 00:00:00 | 2027-01-01 00:00:00.000 | 2027-01-01" \
    "$(python3 store.py mysql.sock)"
finding_ends
