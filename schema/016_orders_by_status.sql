-- Orders of one status, newest first, are found by an index, also where few have it; so are the paid ones of a
-- concert. The ALTER only adds, and sales go on; whoever has the table in a transaction is waited for, for a
-- second at most.
SET SESSION lock_wait_timeout = 1;

SET @add_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'reservation'
     AND index_name = 'reservation_of_status') > 0,
    'DO 0',
    'ALTER TABLE reservation ADD KEY reservation_of_status (status, reservation_id, concert_id, item_id),
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;
