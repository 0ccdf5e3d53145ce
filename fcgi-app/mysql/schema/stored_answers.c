#include "mysql/schema/stored_answers.h"

#include "mysql/schema/rebuild.h"

/* The change is that of schema/010_stored_answers.sql. */
static const struct rebuild_table idempotency = {
    .name = "idempotency",
    .column = "body",
    .type = "blob",
    .change = "MODIFY body BLOB NULL"
              " COMMENT 'the bytes of the 200; NULL only inside the transaction'",
    .keys = {"user_id", "idempotency_key"},
    .text_keys = true,
};

enum migrate_result
stored_answers_rebuild(struct database *db, char error[MIGRATE_ERROR_SIZE])
{
    enum migrate_result result = rebuild_run(db, &idempotency, 1, error);
    return result == MIGRATE_OK ? rebuild_finish(db, error) : result;
}
