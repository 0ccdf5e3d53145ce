-- Who has what. User ids are compared byte by byte: the default collation made User_1 and user_1
-- one purse.

CREATE TABLE IF NOT EXISTS reservation (
    reservation_id INT         NOT NULL AUTO_INCREMENT,
    user_id        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    concert_id     INT         NOT NULL,
    item_id        INT         NOT NULL,
    status         ENUM ('held', 'paid', 'expired', 'cancelled') NOT NULL DEFAULT 'held',
    seat_count     INT         NOT NULL,
    total_price    BIGINT      NOT NULL,
    seat_limit     INT         NULL COMMENT 'max_seats_per_user when it was made',
    token          BINARY(16)  NULL COMMENT 'the queue token with which it was made',
    created_at     DATETIME(3) NOT NULL,
    expires_at     DATETIME(3) NOT NULL,
    PRIMARY KEY (reservation_id),
    KEY reservation_of_user (user_id),
    KEY reservation_to_expire (status, expires_at),
    CONSTRAINT reservation_seats CHECK (seat_count BETWEEN 1 AND 8),
    CONSTRAINT reservation_price CHECK (total_price >= 0),
    CONSTRAINT reservation_hold CHECK (expires_at > created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS reservation_seat (
    reservation_id INT    NOT NULL,
    seat_no        INT    NOT NULL,
    price          BIGINT NOT NULL,
    PRIMARY KEY (reservation_id, seat_no),
    CONSTRAINT reservation_seat_of FOREIGN KEY (reservation_id) REFERENCES reservation (reservation_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The mutex of a user in a concert with a seat limit.
CREATE TABLE IF NOT EXISTS seat_quota (
    concert_id INT         NOT NULL,
    user_id    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    touched    INT         NOT NULL DEFAULT 0,
    PRIMARY KEY (concert_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS point (
    user_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    balance BIGINT      NOT NULL DEFAULT 0,
    touched INT         NOT NULL DEFAULT 0 COMMENT 'makes INSERT ... ON DUPLICATE KEY UPDATE lock the row',
    PRIMARY KEY (user_id),
    CONSTRAINT point_balance CHECK (balance >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS point_history (
    history_id     INT         NOT NULL AUTO_INCREMENT,
    user_id        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind           ENUM ('charge', 'use', 'payment', 'refund') NOT NULL,
    amount         BIGINT      NOT NULL COMMENT 'signed: the sum is the balance',
    balance_after  BIGINT      NOT NULL,
    reservation_id INT         NULL,
    created_at     DATETIME(3) NOT NULL,
    PRIMARY KEY (history_id),
    KEY history_of_user (user_id),
    UNIQUE KEY history_of_reservation (reservation_id, kind),
    CONSTRAINT history_balance CHECK (balance_after >= 0),
    CONSTRAINT history_sign CHECK (amount = 0 OR (amount > 0) = (kind IN ('charge', 'refund'))),
    CONSTRAINT history_reservation CHECK ((kind IN ('payment', 'refund')) = (reservation_id IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS payment (
    payment_id     INT         NOT NULL AUTO_INCREMENT,
    reservation_id INT         NOT NULL,
    user_id        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount         BIGINT      NOT NULL,
    status         ENUM ('paid', 'refunded') NOT NULL DEFAULT 'paid',
    paid_at        DATETIME(3) NOT NULL,
    PRIMARY KEY (payment_id),
    UNIQUE KEY payment_of_reservation (reservation_id),
    KEY payment_of_user (user_id),
    CONSTRAINT payment_amount CHECK (amount >= 0),
    CONSTRAINT payment_of FOREIGN KEY (reservation_id) REFERENCES reservation (reservation_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Stored answers of calls with an Idempotency-Key. user_id '' is the admin.
CREATE TABLE IF NOT EXISTS idempotency (
    user_id         VARCHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    idempotency_key VARCHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fingerprint     BINARY(32)     NOT NULL COMMENT 'SHA-256 of method, path and body',
    effect          ENUM ('reserve', 'cancel', 'charge', 'use', 'pay', 'create') NOT NULL,
    effect_id       INT            NULL COMMENT 'of the row that the effect made or changed',
    body            VARBINARY(60000) NULL COMMENT 'the bytes of the 200; NULL only inside the transaction',
    created_at      DATETIME(3)    NOT NULL,
    PRIMARY KEY (user_id, idempotency_key),
    KEY idempotency_to_delete (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
