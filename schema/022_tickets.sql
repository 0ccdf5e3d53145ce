-- Tickets, one for each seat of a paid order, made when its buyer first asks for them: so orders that were paid before
-- get theirs like all others. Whether a ticket is valid is not written here. It is as long as its order is paid and has
-- the seat, so that whoever refunds makes it void, a build from before too. The table is new, and the ALTER only adds;
-- whoever has the table in a transaction is waited for, for a second at most. A migration can be run again.
SET SESSION lock_wait_timeout = 1;

CREATE TABLE IF NOT EXISTS ticket (
    ticket_id      BIGINT      NOT NULL AUTO_INCREMENT,
    reference      BINARY(16)  NOT NULL COMMENT 'random: what the code says, and clients call ticketId',
    reservation_id BIGINT      NOT NULL,
    seat_no        INT         NOT NULL,
    item_id        INT         NOT NULL,
    issued_at      DATETIME(3) NOT NULL,
    checked_in_at  DATETIME(3) NULL COMMENT 'when the ticket was taken; NULL: it was not',
    scanned_at     DATETIME(3) NULL COMMENT 'when its device says that it was scanned',
    device_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    checked_in_by  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the operator',
    PRIMARY KEY (ticket_id),
    UNIQUE KEY ticket_by_reference (reference),
    UNIQUE KEY ticket_of_seat (reservation_id, seat_no),
    KEY ticket_of_item (item_id, ticket_id, checked_in_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_effect = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'idempotency' AND column_name = 'effect'
     AND column_type LIKE '%checkin%') > 0,
    'DO 0',
    'ALTER TABLE idempotency
        MODIFY effect ENUM (''reserve'', ''cancel'', ''charge'', ''use'', ''pay'', ''create'', ''hall'', ''checkin'') NOT NULL,
        ALGORITHM = INSTANT');
PREPARE add_effect FROM @add_effect;
EXECUTE add_effect;
DEALLOCATE PREPARE add_effect;
