-- Wait lists: who finds a date sold out waits for what comes back, where the concert asks for it. A seat that came back
-- while somebody waits is held by reservation 0, which is nobody's, until a day far away, and stands in
-- waitlist_return, until it is offered or is free for all. Each ALTER only adds, without a copy of its table. Whoever
-- has a table in a transaction is waited for, for a second at most. A migration can be run again. A build from before
-- gives such a seat to nobody, and frees what comes back; ask for wait lists when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

SET @add_setting = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'waitlist') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN waitlist TINYINT NOT NULL DEFAULT 0 COMMENT ''1: buyers wait for returns of a sold-out item'',
        ADD COLUMN waitlist_seconds INT NOT NULL DEFAULT 3600 COMMENT ''so long an offer can be paid'',
        ALGORITHM = INSTANT');
PREPARE add_setting FROM @add_setting;
EXECUTE add_setting;
DEALLOCATE PREPARE add_setting;

SET @add_waiting = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'item' AND column_name = 'waiting') > 0,
    'DO 0',
    'ALTER TABLE item
        ADD COLUMN waiting INT NOT NULL DEFAULT 0 COMMENT ''entries of its wait list that still wait'',
        ALGORITHM = INSTANT');
PREPARE add_waiting FROM @add_waiting;
EXECUTE add_waiting;
DEALLOCATE PREPARE add_waiting;

-- The order of a list is that of entry_id, which is given under the lock of the item's row.
CREATE TABLE IF NOT EXISTS waitlist_entry (
    entry_id       BIGINT       NOT NULL AUTO_INCREMENT,
    concert_id     INT          NOT NULL,
    item_id        INT          NOT NULL,
    user_id        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seat_count     INT          NOT NULL,
    section        VARCHAR(32)  NULL COMMENT 'NULL: any',
    max_price      BIGINT       NULL COMMENT 'of a seat; NULL: any',
    status         ENUM ('waiting', 'offered', 'left', 'ended') NOT NULL DEFAULT 'waiting',
    reservation_id BIGINT       NULL COMMENT 'the hold that was offered',
    created_at     DATETIME(3)  NOT NULL,
    passed_at      DATETIME(3)  NULL COMMENT 'when an offer was last not made because of a limit of the user',
    settled_at     DATETIME(3)  NULL COMMENT 'when it was offered, left or ended',
    PRIMARY KEY (entry_id),
    KEY waitlist_entry_in_order (status, item_id, entry_id),
    KEY waitlist_entry_of_user (user_id, entry_id),
    KEY waitlist_entry_to_prune (settled_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS waitlist_return (
    item_id     INT         NOT NULL,
    seat_no     INT         NOT NULL,
    returned_at DATETIME(3) NOT NULL,
    PRIMARY KEY (item_id, seat_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_effect = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'idempotency' AND column_name = 'effect'
     AND column_type LIKE '%''wait''%') > 0,
    'DO 0',
    'ALTER TABLE idempotency
        MODIFY effect ENUM (''reserve'', ''cancel'', ''charge'', ''use'', ''pay'', ''create'', ''hall'', ''checkin'',
            ''return'', ''swap'', ''transfer'', ''wait'') NOT NULL,
        ALGORITHM = INSTANT');
PREPARE add_effect FROM @add_effect;
EXECUTE add_effect;
DEALLOCATE PREPARE add_effect;
