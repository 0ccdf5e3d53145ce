-- The orders of a concert, newest first, and of one of its dates, are found by an index. What an operator
-- adds to a purse or takes from it stands in the ledger as a charge or a use with a reason, so that a build
-- from before reads it as one and its books agree. Each ALTER only adds; whoever has a table in a
-- transaction is waited for, for a second at most. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can
-- be run again.
SET SESSION lock_wait_timeout = 1;

SET @add_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'reservation'
     AND index_name = 'reservation_of_concert') > 0,
    'DO 0',
    'ALTER TABLE reservation ADD KEY reservation_of_concert (concert_id, reservation_id, item_id),
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;

SET @add_reason = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'point_history' AND column_name = 'reason') > 0,
    'DO 0',
    'ALTER TABLE point_history
        ADD COLUMN reason VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL
            COMMENT ''why an operator adjusted the balance; NULL: nobody did''');
PREPARE add_reason FROM @add_reason;
EXECUTE add_reason;
DEALLOCATE PREPARE add_reason;
