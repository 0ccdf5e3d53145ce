#include "mysql/sale/quota_table.h"

#include <assert.h>

enum db_result
quota_table_lock(struct database *db, const struct concert_user *users, size_t count)
{
    /* FOR UPDATE of a row that is not there locks nothing; this makes the row and locks it. */
    static const struct query lock[DB_ROWS_MAX] =
        DB_ROW_FORMS("INSERT INTO seat_quota (concert_id, user_id) VALUES ", "(?, ?)",
                     " ON DUPLICATE KEY UPDATE touched = touched ^ 1");
    struct parameter parameters[2 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[2 * i] = DB_INTEGER(users[i].concert_id);
        parameters[2 * i + 1] = DB_TEXT(users[i].user_id);
    }
    return db_execute(db, &lock[count - 1], parameters, 2 * count);
}

enum db_result
quota_table_list_holds(struct database *db, int32_t concert_id, const char *const user_ids[],
                       size_t count, int64_t since, struct hold_record *hold)
{
    static const struct query list[] = DB_LISTS(
        "SELECT user_id, status + 0, seat_count, settled_at IS NOT NULL,"
        " COALESCE(settled_at, expires_at) AS ends_at"
        " FROM reservation FORCE INDEX (reservation_of_user_in_concert) WHERE concert_id = ?"
        " AND (status = 'paid' OR COALESCE(settled_at, expires_at) > ?) AND user_id",
        " ORDER BY ends_at");
    struct parameter parameters[2 + DB_ROWS_MAX] = {DB_INTEGER(concert_id), DB_INSTANT(since)};
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    for (size_t i = 0; i < listed; i++)
        parameters[2 + i] = DB_TEXT(user_ids[db_list_at(i, count)]);
    return db_select(db, &list[form], parameters, 2 + listed,
                     COLUMNS(INTO_TEXT(hold->user_id),
                             INTO_ENUM(&hold->status, RESERVATION_CANCELLED),
                             INTO_INT32(&hold->seat_count), INTO_BOOL(&hold->settled),
                             INTO_INSTANT(&hold->ends_at)));
}
