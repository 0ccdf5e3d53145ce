-- Halls that are kept, for the dates of concerts to come; and what a seat is beside its price: a kind, a note for
-- buyers, and the other seat of a wheelchair place and its companion's. The ALTERs only add, without a copy of their
-- tables. Whoever has a table in a transaction is waited for, for a second at most; then the ALTER is tried again. MySQL
-- has no ADD COLUMN IF NOT EXISTS, and a migration can be run again. A build from before takes every seat for a plain
-- one, and reads labels of up to 16 bytes: make dates of halls with others when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

CREATE TABLE IF NOT EXISTS hall (
    hall_id    INT         NOT NULL AUTO_INCREMENT,
    name       VARCHAR(60) NOT NULL,
    seat_count INT         NOT NULL,
    created_at DATETIME(3) NOT NULL,
    created_by VARCHAR(64) NOT NULL COMMENT 'an operator',
    PRIMARY KEY (hall_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Its seats, as the CSV that `frontrowctl hall export` prints: read as a whole only, a row for each would take ten times
-- as long to write.
CREATE TABLE IF NOT EXISTS hall_part (
    hall_id INT        NOT NULL,
    part_no INT        NOT NULL COMMENT 'from 1',
    bytes   MEDIUMBLOB NOT NULL,
    PRIMARY KEY (hall_id, part_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_kind = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'seat' AND column_name = 'kind') > 0,
    'DO 0',
    'ALTER TABLE seat
        ADD COLUMN kind ENUM (''plain'', ''restricted'', ''wheelchair'', ''companion'') NOT NULL DEFAULT ''plain'',
        ADD COLUMN note VARCHAR(100) NULL COMMENT ''for buyers'',
        ADD COLUMN partner_no INT NULL COMMENT ''the other seat of a wheelchair place and its companion''''s'',
        ALGORITHM = INSTANT');
PREPARE add_kind FROM @add_kind;
EXECUTE add_kind;
DEALLOCATE PREPARE add_kind;

SET @add_effect = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'idempotency' AND column_name = 'effect'
     AND column_type LIKE '%''hall''%') > 0,
    'DO 0',
    'ALTER TABLE idempotency
        MODIFY effect ENUM (''reserve'', ''cancel'', ''charge'', ''use'', ''pay'', ''create'', ''hall'') NOT NULL,
        ALGORITHM = INSTANT');
PREPARE add_effect FROM @add_effect;
EXECUTE add_effect;
DEALLOCATE PREPARE add_effect;
