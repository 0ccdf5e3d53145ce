#include "mysql/organiser/erase_table.h"

#include <stdio.h>

#include "base/message.h"
#include "mysql/concert/concert_columns.h"
#include "mysql/live_token.h"

enum db_result
erase_table_count(struct database *db, const char *user_id, struct erase_counts *counts)
{
    static const struct query count = {
        "SELECT COALESCE((SELECT balance FROM point WHERE user_id = ?), 0), COUNT(*),"
        " CAST(COALESCE(SUM(r.status = 'paid' AND i.starts_at > UTC_TIMESTAMP(3)"
        "  AND NOT " ITEM_IS_CANCELLED "), 0) AS SIGNED),"
        " CAST(COALESCE(SUM(r.status = 'held' AND r.expires_at > UTC_TIMESTAMP(3)), 0) AS SIGNED),"
        " (SELECT COUNT(*) FROM point_history WHERE user_id = ?)"
        " FROM reservation r LEFT JOIN item i ON i.item_id = r.item_id"
        " LEFT JOIN concert c ON c.concert_id = r.concert_id WHERE r.user_id = ?"};
    const struct parameter user = DB_TEXT(user_id);
    return db_select_one(db, &count, PARAMETERS(user, user, user),
                         COLUMNS(INTO_INT64(&counts->balance), INTO_INT64(&counts->orders),
                                 INTO_INT64(&counts->to_come), INTO_INT64(&counts->holds),
                                 INTO_INT64(&counts->entries)));
}

