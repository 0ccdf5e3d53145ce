-- Single seats of an order can be given back, and less than their price can be refunded. Each refund is a row
-- of the ledger. The one that ends an order has refund_no 0, as in a build from before; those of single seats
-- before it are numbered from 1. The seats leave reservation_seat, and seat_count and total_price are those of
-- the rest: a build from before shows and refunds what is left, and nothing else. It knows no refund rules, so
-- these are for when all hosts run this build.
--
-- The columns only add, without a copy of their tables. The key is made beside its users, and takes the place of
-- the old one in the same ALTER. Whoever has a table in a transaction is waited for, for a second at most. MySQL
-- has no ADD COLUMN IF NOT EXISTS, and a migration can be run again.
SET SESSION lock_wait_timeout = 1;

SET @add_count = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'reservation' AND column_name = 'refund_count') > 0,
    'DO 0',
    'ALTER TABLE reservation
        ADD COLUMN refund_count TINYINT NOT NULL DEFAULT 0 COMMENT ''refunds of single seats so far''');
PREPARE add_count FROM @add_count;
EXECUTE add_count;
DEALLOCATE PREPARE add_count;

SET @add_number = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'point_history' AND column_name = 'refund_no') > 0,
    'DO 0',
    'ALTER TABLE point_history
        ADD COLUMN refund_no TINYINT NOT NULL DEFAULT 0
            COMMENT ''of a refund of single seats, from 1; 0: of the one that ended the order'',
        ADD COLUMN fee BIGINT NOT NULL DEFAULT 0 COMMENT ''what was kept back by a refund''');
PREPARE add_number FROM @add_number;
EXECUTE add_number;
DEALLOCATE PREPARE add_number;

SET @widen_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'point_history'
     AND index_name = 'history_of_reservation' AND column_name = 'refund_no') > 0,
    'DO 0',
    'ALTER TABLE point_history
        DROP KEY history_of_reservation,
        ADD UNIQUE KEY history_of_reservation (reservation_id, kind, refund_no),
        ALGORITHM = INPLACE, LOCK = NONE');
PREPARE widen_key FROM @widen_key;
EXECUTE widen_key;
DEALLOCATE PREPARE widen_key;

-- Seats that were given back, of an order of which others were kept then.
CREATE TABLE IF NOT EXISTS returned_seat (
    reservation_id BIGINT  NOT NULL,
    seat_no        INT     NOT NULL,
    price          BIGINT  NOT NULL,
    refund_no      TINYINT NOT NULL COMMENT 'that of the ledger',
    PRIMARY KEY (reservation_id, seat_no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What buyers get back of what they pay from `since` on, by the days before the start. A concert without a row
-- refunds all until the start. Rows stay: a refund goes by the rules of the time of its payment.
CREATE TABLE IF NOT EXISTS refund_rule (
    concert_id INT         NOT NULL,
    since      DATETIME(3) NOT NULL,
    until_days SMALLINT    NOT NULL COMMENT 'so many days before the start, or more',
    percent    TINYINT     NOT NULL COMMENT 'of the price; 0: buyers give nothing back',
    PRIMARY KEY (concert_id, since, until_days),
    CONSTRAINT refund_rule_days CHECK (until_days >= 0),
    CONSTRAINT refund_rule_percent CHECK (percent BETWEEN 0 AND 100)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
