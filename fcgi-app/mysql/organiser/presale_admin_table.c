#include "mysql/organiser/presale_admin_table.h"

#include "base/clock.h"

/* How many rows MySQL lets a recursive query make (cte_max_recursion_depth) is 1,000 by default. */
enum { SLOTS_PER_INSERT = 1000 };

#define PRESALE_COLUMNS                                                                            \
    "p.presale_id, p.concert_id, p.starts_at, p.ends_at, p.quota, p.max_seats_per_user, "          \
    "p.sections, p.codes + 0, p.code_hash"
enum { PRESALE_COLUMN_COUNT = 9, COUNT_COLUMN_COUNT = 5 };

/* Of a presale whose id is `id`. */
#define COUNTS_OF(id)                                                                              \
    "(SELECT COUNT(*) FROM presale_slot s WHERE s.presale_id = " id                                \
    " AND s.free_at > UTC_TIMESTAMP(3) AND s.free_at <> " PRESALE_SLOT_PAID "), "                  \
    "(SELECT COUNT(*) FROM presale_slot s WHERE s.presale_id = " id                                \
    " AND s.free_at = " PRESALE_SLOT_PAID "), "                                                    \
    "(SELECT COUNT(*) FROM presale_code c WHERE c.presale_id = " id "), "                          \
    "(SELECT COUNT(c.user_id) FROM presale_code c WHERE c.presale_id = " id "), "                  \
    "(SELECT COUNT(c.used_at) FROM presale_code c WHERE c.presale_id = " id ")"

static void
bind_presale(struct presale *presale, struct column columns[PRESALE_COLUMN_COUNT])
{
    const struct column list[PRESALE_COLUMN_COUNT] = {
        INTO_INT32(&presale->presale_id),
        INTO_INT32(&presale->concert_id),
        INTO_INSTANT(&presale->starts_at),
        INTO_INSTANT(&presale->ends_at),
        INTO_INT32(&presale->quota),
        INTO_OPTIONAL_INT32(&presale->max_seats_per_user, &presale->has_seat_limit),
        INTO_TEXT(presale->sections),
        INTO_ENUM(&presale->codes, PRESALE_SINGLE),
        INTO_BYTES(presale->code_hash),
    };
    memcpy(columns, list, sizeof list);
}

static void
bind_counts(struct presale_counts *counts, struct column columns[COUNT_COLUMN_COUNT])
{
    const struct column list[COUNT_COLUMN_COUNT] = {
        INTO_INT32(&counts->held),  INTO_INT32(&counts->paid), INTO_INT32(&counts->codes),
        INTO_INT32(&counts->bound), INTO_INT32(&counts->used),
    };
    memcpy(columns, list, sizeof list);
}

static struct parameter
hash_of(const struct presale *presale)
{
    return presale->codes == PRESALE_SHARED ? DB_BYTES(presale->code_hash, PRESALE_HASH_BYTES)
                                            : DB_NULL;
}

enum db_result
presale_admin_table_insert(struct database *db, struct presale *presale, int64_t created_at)
{
    static const struct query insert = {
        "INSERT INTO presale (concert_id, starts_at, ends_at, quota, max_seats_per_user, sections,"
        " codes, code_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_INTEGER(presale->concert_id), DB_INSTANT(presale->starts_at),
                              DB_INSTANT(presale->ends_at), DB_INTEGER(presale->quota),
                              DB_OPTIONAL(presale->has_seat_limit, presale->max_seats_per_user),
                              DB_TEXT(presale->sections), DB_INTEGER(presale->codes),
                              hash_of(presale), DB_INSTANT(created_at)));
    presale->presale_id = (int32_t)db_inserted_id(db);
    return result;
}

enum db_result
presale_admin_table_lock(struct database *db, int32_t concert_id, int32_t presale_id,
                         struct presale *presale, int64_t *created_at)
{
    static const struct query lock = {"SELECT " PRESALE_COLUMNS ", p.created_at FROM presale p"
                                      " WHERE p.presale_id = ? AND p.concert_id = ? FOR UPDATE"};
    struct column columns[PRESALE_COLUMN_COUNT + 1];
    bind_presale(presale, columns);
    columns[PRESALE_COLUMN_COUNT] = INTO_INSTANT(created_at);
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(presale_id), DB_INTEGER(concert_id)),
                         columns, PRESALE_COLUMN_COUNT + 1);
}

enum db_result
presale_admin_table_add_slots(struct database *db, int32_t presale_id, int32_t count)
{
    static const struct query find_last = {
        "SELECT COALESCE(MAX(slot_no), 0) FROM presale_slot WHERE presale_id = ?"};
    static const struct query insert = {
        "INSERT INTO presale_slot (presale_id, slot_no) WITH RECURSIVE counter (n) AS"
        " (SELECT CAST(? AS SIGNED) UNION ALL SELECT n + 1 FROM counter WHERE n < ?)"
        " SELECT ?, n FROM counter"};
    int64_t last;
    enum db_result result = db_select_one(db, &find_last, PARAMETERS(DB_INTEGER(presale_id)),
                                          COLUMNS(INTO_INT64(&last)));
    for (int64_t end = last + count; last < end && result == DB_OK;) {
        int64_t to = last + SLOTS_PER_INSERT < end ? last + SLOTS_PER_INSERT : end;
        result = db_execute(
            db, &insert, PARAMETERS(DB_INTEGER(last + 1), DB_INTEGER(to), DB_INTEGER(presale_id)));
        last = to;
    }
    return result;
}

