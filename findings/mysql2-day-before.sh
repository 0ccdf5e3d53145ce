#!/usr/bin/env bash
# A DATE column read by Node.js and sent on as JSON.
#
# Guess: the date of a concert, DATE '2026-12-24', is the same in JSON, or at least begins so.
# What happens: mysql2 makes of a DATE the midnight of the process' own time zone, and JSON writes it in
#     UTC. In Seoul or Tokyo that is the day before: "2026-12-23T15:00:00.000Z". On a server whose zone is
#     UTC, where it was tested, it is the right day. A DATETIME, which has UTC in it, is moved by nine
#     hours in the same way. The time zone of the session (SET time_zone) changes nothing: neither type
#     has one.
# Versions: mysql2 3.24.5, Node.js 24.19.0, MariaDB 10.11.
# Source: mysql2's options `timezone` (local by default) and `dateStrings`.
# Frontrow: all instants in its tables are UTC, and `date` is a text in its API, as the operator gave it.
#     Who reads its tables with mysql2, for a report say, takes `timezone: 'Z'` and `dateStrings:
#     ['DATE']`.
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
node_packages mysql2@3.24.5

cat >ask.cjs <<'JS'
const mysql = require('mysql2/promise');
(async () => {
    const options = { socketPath: 'mariadb.sock', user: 'root', ...JSON.parse(process.argv[2]) };
    const client = await mysql.createConnection(options);
    await client.query("SET time_zone = '+00:00'");
    const [[row]] = await client.query("SELECT DATE '2026-12-24' AS day, TIMESTAMP '2026-12-24 10:30:00' AS utc");
    console.log(JSON.stringify(row));
    await client.end();
})();
JS
right='{"day":"2026-12-24T00:00:00.000Z","utc":"2026-12-24T10:30:00.000Z"}'
finding "on a machine in UTC" "$right" "$right" "$(TZ=UTC node ask.cjs '{}')"
finding "on a machine in Seoul" "$right" '{"day":"2026-12-23T15:00:00.000Z","utc":"2026-12-24T01:30:00.000Z"}' \
    "$(TZ=Asia/Seoul node ask.cjs '{}')"
finding "with timezone 'Z' and dateStrings" '{"day":"2026-12-24","utc":"2026-12-24T10:30:00.000Z"}' \
    '{"day":"2026-12-24","utc":"2026-12-24T10:30:00.000Z"}' \
    "$(TZ=Asia/Seoul node ask.cjs '{"timezone":"Z","dateStrings":["DATE"]}')"
finding_ends
