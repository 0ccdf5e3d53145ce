-- A concert can ask for a proof of work before it gives a token. The key signs its challenges, so that all servers
-- know them and none is kept; NULL: none is asked for. The ALTER only adds; whoever has the table in a transaction is
-- waited for, for a second at most. A migration can be run again. A build from before gives tokens without a proof.
SET SESSION lock_wait_timeout = 1;

SET @add_challenge = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'concert' AND column_name = 'challenge_key') > 0,
    'DO 0',
    'ALTER TABLE concert
        ADD COLUMN challenge_key BINARY(32) NULL COMMENT ''signs challenges; NULL: none is asked for'',
        ALGORITHM = INSTANT');
PREPARE add_challenge FROM @add_challenge;
EXECUTE add_challenge;
DEALLOCATE PREPARE add_challenge;
