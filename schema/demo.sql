-- The demo: five concerts, one for each thing to see. It replaces everything that is there;
-- frontrowctl runs it in one transaction, so that readers see the old or the new, never half.
-- The audit log stays: by the rows that this file writes into it, frontrowctl tells the demo's
-- concerts from others. So do the operators, who would lose their keys, and halls that are kept, which are no concert's.

DELETE FROM idempotency;
DELETE FROM webhook_delivery;
DELETE FROM webhook;
DELETE FROM outbox_event;
DELETE FROM concert_told;
DELETE FROM imported_order;
DELETE FROM waitlist_return;
DELETE FROM waitlist_entry;
DELETE FROM imported_balance;
DELETE FROM presale_code;
DELETE FROM presale_slot;
DELETE FROM presale;
DELETE FROM payment;
DELETE FROM point_history;
DELETE FROM point;
DELETE FROM ticket;
DELETE FROM reservation_seat;
DELETE FROM returned_seat;
DELETE FROM box_office_refund;
DELETE FROM box_office_sale;
DELETE FROM reservation;
DELETE FROM seat_quota;
DELETE FROM queue_token;
DELETE FROM open_token;
DELETE FROM concert_draw_rank;
DELETE FROM concert_draw;
DELETE FROM refund_rule;
DELETE FROM seat;
DELETE FROM item_cancel;
DELETE FROM item;
DELETE FROM concert_about;
DELETE FROM concert;

INSERT INTO concert (concert_id, title, venue, status, opens_at, admission_capacity,
                     max_seats_per_user, time_zone, created_at)
VALUES
    -- open, without a queue: what the load scripts reserve
    (1, '백일의 무대 (A Hundred Nights on Stage)', '올림픽홀 (Olympic Hall), Seoul',
     'open', NULL, NULL, NULL, 'Asia/Seoul', UTC_TIMESTAMP(3)),
    -- open, behind a queue
    (2, '별빛 콘서트 (Starlight Live)', '고척 스카이돔 (Gocheok Sky Dome), Seoul',
     'open', NULL, 100, NULL, 'Asia/Seoul', UTC_TIMESTAMP(3)),
    -- not on sale
    (3, '봄의 소리 (Voices of Spring)', '예술의전당 (Seoul Arts Center), Seoul',
     'closed', NULL, NULL, NULL, 'Asia/Seoul', UTC_TIMESTAMP(3)),
    -- nearly sold out, and no more than 4 seats for one
    (4, '마지막 인사 (The Farewell Tour)', '부산 벡스코 (BEXCO), Busan',
     'open', NULL, NULL, 4, 'Asia/Seoul', UTC_TIMESTAMP(3)),
    -- on sale from tomorrow evening (20:00 in Seoul)
    (5, '내일의 노래 (Songs of Tomorrow)', '인천 문학경기장 (Munhak Stadium), Incheon', 'open',
     DATE(UTC_TIMESTAMP + INTERVAL 9 HOUR) + INTERVAL 1 DAY + INTERVAL 11 HOUR, 100, 4,
     'Asia/Seoul', UTC_TIMESTAMP(3));

-- Above all that the concerts before had: what Redis still keeps of their queues does not hold.
UPDATE concert SET line_version = UNIX_TIMESTAMP(), line_since = UNIX_TIMESTAMP();

-- All items begin at 19:30 in Seoul, a month ahead and later.
INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 100)
SELECT n, 1, DATE(UTC_TIMESTAMP) + INTERVAL 30 + n DAY,
       DATE(UTC_TIMESTAMP) + INTERVAL 30 + n DAY + INTERVAL '10:30' HOUR_MINUTE, 50, 88000, 110000
FROM counter
UNION ALL
SELECT 100 + n, 2, DATE(UTC_TIMESTAMP) + INTERVAL 40 + n DAY,
       DATE(UTC_TIMESTAMP) + INTERVAL 40 + n DAY + INTERVAL '10:30' HOUR_MINUTE, 300, 77000, 154000
FROM counter WHERE n <= 3
UNION ALL
SELECT 103 + n, 3, DATE(UTC_TIMESTAMP) + INTERVAL 60 + n DAY,
       DATE(UTC_TIMESTAMP) + INTERVAL 60 + n DAY + INTERVAL '10:30' HOUR_MINUTE, 50, 88000, 110000
