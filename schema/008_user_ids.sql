-- User ids of up to 128 characters. 128 bytes of ascii are below the 256 from which a length takes two
-- bytes, so that no row changes: each ALTER changes the table's definition only, and would fail rather
-- than copy it (INPLACE) or lock somebody out meanwhile (NONE). To be run again it looks first whether
-- the column is wide already. Whoever has a table in a transaction is waited for, and others then wait
-- behind that: for a second at most, then this has to be run again.
--
-- MySQL copies a table whenever one of its columns is modified while a CHECK names an ENUM or a time.
-- So reservation and point_history lose those that do, until 009.
SET SESSION lock_wait_timeout = 1;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'reservation' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE reservation DROP CONSTRAINT reservation_hold,
        MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'payment' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE payment MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'point' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE point MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'point_history' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE point_history DROP CONSTRAINT history_sign, DROP CONSTRAINT history_reservation,
        MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'seat_quota' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE seat_quota MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'queue_token' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE queue_token MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'open_token' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE open_token MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;

SET @widen = IF(
    (SELECT character_maximum_length FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'idempotency' AND column_name = 'user_id') >= 128,
    'DO 0',
    'ALTER TABLE idempotency MODIFY user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen FROM @widen;
EXECUTE widen;
DEALLOCATE PREPARE widen;
