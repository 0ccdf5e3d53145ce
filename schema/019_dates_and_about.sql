-- What buyers are told of a concert beside its dates; dates that are cancelled one by one, and how far the refunds
-- of each are; what the owner of a seat has paid, if its price was changed later. Each ALTER only adds; where that
-- needed a copy of its table, it is refused. Whoever has a table in a transaction is waited for, for a second at
-- most; then the ALTER is tried again. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be run again. A
-- build from before sells a cancelled date until its seats are withheld.
SET SESSION lock_wait_timeout = 1;

CREATE TABLE IF NOT EXISTS concert_about (
    concert_id      INT          NOT NULL,
    description     TEXT         NULL COMMENT 'plain text',
    age_limit       INT          NULL,
    running_minutes INT          NULL,
    poster          VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'a file of the pages',
    PRIMARY KEY (concert_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS item_cancel (
    item_id    INT         NOT NULL,
    concert_id INT         NOT NULL,
    begun_at   DATETIME(3) NOT NULL,
    done_at    DATETIME(3) NULL COMMENT 'when nothing was left to refund; NULL: not yet',
    refunded   BIGINT      NOT NULL DEFAULT 0 COMMENT 'paid reservations so far',
    points     BIGINT      NOT NULL DEFAULT 0 COMMENT 'that went back with them',
    holds      BIGINT      NOT NULL DEFAULT 0 COMMENT 'live ones that were ended',
    PRIMARY KEY (item_id),
    KEY item_cancel_to_do (done_at),
    KEY item_cancel_of_concert (concert_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_status = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'item' AND column_name = 'status') > 0,
    'DO 0',
    'ALTER TABLE item ADD COLUMN status ENUM (''open'', ''cancelled'') NOT NULL DEFAULT ''open'',
        ALGORITHM = INSTANT');
PREPARE add_status FROM @add_status;
EXECUTE add_status;
DEALLOCATE PREPARE add_status;

SET @add_taken = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'seat' AND column_name = 'taken_price') > 0,
    'DO 0',
    'ALTER TABLE seat
        ADD COLUMN taken_by BIGINT NULL COMMENT ''the reservation that had it when its price was changed'',
        ADD COLUMN taken_price BIGINT NULL COMMENT ''for how much'',
        ALGORITHM = INSTANT');
PREPARE add_taken FROM @add_taken;
EXECUTE add_taken;
DEALLOCATE PREPARE add_taken;
