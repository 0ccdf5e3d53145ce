#include "mysql/organiser/user_table.h"

#include "mysql/live_token.h"

enum db_result
user_table_list_concerts(struct database *db, const char *user_id, int32_t ids[USER_CONCERTS_MAX],
                         size_t *count)
{
    static const struct query list = {
        "SELECT c.concert_id FROM concert c WHERE c.status = 'open' AND"
        " (EXISTS (SELECT 1 FROM reservation r FORCE INDEX (reservation_of_user_in_concert)"
        "   WHERE r.user_id = ? AND r.concert_id = c.concert_id)"
        " OR " HAS_LIVE_QUEUED("c.concert_id") " OR " HAS_LIVE_UNQUEUED(
            "c.concert_id") ")"
                            " ORDER BY c.concert_id DESC LIMIT ?"};
    const struct parameter user = DB_TEXT(user_id);
    int32_t id;
    *count = 0;
    enum db_result result =
        db_select(db, &list, PARAMETERS(user, user, user, DB_INTEGER(USER_CONCERTS_MAX)),
                  COLUMNS(INTO_INT32(&id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        ids[(*count)++] = id;
    return result == DB_NONE ? DB_OK : result;
}
