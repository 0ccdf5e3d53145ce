-- For information: the statements of POST /reservation for a fresh seat as one stored procedure, so
-- that its limit without the ways between them is known. Only scripts/bench makes it. Its hall is
-- item 1003, as those of k6/hall.sql.
INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)
SELECT 1003, concert_id, date + INTERVAL 1 DAY, starts_at + INTERVAL 1 DAY, seat_count, min_price, max_price
FROM item WHERE item_id = 1002;
INSERT INTO seat (item_id, seat_no, price, section, row_name, label)
SELECT 1003, seat_no, price, section, row_name, label FROM seat WHERE item_id = 1001;

DELIMITER //
CREATE PROCEDURE bench_fresh(wanted INT, buyer VARCHAR(128))
BEGIN
    DECLARE places, hold, found_status, made INT;
    DECLARE cost BIGINT;
    DECLARE found_at DATETIME(3);

    SELECT seat_count, hold_seconds, seat.status + 0, UTC_TIMESTAMP(3) INTO places, hold, found_status, found_at
    FROM concert c LEFT JOIN item i ON i.item_id = 1003 AND i.concert_id = c.concert_id
    LEFT JOIN seat ON seat.item_id = 1003 AND seat_no = wanted
    WHERE c.concert_id = 10;

    START TRANSACTION;
    SELECT status + 0, price, SYSDATE(3) INTO found_status, cost, found_at
    FROM seat WHERE item_id = 1003 AND seat_no = wanted FOR UPDATE;
    INSERT INTO reservation (user_id, concert_id, item_id, seat_count, total_price, created_at, expires_at)
    VALUES (buyer, 10, 1003, 1, cost, found_at, found_at + INTERVAL hold SECOND);
    SET made = LAST_INSERT_ID();
    INSERT INTO reservation_seat (reservation_id, seat_no, price) VALUES (made, wanted, cost);
    UPDATE seat SET status = 'held', reservation_id = made, held_until = found_at + INTERVAL hold SECOND
    WHERE item_id = 1003 AND seat_no = wanted;
    COMMIT;
END //
