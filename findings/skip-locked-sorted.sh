#!/usr/bin/env bash
# The best free seat by SELECT ... ORDER BY price DESC LIMIT 1 FOR UPDATE SKIP LOCKED.
#
# Guess: the first buyer locks one seat; the second one's SKIP LOCKED skips it and gets the next.
# What happens: where no index gives the order, rows are locked as they are read, all of them, and sorted
#     and cut to one afterwards. So the first buyer has locked every free seat, and the second gets no
#     row: sold out, with 99 of 100 seats free, until the first transaction ends. READ COMMITTED does not
#     help: all rows fit the WHERE. Ordered by the primary key, or by an index that has both columns, it
#     does what one expects.
# Versions: MariaDB 10.11, MySQL 9.7 (where Debian's unstable can be had).
# Source: MySQL's manual, "Locks Set by Different SQL Statements in InnoDB" (a lock on every row that is
#     scanned) and "Locking Reads" (SKIP LOCKED); MariaDB's SKIP LOCKED. None of them puts the two
#     together.
# Frontrow: chooses without a lock, then locks the chosen seats by their primary key, and chooses again
#     where somebody else has one of them (domain/sale/seating.c).
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
start_mysql
python_packages PyMySQL==1.2.4

cat >buyers.py <<'PY'
import sys, pymysql

def connect():
    connection = pymysql.connect(unix_socket=sys.argv[1], user="root")
    cursor = connection.cursor()
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return cursor

first, second = connect(), connect()
first.execute("CREATE DATABASE IF NOT EXISTS hall")
for cursor in first, second:
    cursor.execute("USE hall")
first.execute("DROP TABLE IF EXISTS seat")
first.execute("CREATE TABLE seat (id INT PRIMARY KEY, status CHAR(4) NOT NULL, price INT NOT NULL, KEY (status)) "
              "ENGINE = InnoDB")
first.executemany("INSERT INTO seat VALUES (%s, 'free', %s)", [(i, 1000 + i) for i in range(1, 101)])
if len(sys.argv) > 3:
    first.execute("CREATE INDEX best ON seat (status, price)")
first.connection.commit()
ask = f"SELECT id FROM seat WHERE status = 'free' ORDER BY {sys.argv[2]} LIMIT 1 FOR UPDATE SKIP LOCKED"
got = []
for cursor in first, second:
    cursor.execute(ask)
    got.append((cursor.fetchone() or ("none",))[0])
print(*got)
PY

for engine in mariadb mysql; do
    finding "$engine, ORDER BY price DESC: the seats of two buyers" "100 99" "100 none" \
        "$(python3 buyers.py $engine.sock "price DESC")"
    finding "$engine, ORDER BY id" "1 2" "1 2" "$(python3 buyers.py $engine.sock id)"
    finding "$engine, ORDER BY price DESC with an index (status, price)" "100 99" "100 99" \
        "$(python3 buyers.py $engine.sock "price DESC" index)"
done
finding_ends