enum db_result
presale_admin_table_remove_slots(struct database *db, int32_t presale_id, int32_t count)
{
    static const struct query remove = {
        "DELETE FROM presale_slot WHERE presale_id = ? AND free_at <= UTC_TIMESTAMP(3)"
        " ORDER BY slot_no DESC LIMIT ?"};
    return db_update_if(db, &remove, PARAMETERS(DB_INTEGER(presale_id), DB_INTEGER(count)), count);
}

enum db_result
presale_admin_table_update(struct database *db, const struct presale *presale)
{
    static const struct query update = {
        "UPDATE presale SET starts_at = ?, ends_at = ?, quota = ?, max_seats_per_user = ?,"
        " sections = ?, code_hash = ? WHERE presale_id = ?"};
    return db_execute(db, &update,
                      PARAMETERS(DB_INSTANT(presale->starts_at), DB_INSTANT(presale->ends_at),
                                 DB_INTEGER(presale->quota),
                                 DB_OPTIONAL(presale->has_seat_limit, presale->max_seats_per_user),
                                 DB_TEXT(presale->sections), hash_of(presale),
                                 DB_INTEGER(presale->presale_id)));
}

enum db_result
presale_admin_table_delete(struct database *db, int32_t presale_id)
{
    static const struct query remove[] = {{"DELETE FROM presale_slot WHERE presale_id = ?"},
                                          {"DELETE FROM presale_code WHERE presale_id = ?"},
                                          {"DELETE FROM presale WHERE presale_id = ?"}};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sizeof remove / sizeof remove[0] && result == DB_OK; i++)
        result = db_execute(db, &remove[i], PARAMETERS(DB_INTEGER(presale_id)));
    return result;
}

enum db_result
presale_admin_table_was_used(struct database *db, int32_t concert_id, int32_t presale_id,
                             bool *was_used)
{
    static const struct query find = {
        "SELECT EXISTS (SELECT 1 FROM reservation FORCE INDEX (reservation_of_concert)"
        " WHERE concert_id = ? AND presale_id = ?)"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(presale_id)),
                         COLUMNS(INTO_BOOL(was_used)));
}

enum db_result
presale_admin_table_list(struct database *db, int32_t concert_id, struct presale *presale,
                         struct presale_counts *counts)
{
    static const struct query list = {"SELECT " PRESALE_COLUMNS ", " COUNTS_OF(
        "p.presale_id") " FROM presale p WHERE p.concert_id = ? ORDER BY p.starts_at, "
                        "p.presale_id"};
    struct column columns[PRESALE_COLUMN_COUNT + COUNT_COLUMN_COUNT];
    bind_presale(presale, columns);
    bind_counts(counts, columns + PRESALE_COLUMN_COUNT);
    return db_select(db, &list, PARAMETERS(DB_INTEGER(concert_id)), columns,
                     PRESALE_COLUMN_COUNT + COUNT_COLUMN_COUNT);
}

enum db_result
presale_admin_table_list_times(struct database *db, int32_t concert_id, int64_t *starts_at,
                               int64_t *ends_at)
{
    static const struct query list = {"SELECT starts_at, ends_at FROM presale"
                                      " WHERE concert_id = ? ORDER BY starts_at, presale_id"};
    return db_select(db, &list, PARAMETERS(DB_INTEGER(concert_id)),
                     COLUMNS(INTO_INSTANT(starts_at), INTO_INSTANT(ends_at)));
}

enum db_result
presale_admin_table_count(struct database *db, int32_t presale_id, struct presale_counts *counts)
{
    static const struct query count = {"SELECT " COUNTS_OF("?")};
    struct column columns[COUNT_COLUMN_COUNT];
    const struct parameter id = DB_INTEGER(presale_id);
    bind_counts(counts, columns);
    return db_select_one(db, &count, PARAMETERS(id, id, id, id, id), columns, COUNT_COLUMN_COUNT);
}

enum db_result
presale_admin_table_set_times(struct database *db, int32_t concert_id, const char *times)
{
    static const struct query set = {"UPDATE concert SET presale_times = ? WHERE concert_id = ?"};
    return db_execute(db, &set, PARAMETERS(DB_OPTIONAL_TEXT(times), DB_INTEGER(concert_id)));
}

/* All hashes are one value: as many placeholders would be most of the work. */
enum db_result
presale_admin_table_add_codes(struct database *db, int32_t presale_id, const uint8_t *hashes,
                              size_t count)
{
    static const struct query insert = {
        "INSERT INTO presale_code (presale_id, code_hash)"
        " WITH RECURSIVE counter (n) AS"
        " (SELECT CAST(1 AS SIGNED) UNION ALL SELECT n + 1 FROM counter WHERE n < ?)"
        " SELECT ?, SUBSTRING(h.hashes, 32 * n - 31, 32) FROM counter, (SELECT CAST(? AS BINARY) "
        "AS hashes) h"};
    return db_execute(db, &insert,
                      PARAMETERS(DB_INTEGER((int64_t)count), DB_INTEGER(presale_id),
                                 DB_BYTES(hashes, count * PRESALE_HASH_BYTES)));
}

enum db_result
presale_admin_table_lock_code(struct database *db, int32_t presale_id,
                              const uint8_t hash[PRESALE_HASH_BYTES])
{
    static const struct query lock = {"SELECT code_id FROM presale_code"
                                      " WHERE presale_id = ? AND code_hash = ? FOR UPDATE"};
    int64_t id;
    return db_select_one(db, &lock,
                         PARAMETERS(DB_INTEGER(presale_id), DB_BYTES(hash, PRESALE_HASH_BYTES)),
                         COLUMNS(INTO_INT64(&id)));
}
