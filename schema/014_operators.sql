-- Operators, each with a key and a role of its own, beside the one whose key is in a file; and in the audit
-- log what each change found and what it left. MySQL has no ADD COLUMN IF NOT EXISTS, and a migration can be
-- run again. A build from before writes rows of the log without these columns.
CREATE TABLE IF NOT EXISTS operator_key (
    name       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    role       ENUM ('viewer', 'gate', 'seller', 'manager') NOT NULL,
    key_hash   BINARY(32)  NOT NULL COMMENT 'SHA-256 of the key, which is not stored',
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (name),
    UNIQUE KEY operator_key_by_hash (key_hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

SET @add_values = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'audit_log' AND column_name = 'old_values') > 0,
    'DO 0',
    'ALTER TABLE audit_log
        ADD COLUMN old_values TEXT NULL COMMENT ''JSON: what the change found; NULL: it made something'',
        ADD COLUMN new_values TEXT NULL COMMENT ''JSON: what it left; NULL: it took something away''');
PREPARE add_values FROM @add_values;
EXECUTE add_values;
DEALLOCATE PREPARE add_values;

SET @add_key = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'audit_log' AND index_name = 'audit_log_of_concert') > 0,
    'DO 0',
    'ALTER TABLE audit_log ADD KEY audit_log_of_concert (concert_id)');
PREPARE add_key FROM @add_key;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;
