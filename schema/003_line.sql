-- Tokens. A concert with a line numbers them; each number stays for ever, so that the line can be
-- rebuilt from here in the same order. The instants are this database's: durations come over from
-- Redis, instants never.
CREATE TABLE IF NOT EXISTS queue_token (
    concert_id  INT         NOT NULL,
    number      INT         NOT NULL COMMENT 'order in the line, from 1',
    token       BINARY(16)  NOT NULL,
    user_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status      ENUM ('waiting', 'active', 'done', 'left', 'lapsed') NOT NULL DEFAULT 'waiting',
    lease_until DATETIME(3) NULL COMMENT 'of an active one; past it the token has lapsed',
    serving     INT         NOT NULL DEFAULT 0 COMMENT 'highest number called when it was written down here; 0: it was not',
    created_at  DATETIME(3) NOT NULL,
    PRIMARY KEY (concert_id, number),
    UNIQUE KEY queue_token_by_token (token),
    KEY queue_token_of_user (concert_id, user_id),
    KEY queue_token_to_load (concert_id, status, number),
    KEY queue_token_serving (concert_id, serving),
    CONSTRAINT queue_token_number CHECK (number >= 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Where no line is kept: one row a user and concert, active at once. Redis has no part in it.
CREATE TABLE IF NOT EXISTS open_token (
    concert_id  INT         NOT NULL,
    user_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token       BINARY(16)  NOT NULL,
    lease_until DATETIME(3) NOT NULL,
    ended       TINYINT     NOT NULL DEFAULT 0,
    PRIMARY KEY (concert_id, user_id),
    UNIQUE KEY open_token_by_token (token)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who changed what about a concert.
CREATE TABLE IF NOT EXISTS audit_log (
    audit_log_id INT          NOT NULL AUTO_INCREMENT,
    actor        VARCHAR(64)  NOT NULL COMMENT 'admin (the API) or ctl (frontrowctl)',
    action       VARCHAR(64)  NOT NULL,
    concert_id   INT          NULL,
    detail       TEXT         NOT NULL,
    created_at   DATETIME(3)  NOT NULL,
    PRIMARY KEY (audit_log_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
