#!/usr/bin/env bash
# A prepared statement that compares two user variables, executed with numbers first and with texts later.
#
# Guess: '' and 'user_999' differ, whatever was compared before.
# What happens: MySQL gives a user variable in a prepared statement the type that it had when the statement
#     was prepared. The texts are made numbers, 0 and 0, so they are equal, without an error. A statement that
#     is prepared anew, or not prepared, says that they differ; so does MariaDB. A job that walks through
#     several tables on one connection, by "SELECT @at = @end", takes the second table for done.
# Versions: MariaDB 10.11, MySQL 9.7 (where Debian's unstable can be had).
# Source: MySQL's manual, "PREPARE Statement" (since 8.0.22 types are determined when it is prepared, and
#     values given later are cast to them); MariaDB's "PREPARE Statement" says nothing of it.
# Frontrow: compares by a statement that is not prepared (mysql/schema/rebuild_copy.c), and compares a rebuilt
#     table with its original before it takes its place.
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
start_mysql
python_packages PyMySQL==1.2.4

cat >variables.py <<'PY'
import sys, pymysql

cursor = pymysql.connect(unix_socket=sys.argv[1], user="root").cursor()

def is_same(name, at, end):
    cursor.execute("SET @at = %s, @end = %s", (at, end))
    cursor.execute(f"EXECUTE {name}")
    return cursor.fetchone()[0]

cursor.execute("SET @at = 0, @end = 999")
cursor.execute("PREPARE used FROM 'SELECT @at = @end'")
got = [is_same("used", 0, 999), is_same("used", "", "user_999")]
cursor.execute("PREPARE fresh FROM 'SELECT @at = @end'")
got.append(is_same("fresh", "", "user_999"))
print(*got)
PY

for engine in mariadb mysql; do
    seen="0 0 0"
    [[ $engine != mysql ]] || seen="0 1 0"
    finding "$engine: numbers, texts, texts by a statement of their own" "0 0 0" "$seen" \
        "$(python3 variables.py $engine.sock)"
done
finding_ends
