-- What buyers may do with a part of an order, where a concert asks for it: give back single seats, swap seats for free
-- ones, or transfer an order to another user. A seat that went back tells whether its owner or an operator gave it. Each
-- ALTER only adds, without a copy of its table. Whoever has a table in a transaction is waited for, for a second at most.
-- MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be run again. A build from before refuses nothing more and
-- offers nothing of this; ask for it when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

SET @add_rules = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'seat_returns') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN seat_returns TINYINT NOT NULL DEFAULT 0 COMMENT ''1: buyers give back single seats'',
        ADD COLUMN swaps TINYINT NOT NULL DEFAULT 0 COMMENT ''1: buyers swap seats for free ones'',
        ADD COLUMN transfers TINYINT NOT NULL DEFAULT 0 COMMENT ''1: buyers transfer orders'',
        ALGORITHM = INSTANT');
PREPARE add_rules FROM @add_rules;
EXECUTE add_rules;
DEALLOCATE PREPARE add_rules;

SET @add_asked = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'returned_seat' AND column_name = 'asked_at') > 0,
    'DO 0',
    'ALTER TABLE returned_seat
        ADD COLUMN asked_at DATETIME(3) NULL COMMENT ''when its owner asked for it; NULL: an operator gave it'',
        ALGORITHM = INSTANT');
PREPARE add_asked FROM @add_asked;
EXECUTE add_asked;
DEALLOCATE PREPARE add_asked;

SET @add_payer = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'reservation' AND column_name = 'payer') > 0,
    'DO 0',
    'ALTER TABLE reservation
        ADD COLUMN payer VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL
            COMMENT ''who paid, and gets what is refunded; NULL: its owner'',
        ALGORITHM = INSTANT');
PREPARE add_payer FROM @add_payer;
EXECUTE add_payer;
DEALLOCATE PREPARE add_payer;

-- One that is over is offered still; who accepted last owns the order.
CREATE TABLE IF NOT EXISTS transfer (
    transfer_id    BIGINT       NOT NULL AUTO_INCREMENT,
    reservation_id BIGINT       NOT NULL,
    from_user      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    to_user        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status         ENUM ('offered', 'accepted', 'declined', 'withdrawn') NOT NULL DEFAULT 'offered',
    created_at     DATETIME(3)  NOT NULL,
    expires_at     DATETIME(3)  NOT NULL COMMENT 'so long it can be accepted',
    settled_at     DATETIME(3)  NULL,
    PRIMARY KEY (transfer_id),
    KEY transfer_of_reservation (reservation_id, transfer_id),
    KEY transfer_of_sender (from_user, transfer_id),
    KEY transfer_of_recipient (to_user, transfer_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tickets whose order goes on without them. A seat of it has one ticket at most, so they leave `ticket` for this. Gates
-- without a network list them too.
CREATE TABLE IF NOT EXISTS void_ticket (
    ticket_id      BIGINT      NOT NULL COMMENT 'as it was in ticket',
    reference      BINARY(16)  NOT NULL,
    reservation_id BIGINT      NOT NULL,
    seat_no        INT         NOT NULL,
    item_id        INT         NOT NULL,
    voided_at      DATETIME(3) NOT NULL,
    PRIMARY KEY (reference),
    KEY void_ticket_of_item (item_id, ticket_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_effect = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'idempotency' AND column_name = 'effect'
     AND column_type LIKE '%''return''%') > 0,
    'DO 0',
    'ALTER TABLE idempotency
        MODIFY effect ENUM (''reserve'', ''cancel'', ''charge'', ''use'', ''pay'', ''create'', ''hall'', ''checkin'',
            ''return'', ''swap'', ''transfer'') NOT NULL,
        ALGORITHM = INSTANT');
PREPARE add_effect FROM @add_effect;
EXECUTE add_effect;
DEALLOCATE PREPARE add_effect;
