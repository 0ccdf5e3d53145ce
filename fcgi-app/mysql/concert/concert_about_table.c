#include "mysql/concert/concert_about_table.h"

enum db_result
concert_about_table_find(struct database *db, int32_t concert_id, struct concert_about *about)
{
    static const struct query find = {"SELECT description, poster, age_limit, running_minutes"
                                      " FROM concert_about WHERE concert_id = ?"};
    *about = (struct concert_about){.has_age_limit = false};
    enum db_result result = db_select_one(
        db, &find, PARAMETERS(DB_INTEGER(concert_id)),
        COLUMNS(INTO_TEXT(about->description), INTO_TEXT(about->poster),
                INTO_OPTIONAL_INT32(&about->age_limit, &about->has_age_limit),
                INTO_OPTIONAL_INT32(&about->running_minutes, &about->has_running_minutes)));
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
concert_about_table_save(struct database *db, int32_t concert_id, const struct concert_about *about)
{
    static const struct query save = {
        "INSERT INTO concert_about (description, poster, age_limit, running_minutes, concert_id)"
        " VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE description = ?, poster = ?,"
        " age_limit = ?, running_minutes = ?"};
    const struct parameter description = DB_OPTIONAL_TEXT(about->description);
    const struct parameter poster = DB_OPTIONAL_TEXT(about->poster);
    const struct parameter age_limit = DB_OPTIONAL(about->has_age_limit, about->age_limit);
    const struct parameter minutes =
        DB_OPTIONAL(about->has_running_minutes, about->running_minutes);
    return db_execute(db, &save,
                      PARAMETERS(description, poster, age_limit, minutes, DB_INTEGER(concert_id),
                                 description, poster, age_limit, minutes));
}
