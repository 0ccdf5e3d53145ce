-- What was imported from another shop (frontrowctl import), by the references that it had there: who imports a file again
-- imports what is missing, and nothing twice. The tables are new, nothing else changes. A migration can be run again.
-- An order of the other shop that is for several dates, or for more seats than ours have, has several parts.
CREATE TABLE IF NOT EXISTS imported_order (
    concert_id     INT         NOT NULL,
    reference      VARCHAR(64) NOT NULL,
    part           INT         NOT NULL COMMENT 'from 1',
    reservation_id BIGINT      NOT NULL,
    PRIMARY KEY (concert_id, reference, part)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS imported_balance (
    user_id    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reference  VARCHAR(64)  NOT NULL COMMENT 'empty: the file had none',
    history_id BIGINT       NOT NULL,
    PRIMARY KEY (user_id, reference)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
