"""A database of a test's own beside the stack's, for what must not touch the books of others."""

import contextlib
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parents[1]

FILLER = """
CREATE TABLE filler (i INT PRIMARY KEY);
INSERT INTO filler
WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 999)
SELECT a.n * 1000 + b.n FROM d a CROSS JOIN d b WHERE a.n * 1000 + b.n < {count};

INSERT INTO concert (concert_id, title, venue, status, admission_capacity, created_at)
VALUES (1, 'Filled', 'Here', 'open', NULL, UTC_TIMESTAMP(3)),
       (2, 'Filled, with a queue', 'Here', 'open', 100, UTC_TIMESTAMP(3));
INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)
SELECT i + 1, 1, DATE(UTC_TIMESTAMP) + INTERVAL i MOD 1000 DAY, UTC_TIMESTAMP + INTERVAL 30 DAY,
       1000, 1000, 1000
FROM filler WHERE i < {count} DIV 1000;

INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, status, seat_count,
                         total_price, seat_limit, created_at, expires_at)
SELECT i + 1, CONCAT('user_', i MOD ({count} DIV 5)), 1, i DIV 1000 + 1,
       ELT(i MOD 10 + 1, 'paid', 'paid', 'paid', 'paid', 'paid', 'cancelled', 'cancelled',
           'expired', 'expired', 'held'),
       1, 1000, IF(i MOD 3 = 0, 5, NULL),
       UTC_TIMESTAMP(3) - INTERVAL IF(i MOD 10 = 9, 0, i) SECOND,
       UTC_TIMESTAMP(3) + INTERVAL 1 HOUR - INTERVAL IF(i MOD 10 = 9, 0, i) SECOND
FROM filler ORDER BY i;
INSERT INTO reservation_seat (reservation_id, seat_no, price)
SELECT i + 1, i MOD 1000 + 1, 1000 FROM filler ORDER BY i;
INSERT INTO seat (item_id, seat_no, status, reservation_id, held_until, price, label)
SELECT r.item_id, i MOD 1000 + 1,
       IF(r.status = 'paid', 'sold', IF(r.status = 'held', 'held', 'available')),
       IF(r.status IN ('paid', 'held'), r.reservation_id, NULL),
       IF(r.status = 'held', r.expires_at, NULL), 1000, i MOD 1000 + 1
FROM filler JOIN reservation r ON r.reservation_id = i + 1 ORDER BY i;

INSERT INTO payment (reservation_id, user_id, amount, status, paid_at)
SELECT i + 1, CONCAT('user_', i MOD ({count} DIV 5)), 1000, IF(i MOD 10 = 5, 'refunded', 'paid'),
       UTC_TIMESTAMP(3)
FROM filler WHERE i MOD 10 <= 5 ORDER BY i;
INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)
SELECT user_id, kind, amount, SUM(amount) OVER (PARTITION BY user_id ORDER BY place),
       reservation_id, UTC_TIMESTAMP(3)
FROM (SELECT CONCAT('user_', i) AS user_id, 'charge' AS kind, 1000000 AS amount,
             NULL AS reservation_id, -1 AS place FROM filler WHERE i < {count} DIV 5
      UNION ALL SELECT CONCAT('user_', i MOD ({count} DIV 5)), 'payment', -1000, i + 1, 2 * i
      FROM filler WHERE i MOD 10 <= 5
      UNION ALL SELECT CONCAT('user_', i MOD ({count} DIV 5)), 'refund', 1000, i + 1, 2 * i + 1
      FROM filler WHERE i MOD 10 = 5) a
ORDER BY place;
INSERT INTO point (user_id, balance) SELECT user_id, SUM(amount) FROM point_history GROUP BY user_id;

INSERT INTO queue_token (concert_id, number, token, user_id, status, lease_until, created_at)
SELECT 2, i + 1, LEFT(UNHEX(SHA2(i, 256)), 16), CONCAT('user_', i),
       IF(i + 1000 < {count}, 'done', IF(i + 900 < {count}, 'active', 'waiting')),
       IF(i + 900 < {count}, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, NULL), UTC_TIMESTAMP(3)
FROM filler ORDER BY i;
INSERT INTO open_token (concert_id, user_id, token, lease_until)
SELECT 1, CONCAT('user_', i), LEFT(UNHEX(SHA2(-1 - i, 256)), 16), UTC_TIMESTAMP(3) + INTERVAL i SECOND
FROM filler ORDER BY i;
INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, effect_id, body, created_at)
SELECT user_id, CONCAT('key-', reservation_id), UNHEX(SHA2(reservation_id, 256)), 'reserve',
       reservation_id, '{{}}', UTC_TIMESTAMP(3) - INTERVAL reservation_id MOD 80000 SECOND
FROM reservation ORDER BY reservation_id;
DROP TABLE filler;
ANALYZE TABLE concert, item, seat, reservation, reservation_seat, payment, point, point_history,
    queue_token, open_token, idempotency;
"""


