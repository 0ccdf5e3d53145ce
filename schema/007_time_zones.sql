-- The venue's time zone, and the index by which one row tells when a concert's last item starts: every
-- call that reads a concert asks that. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be
-- run again.
SET @add_zone = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'time_zone') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN time_zone VARCHAR(64) NULL
            COMMENT ''IANA name of the hall, NULL: that of the setting time_zone''');
PREPARE add_zone FROM @add_zone;
EXECUTE add_zone;
DEALLOCATE PREPARE add_zone;

SET @add_starts = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'item' AND index_name = 'item_starts') > 0,
    'DO 0',
    'ALTER TABLE item ADD KEY item_starts (concert_id, starts_at)');
PREPARE add_starts FROM @add_starts;
EXECUTE add_starts;
DEALLOCATE PREPARE add_starts;
