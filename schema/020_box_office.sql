-- Orders that were not paid with points: sold at the box office, or given to a guest. They have no row of `payment`
-- and none of the ledger: a build from before, which would pay points back, finds no payment and refunds no whole order.
-- What goes back of them is written down here, with the number that a refund has in the ledger. These two tables are
-- new, nothing else changes; they are for when all hosts run this build.
CREATE TABLE IF NOT EXISTS box_office_sale (
    reservation_id BIGINT      NOT NULL,
    concert_id     INT         NOT NULL,
    item_id        INT         NOT NULL,
    method         ENUM ('box_office', 'guest') NOT NULL,
    amount         BIGINT      NOT NULL COMMENT 'that was paid, not in points; 0 of a guest',
    sold_at        DATETIME(3) NOT NULL,
    PRIMARY KEY (reservation_id),
    KEY box_office_sale_of_item (concert_id, item_id),
    CONSTRAINT box_office_sale_amount CHECK (amount >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS box_office_refund (
    reservation_id BIGINT      NOT NULL,
    refund_no      TINYINT     NOT NULL COMMENT 'of a refund of single seats, from 1; 0: of the one that ended the order',
    amount         BIGINT      NOT NULL COMMENT 'that the box office gives back',
    fee            BIGINT      NOT NULL COMMENT 'what was kept back',
    created_at     DATETIME(3) NOT NULL,
    PRIMARY KEY (reservation_id, refund_no),
    CONSTRAINT box_office_refund_amount CHECK (amount >= 0 AND fee >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
