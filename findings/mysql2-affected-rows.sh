#!/usr/bin/env bash
# How many rows an UPDATE changed that changed nothing, by client.
#
# Guess: affectedRows (RowsAffected, rowcount) is the server's count of rows that were changed, the same
#     in all clients.
# What happens: mysql2 for Node.js asks the server for the rows that were found (CLIENT_FOUND_ROWS), so an
#     UPDATE that writes what is there already says 1; PyMySQL and the command line say 0. With ON
#     DUPLICATE KEY UPDATE it is 1 for a row that stayed as it was, which looks as if it had been
#     inserted. Who takes "affected 1" as "the seat is mine now" is right with one client and wrong with
#     the other.
# Versions: mysql2 3.24.5, PyMySQL 1.2.4, MariaDB 10.11.
# Source: mysql_affected_rows() in MySQL's C API guide; the option "flags" of mysql and mysql2 (FOUND_ROWS
#     is a default).
# Frontrow: asks for changed rows, and its statements change every row that they find, so both counts
#     agree (docs/engines.md). Port SQL with its client's flags: `flags: ['-FOUND_ROWS']` in mysql2.
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
python_packages PyMySQL==1.2.4
node_packages mysql2@3.24.5

sql() {
    mariadb --no-defaults --user=root --socket=mariadb.sock --skip-column-names --batch --execute "$1"
}
export UPDATE="UPDATE hall.seat SET holder = 7 WHERE id = 1"
export UPSERT="INSERT INTO hall.seat VALUES (1, 7) ON DUPLICATE KEY UPDATE holder = 7"
sql "CREATE DATABASE hall; CREATE TABLE hall.seat (id INT PRIMARY KEY, holder INT) ENGINE = InnoDB;
    INSERT INTO hall.seat VALUES (1, 7)"

cat >ask.py <<'PY'
import os, pymysql
cursor = pymysql.connect(unix_socket="mariadb.sock", user="root", autocommit=True).cursor()
print(*(cursor.execute(os.environ[name]) for name in ("UPDATE", "UPSERT")))
PY
cat >ask.cjs <<'JS'
const mysql = require('mysql2/promise');
(async () => {
    const client = await mysql.createConnection({ socketPath: 'mariadb.sock', user: 'root',
        ...(process.argv[2] && { flags: [process.argv[2]] }) });
    const counts = [];
    for (const name of ['UPDATE', 'UPSERT']) counts.push((await client.query(process.env[name]))[0].affectedRows);
    console.log(counts.join(' '));
    await client.end();
})();
JS
finding "command line: UPDATE, upsert of what is there" "0 0" "0 0" \
    "$(sql "$UPDATE; SELECT ROW_COUNT(); $UPSERT; SELECT ROW_COUNT()" | paste -sd ' ')"
finding "PyMySQL" "0 0" "0 0" "$(python3 ask.py)"
finding "mysql2" "0 0" "1 1" "$(node ask.cjs)"
finding "mysql2 without FOUND_ROWS" "0 0" "0 0" "$(node ask.cjs -FOUND_ROWS)"
finding_ends