class Books:
    """A database with the schema, and the programs working on it."""

    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        # frontrow's own account sees the database `frontrow` only
        self.environment = stack.environment | {
            "FRONTROW_MYSQL_DATABASE": name, "FRONTROW_MYSQL_USER": "root",
        }
        stack.query(f"DROP DATABASE IF EXISTS {name}")
        stack.query(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")

    def program(self, name, *arguments, stdin=""):
        return subprocess.run(
            [self.stack.build / name, "--config", self.stack.var / "frontrow.conf", *arguments],
            env=self.environment, timeout=120, text=True, input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def ctl(self, *arguments, stdin=""):
        return self.program("frontrowctl", *arguments, stdin=stdin)

    def connect(self):
        connection = self.stack.mysql()
        connection.select_db(self.name)
        return connection

    def query(self, sql, *values):
        """The rows of the last of some statements that are separated by `;` at a line's end."""
        rows = []
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, sql.split(";\n")):
                cursor.execute(statement, values or None)
                rows = list(cursor.fetchall())
        return rows

    def fill(self, count):
        """`count` (at most a million) reservations of all sorts, right books; the tables empty."""
        self.query(FILLER.format(count=count))


# What migrations 009 and 010 did, undone: the running programs do not notice.
NARROW = """
ALTER TABLE reservation_seat DROP FOREIGN KEY reservation_seat_reservation;
ALTER TABLE payment DROP FOREIGN KEY payment_reservation;
ALTER TABLE seat MODIFY reservation_id INT NULL;
ALTER TABLE point_history DROP CONSTRAINT history_sign, DROP CONSTRAINT history_reservation,
    MODIFY history_id INT NOT NULL AUTO_INCREMENT, MODIFY reservation_id INT NULL;
ALTER TABLE idempotency MODIFY effect_id INT NULL COMMENT 'of the row that the effect made or changed',
    MODIFY body VARBINARY(60000) NULL COMMENT 'the bytes of the 200; NULL only inside the transaction';
ALTER TABLE audit_log MODIFY audit_log_id INT NOT NULL AUTO_INCREMENT;
ALTER TABLE reservation DROP CONSTRAINT reservation_hold, MODIFY reservation_id INT NOT NULL AUTO_INCREMENT;
ALTER TABLE reservation_seat MODIFY reservation_id INT NOT NULL,
    ADD CONSTRAINT reservation_seat_of FOREIGN KEY (reservation_id) REFERENCES reservation (reservation_id);
ALTER TABLE payment MODIFY payment_id INT NOT NULL AUTO_INCREMENT, MODIFY reservation_id INT NOT NULL,
    ADD CONSTRAINT payment_of FOREIGN KEY (reservation_id) REFERENCES reservation (reservation_id);
DELETE FROM schema_migrations WHERE version IN (9, 10);
"""
# What the demo begins with: all that there is goes.
EMPTY = "".join(line for line in (ROOT / "schema/demo.sql").read_text().splitlines(keepends=True)
                if line.startswith("DELETE FROM "))


def run_script(query, script):
    """Runs statements that are separated by `;` at a line's end."""
    for statement in filter(str.strip, script.split(";\n")):
        query(statement)
