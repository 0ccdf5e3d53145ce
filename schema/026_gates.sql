-- What gates need beside a ticket's check-in: holders who left and may come back, where the concert lets them; and when
-- a ticket changed, so that a gate without a network reads what is new and not the whole list, also of what was made void.
-- Each ALTER only adds, without a copy of its table. Whoever has a table in a transaction is waited for, for a second at
-- most. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be run again. A build from before takes no ticket
-- twice, whoever has left, and does not note what it changes; let concerts ask for re-entry when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

SET @add_rule = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'reentry') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN reentry TINYINT NOT NULL DEFAULT 0 COMMENT ''1: who leaves may come back'',
        ALGORITHM = INSTANT');
PREPARE add_rule FROM @add_rule;
EXECUTE add_rule;
DEALLOCATE PREPARE add_rule;

SET @add_times = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'ticket' AND column_name = 'changed_at') > 0,
    'DO 0',
    'ALTER TABLE ticket
        ADD COLUMN left_at DATETIME(3) NULL COMMENT ''when its holder left; NULL: did not, or is back'',
        ADD COLUMN changed_at DATETIME(3) NULL COMMENT ''when it or its order was last changed; NULL: by a build from before'',
        ALGORITHM = INSTANT');
PREPARE add_times FROM @add_times;
EXECUTE add_times;
DEALLOCATE PREPARE add_times;

SET @add_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'ticket' AND index_name = 'ticket_changed') > 0,
    'DO 0',
    'ALTER TABLE ticket ADD KEY ticket_changed (item_id, changed_at), ALGORITHM = INPLACE, LOCK = NONE');
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;

SET @add_void_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'void_ticket' AND index_name = 'void_ticket_changed') > 0,
    'DO 0',
    'ALTER TABLE void_ticket ADD KEY void_ticket_changed (item_id, voided_at), ALGORITHM = INPLACE, LOCK = NONE');
PREPARE add_void_key FROM @add_void_key;
EXECUTE add_void_key;
DEALLOCATE PREPARE add_void_key;
