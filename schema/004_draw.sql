-- The draw before opening (docs/draw.md). A concert with a draw has a row of concert_draw from the
-- moment at which it was switched on; what was published is in it, and the secret until then.
CREATE TABLE IF NOT EXISTS concert_draw (
    concert_id  INT         NOT NULL,
    seed        BINARY(32)  NOT NULL COMMENT 'secret until the opening; its SHA-256 is public at once',
    frozen_last INT         NULL COMMENT 'highest number that is in; NULL: not frozen, or not written down',
    sealed_at   DATETIME(3) NULL COMMENT 'from then on no row with a number up to frozen_last is made',
    list_hash   BINARY(32)  NULL COMMENT 'SHA-256 of the list''s bytes',
    list_count  INT         NULL COMMENT 'entries of the list',
    decided_at  DATETIME(3) NULL COMMENT 'from then on the concert''s beacon does not change',
    drawn_at    DATETIME(3) NULL COMMENT 'when all ranks were in concert_draw_rank',
    created_at  DATETIME(3) NOT NULL,
    PRIMARY KEY (concert_id),
    CONSTRAINT concert_draw_order CHECK ((sealed_at IS NULL OR frozen_last IS NOT NULL)
        AND (list_hash IS NULL OR sealed_at IS NOT NULL)
        AND (list_hash IS NULL) = (list_count IS NULL)
        AND (decided_at IS NULL OR list_hash IS NOT NULL)
        AND (drawn_at IS NULL OR decided_at IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Derived from the above and the list: kept so that a line is rebuilt without computing them again.
CREATE TABLE IF NOT EXISTS concert_draw_rank (
    concert_id INT              NOT NULL,
    chunk      INT              NOT NULL COMMENT 'of the numbers, from 0',
    ranks      VARBINARY(16000) NOT NULL COMMENT 'four bytes for each number, high byte first; 0: no row',
    PRIMARY KEY (concert_id, chunk)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be run again.
SET @add_draw = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'draw') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN draw TINYINT NOT NULL DEFAULT 0
            COMMENT ''before opens_at tokens are taken and then drawn'',
        ADD COLUMN draw_lead_seconds INT NOT NULL DEFAULT 300
            COMMENT ''the pre-line is frozen so long before opens_at'',
        ADD COLUMN beacon_source VARCHAR(200) NULL,
        ADD COLUMN beacon VARCHAR(200) NULL
            COMMENT ''what the source gave after the list was published'',
        ADD CONSTRAINT concert_draw_lead CHECK (draw_lead_seconds BETWEEN 1 AND 86400)');
PREPARE add_draw FROM @add_draw;
EXECUTE add_draw;
DEALLOCATE PREPARE add_draw;
