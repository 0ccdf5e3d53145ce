-- Webhooks: what happened is written beside the change itself, in its transaction, and frontrow-outbox delivers it. Both
-- tables of it stay empty while webhooks = off. The tables are new: nobody waits. A migration can be run again.

-- Who is told. The secret is not here: it is made of the salt and of the key in webhook_key_file.
CREATE TABLE IF NOT EXISTS webhook (
    webhook_id INT          NOT NULL AUTO_INCREMENT,
    url        VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    events     VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'with commas between; empty: all',
    salt       BINARY(16)   NOT NULL COMMENT 'random',
    created_at DATETIME(3)  NOT NULL,
    PRIMARY KEY (webhook_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The outbox. A kind is a text, so that a build of before delivers what a later one wrote.
CREATE TABLE IF NOT EXISTS outbox_event (
    event_id       BIGINT      NOT NULL AUTO_INCREMENT,
    kind           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    occurred_at    DATETIME(3) NOT NULL,
    concert_id     INT         NOT NULL COMMENT '0: it is about none',
    item_id        INT         NULL,
    reservation_id BIGINT      NULL,
    user_id        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    seat_ids       VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'with commas between',
    amount         BIGINT      NULL,
    fee            BIGINT      NULL,
    reference      BINARY(16)  NULL COMMENT 'of the ticket',
    dispatched_at  DATETIME(3) NULL COMMENT 'when its deliveries were made; NULL: not yet',
    PRIMARY KEY (event_id),
    KEY outbox_event_to_dispatch (dispatched_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for each webhook that is still to hear of an event. Those of a stream are delivered one after the other.
CREATE TABLE IF NOT EXISTS webhook_delivery (
    webhook_id  INT          NOT NULL,
    event_id    BIGINT       NOT NULL,
    stream      BIGINT       NOT NULL COMMENT 'the reservation; below 0: the concert',
    tries       INT          NOT NULL DEFAULT 0,
    next_try_at DATETIME(3)  NOT NULL COMMENT 'while somebody tries it: when that has failed',
    dead_at     DATETIME(3)  NULL COMMENT 'when it was given up',
    error       VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'of the last try',
    PRIMARY KEY (webhook_id, event_id),
    KEY webhook_delivery_in_order (webhook_id, stream, event_id, dead_at),
    KEY webhook_delivery_due (webhook_id, dead_at, next_try_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What the sweeper has told of a concert, so that it tells it once.
CREATE TABLE IF NOT EXISTS concert_told (
    concert_id INT     NOT NULL,
    is_open    TINYINT NOT NULL DEFAULT 0,
    sold_out   TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (concert_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
