-- Standing areas: a place of one is a seat of the kind `standing`, without a row and a spot in the hall, which is taken
-- by its section and a count. An item says how many of its seats are such places. The ALTERs only add, without a copy of
-- their tables. Whoever has a table in a transaction is waited for, for a second at most. MySQL has no ADD COLUMN IF NOT
-- EXISTS, and a migration can be run again. A build from before lists the places as seats of the kind `other`, and sells
-- one to who names it: make areas when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

SET @add_kind = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'seat' AND column_name = 'kind'
     AND column_type LIKE '%''standing''%') > 0,
    'DO 0',
    'ALTER TABLE seat
        MODIFY kind ENUM (''plain'', ''restricted'', ''wheelchair'', ''companion'', ''standing'') NOT NULL DEFAULT ''plain'',
        ALGORITHM = INSTANT');
PREPARE add_kind FROM @add_kind;
EXECUTE add_kind;
DEALLOCATE PREPARE add_kind;

SET @add_count = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'item' AND column_name = 'standing_count') > 0,
    'DO 0',
    'ALTER TABLE item
        ADD COLUMN standing_count INT NOT NULL DEFAULT 0 COMMENT ''of its seats, those in standing areas'',
        ALGORITHM = INSTANT');
PREPARE add_count FROM @add_count;
EXECUTE add_count;
DEALLOCATE PREPARE add_count;
