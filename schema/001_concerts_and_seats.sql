-- What is sold. Rows of concert and item are never deleted (the audit checks), so that nothing
-- that a buyer does needs a foreign key to them: an admin's open change of a concert row stopped
-- all sales through one.

CREATE TABLE IF NOT EXISTS concert (
    concert_id         INT          NOT NULL AUTO_INCREMENT,
    title              VARCHAR(200) NOT NULL,
    venue              VARCHAR(200) NOT NULL,
    status             ENUM ('closed', 'open', 'cancelled') NOT NULL DEFAULT 'closed',
    opens_at           DATETIME(3)  NULL,
    closes_at          DATETIME(3)  NULL,
    admission_capacity INT          NULL COMMENT 'places of the line; NULL: no line is kept',
    active_seconds     INT          NOT NULL DEFAULT 600,
    hold_seconds       INT          NOT NULL DEFAULT 300,
    max_seats_per_user INT          NULL,
    paused             TINYINT      NOT NULL DEFAULT 0 COMMENT 'the line calls nobody',
    max_waiting        INT          NOT NULL DEFAULT 2000000,
    line_version       INT          NOT NULL DEFAULT 1 COMMENT 'raised by each change of the line''s settings',
    line_since         INT          NOT NULL DEFAULT 1 COMMENT 'line_version when the capacity last came from NULL',
    created_at         DATETIME(3)  NOT NULL,
    PRIMARY KEY (concert_id),
    CONSTRAINT concert_capacity CHECK (admission_capacity >= 0),
    CONSTRAINT concert_active_seconds CHECK (active_seconds BETWEEN 1 AND 86400),
    CONSTRAINT concert_hold_seconds CHECK (hold_seconds BETWEEN 1 AND 3600),
    CONSTRAINT concert_max_seats CHECK (max_seats_per_user >= 1),
    CONSTRAINT concert_times CHECK (closes_at > opens_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS item (
    item_id    INT         NOT NULL AUTO_INCREMENT,
    concert_id INT         NOT NULL,
    date       DATE        NOT NULL COMMENT 'the venue''s local day',
    starts_at  DATETIME(3) NOT NULL,
    seat_count INT         NOT NULL,
    min_price  BIGINT      NOT NULL,
    max_price  BIGINT      NOT NULL,
    layout_version BIGINT  NOT NULL DEFAULT 0 COMMENT 'checksum of what does not move of the seats',
    PRIMARY KEY (item_id),
    KEY item_of_concert (concert_id, date, item_id),
    KEY item_on_date (date, concert_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- A seat names the one reservation that has it: two owners cannot be written down.
CREATE TABLE IF NOT EXISTS seat (
    item_id        INT         NOT NULL,
    seat_no        INT         NOT NULL,
    status         ENUM ('available', 'held', 'sold') NOT NULL DEFAULT 'available',
    blocked        TINYINT     NOT NULL DEFAULT 0,
    reservation_id INT         NULL,
    held_until     DATETIME(3) NULL,
    price          BIGINT      NOT NULL,
    section        VARCHAR(32) NOT NULL DEFAULT 'A',
    row_name       VARCHAR(32) NOT NULL DEFAULT '1',
    label          VARCHAR(16) NOT NULL,
    x              INT         NULL,
    y              INT         NULL,
    PRIMARY KEY (item_id, seat_no),
    CONSTRAINT seat_no_positive CHECK (seat_no >= 1),
    CONSTRAINT seat_price CHECK (price BETWEEN 0 AND 1000000000),
    CONSTRAINT seat_owner CHECK ((status = 'available') = (reservation_id IS NULL)),
    CONSTRAINT seat_hold CHECK ((status = 'held') = (held_until IS NOT NULL)),
    CONSTRAINT seat_blocked CHECK (blocked = 0 OR status = 'available')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