FROM counter WHERE n <= 1
UNION ALL
SELECT 104 + n, 4, DATE(UTC_TIMESTAMP) + INTERVAL 35 + n DAY,
       DATE(UTC_TIMESTAMP) + INTERVAL 35 + n DAY + INTERVAL '10:30' HOUR_MINUTE, 100, 99000, 132000
FROM counter WHERE n <= 2
UNION ALL
SELECT 106 + n, 5, DATE(UTC_TIMESTAMP) + INTERVAL 90 + n DAY,
       DATE(UTC_TIMESTAMP) + INTERVAL 90 + n DAY + INTERVAL '10:30' HOUR_MINUTE, 300, 77000, 154000
FROM counter WHERE n <= 1;

-- Halls of 50 seats: five rows of ten, the first two dearer.
INSERT INTO seat (item_id, seat_no, price, section, row_name, label, x, y)
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 50)
SELECT item_id, n, IF(n <= 20, 110000, 88000), IF(n <= 20, 'R', 'S'), (n - 1) DIV 10 + 1,
       (n - 1) MOD 10 + 1, (n - 1) MOD 10, (n - 1) DIV 10
FROM item CROSS JOIN counter WHERE concert_id IN (1, 3);

-- 100 seats: five rows of twenty.
INSERT INTO seat (item_id, seat_no, price, section, row_name, label, x, y)
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 100)
SELECT item_id, n, IF(n <= 40, 132000, 99000), IF(n <= 40, 'R', 'S'), (n - 1) DIV 20 + 1,
       (n - 1) MOD 20 + 1, (n - 1) MOD 20, (n - 1) DIV 20
FROM item CROSS JOIN counter WHERE concert_id = 4;

-- 300 seats: three sections one behind the other, each five rows of twenty with an aisle between.
INSERT INTO seat (item_id, seat_no, price, section, row_name, label, x, y)
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 300)
SELECT item_id, n, ELT((n - 1) DIV 100 + 1, 154000, 110000, 77000),
       ELT((n - 1) DIV 100 + 1, 'VIP', 'R', 'S'), (n - 1) MOD 100 DIV 20 + 1,
       (n - 1) MOD 20 + 1, (n - 1) MOD 20, (n - 1) DIV 20 + (n - 1) DIV 100
FROM item CROSS JOIN counter WHERE concert_id IN (2, 5);

-- The buyers of concert 4: each has charged what four seats cost and something more, and has paid
-- four seats; 96 of 100 seats of both items are gone.
INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, status, seat_count,
                         total_price, seat_limit, created_at, expires_at)
SELECT (item_id - 105) * 24 + (seat_no - 1) DIV 4 + 1 AS id,
       CONCAT('demo-fan-', LPAD((item_id - 105) * 24 + (seat_no - 1) DIV 4 + 1, 3, '0')),
       4, item_id, 'paid', COUNT(*), SUM(price), 4,
       UTC_TIMESTAMP(3) - INTERVAL 90 SECOND, UTC_TIMESTAMP(3) + INTERVAL 210 SECOND
FROM seat WHERE item_id IN (105, 106) AND seat_no <= 96
GROUP BY item_id, (seat_no - 1) DIV 4 ORDER BY id;

INSERT INTO reservation_seat (reservation_id, seat_no, price)
SELECT (item_id - 105) * 24 + (seat_no - 1) DIV 4 + 1, seat_no, price
FROM seat WHERE item_id IN (105, 106) AND seat_no <= 96;

UPDATE seat SET status = 'sold', reservation_id = (item_id - 105) * 24 + (seat_no - 1) DIV 4 + 1
WHERE item_id IN (105, 106) AND seat_no <= 96;

INSERT INTO seat_quota (concert_id, user_id)
SELECT concert_id, user_id FROM reservation;

INSERT INTO point (user_id, balance)
SELECT user_id, 600000 - total_price FROM reservation;

INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)
SELECT user_id, 'charge', 600000, 600000, created_at FROM reservation ORDER BY reservation_id;

INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)
SELECT user_id, 'payment', -total_price, 600000 - total_price, reservation_id,
       created_at + INTERVAL 60 SECOND
FROM reservation ORDER BY reservation_id;

INSERT INTO payment (reservation_id, user_id, amount, paid_at)
SELECT reservation_id, user_id, total_price, created_at + INTERVAL 60 SECOND
FROM reservation ORDER BY reservation_id;

INSERT INTO audit_log (actor, action, concert_id, detail, created_at)
SELECT 'ctl', 'demo load', concert_id, title, UTC_TIMESTAMP(3) FROM concert;
