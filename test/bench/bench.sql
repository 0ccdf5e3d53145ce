-- What scripts/bench needs beside the demo and k6/hall.sql (concert 10: item 1001 is for the route,
-- 1002 for the limit). Like there, the audit log makes it a part of the demo.
START TRANSACTION;

INSERT INTO concert (concert_id, title, venue, status, admission_capacity, hold_seconds, created_at)
VALUES (11, 'Best available', 'Bench', 'open', NULL, 3600, UTC_TIMESTAMP(3)),
       (12, 'Held by others', 'Bench', 'open', NULL, 3600, UTC_TIMESTAMP(3)),
       (13, 'Full booking', 'Bench', 'open', NULL, 3600, UTC_TIMESTAMP(3)),
       (14, 'None left', 'Bench', 'open', NULL, 3600, UTC_TIMESTAMP(3)),
       (20, 'A queue for the route', 'Bench', 'open', 100, 3600, UTC_TIMESTAMP(3)),
       (21, 'A queue for the statements', 'Bench', 'open', 100, 3600, UTC_TIMESTAMP(3)),
       (22, 'A queue for the calls to Redis', 'Bench', 'open', 100, 3600, UTC_TIMESTAMP(3));
UPDATE concert SET line_version = UNIX_TIMESTAMP(), line_since = UNIX_TIMESTAMP()
WHERE concert_id >= 20;

CREATE TEMPORARY TABLE counter (n INT NOT NULL PRIMARY KEY);
INSERT INTO counter
WITH RECURSIVE digit (d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM digit WHERE d < 9)
SELECT a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d + 1
FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit e CROSS JOIN digit f;

-- 150 halls of 600 seats in rows of 20 to find pairs in, 1201 and 1202 with all seats held, 200 of
-- 300 seats to book, 14001 of 50,000 without one to be had
INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)
SELECT 11000 + n, 11, DATE(UTC_TIMESTAMP) + INTERVAL 30 DAY, UTC_TIMESTAMP(3) + INTERVAL 30 DAY,
       600, 50000, 50000 FROM counter WHERE n <= 150
UNION ALL
SELECT 1200 + n, 12, DATE(UTC_TIMESTAMP) + INTERVAL 30 DAY, UTC_TIMESTAMP(3) + INTERVAL 30 DAY,
       100000, 50000, 50000 FROM counter WHERE n <= 2
UNION ALL
SELECT 13000 + n, 13, DATE(UTC_TIMESTAMP) + INTERVAL 30 DAY, UTC_TIMESTAMP(3) + INTERVAL 30 DAY,
       300, 50000, 50000 FROM counter WHERE n <= 200
UNION ALL
SELECT 14001, 14, DATE(UTC_TIMESTAMP) + INTERVAL 30 DAY, UTC_TIMESTAMP(3) + INTERVAL 30 DAY,
       50000, 50000, 50000;
UPDATE item SET layout_version = 1 WHERE layout_version = 0; -- an item of the API always has one

INSERT INTO seat (item_id, seat_no, price, blocked, section, row_name, label)
SELECT item_id, n, 50000, concert_id = 14, (n - 1) DIV 300 + 1, (n - 1) MOD 300 DIV 20 + 1,
       (n - 1) MOD 20 + 1
FROM item JOIN counter ON n <= seat_count WHERE concert_id IN (11, 13, 14);

-- Seat n of 1201 and 1202 is held by user held-<id>, with a token and the money to pay; the
-- reservation's id is 1000000 or 2000000 and n, the token's bytes are the id.
SET @now = UTC_TIMESTAMP(3), @until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR;
INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, seat_count, total_price,
                         created_at, expires_at)
SELECT (item_id - 1200) * 1000000 + n, CONCAT('held-', (item_id - 1200) * 1000000 + n), 12, item_id,
       1, 50000, @now, @until
FROM item CROSS JOIN counter WHERE concert_id = 12 ORDER BY 1;
INSERT INTO reservation_seat (reservation_id, seat_no, price)
SELECT reservation_id, reservation_id MOD 1000000, 50000 FROM reservation WHERE concert_id = 12;
INSERT INTO seat (item_id, seat_no, status, reservation_id, held_until, price, section, row_name, label)
SELECT item_id, reservation_id MOD 1000000, 'held', reservation_id, @until, 50000, '1',
       reservation_id MOD 1000000 DIV 100, reservation_id MOD 100
FROM reservation WHERE concert_id = 12;
INSERT INTO point (user_id, balance)
SELECT user_id, 50000 FROM reservation WHERE concert_id = 12;
INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)
SELECT user_id, 'charge', 50000, 50000, @now FROM reservation WHERE concert_id = 12;
INSERT INTO open_token (concert_id, user_id, token, lease_until)
SELECT 12, user_id, UNHEX(LPAD(HEX(reservation_id), 32, '0')), @until
FROM reservation WHERE concert_id = 12;

INSERT INTO audit_log (actor, action, concert_id, detail, created_at)
SELECT 'ctl', 'demo load', concert_id, title, UTC_TIMESTAMP(3) FROM concert
WHERE concert_id BETWEEN 11 AND 22;

COMMIT;
