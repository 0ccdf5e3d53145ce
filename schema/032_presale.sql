-- Presale: windows before the opening of a concert, each with a quota of its own, for those who have a code. A quota is
-- made beforehand, as so many rows: a buyer locks free ones of them and no row that the others need. When the windows
-- are stands in `concert` too, which every call reads anyway, so that a concert without any costs no statement. Codes are
-- stored as hashes alone. Each ALTER only adds, without a copy of its table. Whoever has a table in a transaction is
-- waited for, for a second at most. A migration can be run again. A build from before knows no windows, and does not give
-- back to a quota what it frees: make windows when all hosts run this build.
SET SESSION lock_wait_timeout = 1;

SET @add_presale = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'presale_times') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN presale_times VARCHAR(512) CHARACTER SET ascii COLLATE ascii_bin NULL
            COMMENT ''begin and end of each window of presale, in ms since 1970; NULL: none'',
        ALGORITHM = INSTANT');
PREPARE add_presale FROM @add_presale;
EXECUTE add_presale;
DEALLOCATE PREPARE add_presale;

SET @add_presale_of = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'reservation' AND column_name = 'presale_id') > 0,
    'DO 0',
    'ALTER TABLE reservation
        ADD COLUMN presale_id INT NULL COMMENT ''in which it was made; NULL: in none'',
        ADD COLUMN presale_code_id BIGINT NULL COMMENT ''the single code that it was made with'',
        ALGORITHM = INSTANT');
PREPARE add_presale_of FROM @add_presale_of;
EXECUTE add_presale_of;
DEALLOCATE PREPARE add_presale_of;

CREATE TABLE IF NOT EXISTS presale (
    presale_id         INT           NOT NULL AUTO_INCREMENT,
    concert_id         INT           NOT NULL,
    starts_at          DATETIME(3)   NOT NULL,
    ends_at            DATETIME(3)   NOT NULL COMMENT 'not after the opening',
    quota              INT           NOT NULL COMMENT 'as many rows of presale_slot',
    max_seats_per_user INT           NULL,
    sections           VARCHAR(4200) NOT NULL DEFAULT '' COMMENT 'each on a line; empty: all',
    codes              ENUM ('shared', 'single') NOT NULL,
    code_hash          BINARY(32)    NULL COMMENT 'of the shared one',
    created_at         DATETIME(3)   NOT NULL,
    PRIMARY KEY (presale_id),
    KEY presale_of_concert (concert_id),
    CONSTRAINT presale_times CHECK (ends_at > starts_at),
    CONSTRAINT presale_codes CHECK ((codes = 'shared') = (code_hash IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One seat of a quota. Like a seat it names who has it, and is free at once when a hold is over.
CREATE TABLE IF NOT EXISTS presale_slot (
    presale_id     INT         NOT NULL,
    slot_no        INT         NOT NULL,
    reservation_id BIGINT      NULL,
    free_at        DATETIME(3) NOT NULL DEFAULT '1970-01-01' COMMENT 'it is from then on; 9999: it is paid for',
    PRIMARY KEY (presale_id, slot_no),
    KEY presale_slot_free (presale_id, free_at),
    KEY presale_slot_of_reservation (reservation_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A single code: bound to the first user who comes with it, and used up when that user pays.
CREATE TABLE IF NOT EXISTS presale_code (
    code_id    BIGINT       NOT NULL AUTO_INCREMENT,
    presale_id INT          NOT NULL,
    code_hash  BINARY(32)   NOT NULL,
    user_id    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'whose it is; NULL: nobody came with it',
    holds      INT          NOT NULL DEFAULT 0 COMMENT 'that were made with it',
    used_at    DATETIME(3)  NULL COMMENT 'when the first of them was paid',
    PRIMARY KEY (code_id),
    UNIQUE KEY presale_code_by_hash (presale_id, code_hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
