-- Ids of which a sale takes one or more, and all that refers to them: INT ends at 2^31, which a busy
-- year may come to, as attempts that are rolled back count. Ids end at 2^53 - 1 now.
--
-- An ALTER that changes a column's type copies the table, and nobody writes into it meanwhile. So
-- frontrowctl migrate has rebuilt large tables before, beside their users (mysql/schema/wide_ids.c); here
-- is what it does to small ones. MySQL has no DROP FOREIGN KEY IF EXISTS, and a migration can be
-- run again. As these tables are made anew, the checks that 008 had to drop come back.

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'seat' AND column_name = 'reservation_id' AND data_type = 'int') = 0,
    'DO 0',
    'ALTER TABLE seat MODIFY reservation_id BIGINT NULL');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'point_history' AND column_name = 'history_id' AND data_type = 'int') = 0,
    'DO 0',
    'ALTER TABLE point_history
        MODIFY history_id BIGINT NOT NULL AUTO_INCREMENT,
        MODIFY reservation_id BIGINT NULL,
        ADD CONSTRAINT history_sign
            CHECK (amount = 0 OR (amount > 0) = (kind IN (''charge'', ''refund''))),
        ADD CONSTRAINT history_reservation
            CHECK ((kind IN (''payment'', ''refund'')) = (reservation_id IS NOT NULL))');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'idempotency' AND column_name = 'effect_id' AND data_type = 'int') = 0,
    'DO 0',
    'ALTER TABLE idempotency MODIFY effect_id BIGINT NULL
        COMMENT ''of the row that the effect made or changed''');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'audit_log' AND column_name = 'audit_log_id' AND data_type = 'int') = 0,
    'DO 0',
    'ALTER TABLE audit_log MODIFY audit_log_id BIGINT NOT NULL AUTO_INCREMENT');
PREPARE widen FROM @widen;
EXECUTE widen;

-- No foreign key lets the type of its columns change.
SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE()
     AND table_name = 'reservation_seat' AND constraint_name = 'reservation_seat_of') = 0,
    'DO 0',
    'ALTER TABLE reservation_seat DROP FOREIGN KEY reservation_seat_of');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE()
     AND table_name = 'payment' AND constraint_name = 'payment_of') = 0,
    'DO 0',
    'ALTER TABLE payment DROP FOREIGN KEY payment_of');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'reservation' AND column_name = 'reservation_id' AND data_type = 'int') = 0,
    'DO 0',
    'ALTER TABLE reservation
        MODIFY reservation_id BIGINT NOT NULL AUTO_INCREMENT,
        ADD CONSTRAINT reservation_hold CHECK (expires_at > created_at)');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE()
     AND table_name = 'reservation_seat' AND constraint_name = 'reservation_seat_reservation') > 0,
    'DO 0',
    'ALTER TABLE reservation_seat
        MODIFY reservation_id BIGINT NOT NULL,
        ADD CONSTRAINT reservation_seat_reservation FOREIGN KEY (reservation_id)
            REFERENCES reservation (reservation_id)');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE()
     AND table_name = 'payment' AND constraint_name = 'payment_reservation') > 0,
    'DO 0',
    'ALTER TABLE payment
        MODIFY payment_id BIGINT NOT NULL AUTO_INCREMENT,
        MODIFY reservation_id BIGINT NOT NULL,
        ADD CONSTRAINT payment_reservation FOREIGN KEY (reservation_id)
            REFERENCES reservation (reservation_id)');
PREPARE widen FROM @widen;
EXECUTE widen;
DEALLOCATE PREPARE widen;