enum db_result
erase_table_list_holds(struct database *db, const char *user_id, int64_t ids[ERASE_HOLDS_MAX],
                       size_t *count)
{
    static const struct query list = {
        "SELECT reservation_id FROM reservation WHERE user_id = ? AND status = 'held'"
        " AND expires_at > UTC_TIMESTAMP(3) ORDER BY reservation_id LIMIT ?"};
    int64_t id;
    *count = 0;
    enum db_result result =
        db_select(db, &list, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(ERASE_HOLDS_MAX)),
                  COLUMNS(INTO_INT64(&id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        ids[(*count)++] = id;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
erase_table_next_concert(struct database *db, const char *user_id, int32_t after,
                         int32_t *concert_id)
{
    static const struct query next = {
        "SELECT c.concert_id FROM concert c WHERE c.concert_id > ?"
        " AND (" HAS_LIVE_QUEUED("c.concert_id") " OR " HAS_LIVE_UNQUEUED(
            "c.concert_id") ")"
                            " ORDER BY c.concert_id LIMIT 1"};
    return db_select_one(db, &next,
                         PARAMETERS(DB_INTEGER(after), DB_TEXT(user_id), DB_TEXT(user_id)),
                         COLUMNS(INTO_INT32(concert_id)));
}

/* What is counted when it is locked must be what is changed then. */
#define RENAMED(table) RENAMED_IN(table, "user_id")
#define RENAMED_IN(table, column)                                                                  \
    {                                                                                              \
        {"SELECT COUNT(*) FROM " table " WHERE " column " = ? FOR UPDATE"},                        \
        {                                                                                          \
            "UPDATE " table " SET " column " = ? WHERE " column " = ?"                             \
        }                                                                                          \
    }

struct renaming {
    struct query lock;
    struct query set;
};

static enum db_result
rename_all(struct database *db, const struct renaming *tables, size_t count, const char *user_id,
           const char *name, int64_t *rows)
{
    enum db_result result = DB_OK;
    for (size_t i = 0; i < count && result == DB_OK; i++) {
        int64_t there;
        result = db_select_one(db, &tables[i].lock, PARAMETERS(DB_TEXT(user_id)),
                               COLUMNS(INTO_INT64(&there)));
        if (result == DB_OK && there > 0)
            result =
                db_update(db, &tables[i].set, PARAMETERS(DB_TEXT(name), DB_TEXT(user_id)), there);
        *rows += result == DB_OK ? there : 0;
    }
    return result;
}

enum { MEMBER_SIZE = USER_ID_SIZE + 16 };

/* As a member of the JSON that answers and the audit log have. */
static void
write_member(char text[MEMBER_SIZE], const char *name, const char *user_id)
{
    snprintf(text, MEMBER_SIZE, "\"%s\":\"%s\"", name, user_id);
}

static enum db_result
rename_in_answers(struct database *db, const char *old_member, const char *new_member,
                  int64_t *rows)
{
    static const struct query lock = {
        "SELECT COUNT(*) FROM idempotency WHERE LOCATE(?, body) > 0 FOR UPDATE"};
    static const struct query set = {"UPDATE idempotency SET body = REPLACE(body, ?, ?)"
                                     " WHERE LOCATE(?, body) > 0"};
    const struct parameter from = DB_TEXT(old_member), to = DB_TEXT(new_member);
    int64_t there;
    enum db_result result = db_select_one(db, &lock, PARAMETERS(from), COLUMNS(INTO_INT64(&there)));
    if (result == DB_OK && there > 0)
        result = db_update(db, &set, PARAMETERS(from, to, from), there);
    *rows += result == DB_OK ? there : 0;
    return result;
}

/* A name that differs in its case only is found here, and stays. */
static enum db_result
rename_in_log(struct database *db, const char *old_member, const char *new_member, int64_t *rows)
{
    static const struct query set = {
        "UPDATE audit_log SET old_values = REPLACE(old_values, ?, ?),"
        " new_values = REPLACE(new_values, ?, ?)"
        " WHERE LOCATE(?, old_values) > 0 OR LOCATE(?, new_values) > 0"};
    const struct parameter from = DB_TEXT(old_member), to = DB_TEXT(new_member);
    enum db_result result = db_execute(db, &set, PARAMETERS(from, to, from, to, from, from));
    *rows += result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}

/* Some of these tables have no index that leads there: they are read whole. */
enum db_result
erase_table_rename(struct database *db, const char *user_id, const char *name, int64_t *rows)
{
    static const struct renaming tables[] = {
        RENAMED("seat_quota"),
        RENAMED("reservation"),
        RENAMED("payment"),
        RENAMED("queue_token"),
        RENAMED("open_token"),
        RENAMED("idempotency"),
        RENAMED("outbox_event"),
        RENAMED("imported_balance"),
        RENAMED("presale_code"),
        RENAMED_IN("reservation", "payer"),
        RENAMED_IN("transfer", "from_user"),
        RENAMED_IN("transfer", "to_user"),
        RENAMED("waitlist_entry"), /* of one that came in meanwhile */
    };
    static const char *const members[] = {"fromUserId", "toUserId", "paidBy", "userId"};
    char old_member[MEMBER_SIZE], new_member[MEMBER_SIZE];
    enum db_result result =
        rename_all(db, tables, sizeof tables / sizeof tables[0], user_id, name, rows);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && result == DB_OK; i++) {
        write_member(old_member, members[i], user_id);
        write_member(new_member, members[i], name);
        result = rename_in_answers(db, old_member, new_member, rows);
    }
    /* and last of all the members that the log has: userId */
    return result == DB_OK ? rename_in_log(db, old_member, new_member, rows) : result;
}

enum db_result
erase_table_rename_purse(struct database *db, const char *user_id, const char *name, int64_t *rows)
{
    static const struct renaming tables[] = {RENAMED("point"), RENAMED("point_history")};
    return rename_all(db, tables, sizeof tables / sizeof tables[0], user_id, name, rows);
}

enum db_result
erase_table_lock_log(struct database *db, const char *new_values)
{
    static const struct query lock = {"SELECT audit_log_id FROM audit_log"
                                      " WHERE action = 'user erase' AND new_values = ? FOR UPDATE"};
    int64_t id;
    return db_select_one(db, &lock, PARAMETERS(DB_TEXT(new_values)), COLUMNS(INTO_INT64(&id)));
}
