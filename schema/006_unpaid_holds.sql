-- What the rules about unpaid holds and about refunds count. MySQL has no ADD COLUMN IF NOT EXISTS,
-- and a migration can be run again.
SET @add_settled = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'reservation' AND column_name = 'settled_at') > 0,
    'DO 0',
    'ALTER TABLE reservation
        ADD COLUMN settled_at DATETIME(3) NULL
            COMMENT ''when its owner paid it or gave it back unpaid; NULL: neither, or it was refunded'',
        ADD KEY reservation_of_user_in_concert (user_id, concert_id)');
PREPARE add_settled FROM @add_settled;
EXECUTE add_settled;
DEALLOCATE PREPARE add_settled;

SET @add_refund_asked = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'payment' AND column_name = 'refund_asked_at') > 0,
    'DO 0',
    'ALTER TABLE payment
        ADD COLUMN refund_asked_at DATETIME(3) NULL
            COMMENT ''when its owner asked for the refund; NULL: did not, an operator gave it''');
PREPARE add_refund_asked FROM @add_refund_asked;
EXECUTE add_refund_asked;
DEALLOCATE PREPARE add_refund_asked;
