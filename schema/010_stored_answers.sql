-- Stored answers of calls as a BLOB. A server keeps several rows of each open table in memory, with room
-- for the longest value of a VARBINARY, and copies them whole with each statement: 60,000 bytes a few times
-- over, for an answer of 300. A BLOB's bytes are beside the row. In the table both are stored alike.
--
-- As it copies the table, frontrowctl migrate has rebuilt a large one before, beside its users
-- (mysql/schema/stored_answers.c); here is what it does to a small one. It can be run again.
SET @change = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name = 'idempotency' AND column_name = 'body' AND data_type = 'varbinary') = 0,
    'DO 0',
    'ALTER TABLE idempotency MODIFY body BLOB NULL
        COMMENT ''the bytes of the 200; NULL only inside the transaction''');
PREPARE change_body FROM @change;
EXECUTE change_body;
DEALLOCATE PREPARE change_body;
