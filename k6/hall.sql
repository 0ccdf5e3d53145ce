-- The hall of k6/fresh.js and k6/open.js: 200,000 seats in two items, no queue. Run after
-- `frontrowctl demo reset`; the row in the audit log makes it a part of the demo, so that the next
-- reset replaces it.
START TRANSACTION;

INSERT INTO concert (concert_id, title, venue, status, created_at)
VALUES (10, '만석 (Full House)', '대형 공연장 (The Large Hall)', 'open', UTC_TIMESTAMP(3));

INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)
VALUES (1001, 10, DATE(UTC_TIMESTAMP) + INTERVAL 30 DAY, UTC_TIMESTAMP(3) + INTERVAL 30 DAY, 100000, 50000, 50000),
       (1002, 10, DATE(UTC_TIMESTAMP) + INTERVAL 31 DAY, UTC_TIMESTAMP(3) + INTERVAL 31 DAY, 100000, 50000, 50000);

-- five digits, each of its own: a recursion of 100,000 steps is refused by MySQL
INSERT INTO seat (item_id, seat_no, price, section, row_name, label)
WITH RECURSIVE digit (d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM digit WHERE d < 9),
counter (n) AS (
    SELECT a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d + 1
    FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit e CROSS JOIN digit f
)
SELECT item_id, n, 50000, (n - 1) DIV 10000 + 1, (n - 1) MOD 10000 DIV 100 + 1, (n - 1) MOD 100 + 1
FROM item CROSS JOIN counter WHERE concert_id = 10;

INSERT INTO audit_log (actor, action, concert_id, detail, created_at)
VALUES ('ctl', 'demo load', 10, 'the hall of the load scenarios', UTC_TIMESTAMP(3));

COMMIT;
