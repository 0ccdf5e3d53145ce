-- Idle places of a line. The end of an active token's place is lease_until, as before: whoever reads
-- only that is right. lease_max says how far signs of life may move it.

-- MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be run again.
SET @add_idle = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'idle_seconds') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN idle_seconds INT NULL
            COMMENT ''without a sign of life a place of the line ends; NULL: with its lease'',
        ADD CONSTRAINT concert_idle_seconds CHECK (idle_seconds BETWEEN 30 AND 86400)');
PREPARE add_idle FROM @add_idle;
EXECUTE add_idle;
DEALLOCATE PREPARE add_idle;

SET @add_lease = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'queue_token' AND column_name = 'lease_max') > 0,
    'DO 0',
    'ALTER TABLE queue_token
        ADD COLUMN lease_max DATETIME(3) NULL
            COMMENT ''how far signs of life may move lease_until; NULL: not at all''');
PREPARE add_lease FROM @add_lease;
EXECUTE add_lease;
DEALLOCATE PREPARE add_lease;
