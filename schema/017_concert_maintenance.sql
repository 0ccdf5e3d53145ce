-- One concert can be under maintenance while the others are sold: its changing calls are refused. The ALTER
-- only adds; whoever has the table in a transaction is waited for, for a second at most. MySQL has no ADD
-- COLUMN IF NOT EXISTS, and a migration can be run again. A build from before sells such a concert.
SET SESSION lock_wait_timeout = 1;

SET @add_maintenance = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'maintenance') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN maintenance TINYINT NOT NULL DEFAULT 0 COMMENT ''1: changing calls are refused''');
PREPARE add_maintenance FROM @add_maintenance;
EXECUTE add_maintenance;
DEALLOCATE PREPARE add_maintenance;
