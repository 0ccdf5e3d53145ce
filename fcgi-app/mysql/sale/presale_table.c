#include "mysql/sale/presale_table.h"

#include "base/clock.h"

enum db_result
presale_table_look(struct database *db, int32_t concert_id, const uint8_t hash[PRESALE_HASH_BYTES],
                   int64_t now, struct presale_look *look)
{
    static const struct query find = {
        "SELECT p.presale_id, p.concert_id, p.starts_at, p.ends_at, p.quota, p.max_seats_per_user,"
        " p.sections, p.codes + 0, p.code_hash, COALESCE((SELECT s.free_at FROM presale_slot s"
        " FORCE INDEX (presale_slot_free) WHERE s.presale_id = p.presale_id"
        " ORDER BY s.free_at LIMIT 1) <= ?, 0), c.code_id, c.code_hash, c.user_id,"
        " c.used_at FROM presale p LEFT JOIN presale_code c"
        " ON c.presale_id = p.presale_id AND c.code_hash = ? AND p.codes = 'single'"
        " WHERE p.concert_id = ? AND p.starts_at <= ? AND p.ends_at > ? ORDER BY p.presale_id"};
    struct presale *presale = &look->presale;
    return db_select(
        db, &find,
        PARAMETERS(DB_INSTANT(now), DB_BYTES(hash, PRESALE_HASH_BYTES), DB_INTEGER(concert_id),
                   DB_INSTANT(now), DB_INSTANT(now)),
        COLUMNS(INTO_INT32(&presale->presale_id), INTO_INT32(&presale->concert_id),
                INTO_INSTANT(&presale->starts_at), INTO_INSTANT(&presale->ends_at),
                INTO_INT32(&presale->quota),
                INTO_OPTIONAL_INT32(&presale->max_seats_per_user, &presale->has_seat_limit),
                INTO_TEXT(presale->sections), INTO_ENUM(&presale->codes, PRESALE_SINGLE),
                INTO_BYTES(presale->code_hash), INTO_BOOL(&look->has_free),
                INTO_INT64(&look->code_id), INTO_OPTIONAL_BYTES(look->found_hash, &look->is_known),
                INTO_TEXT(look->user_id), INTO_INSTANT(&look->used_at)));
}

enum db_result
presale_table_bind_code(struct database *db, int64_t code_id, const char *user_id)
{
    static const struct query bind = {
        "UPDATE presale_code SET user_id = ? WHERE code_id = ? AND user_id IS NULL"};
    return db_update_if(db, &bind, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(code_id)), 1);
}

enum db_result
presale_table_take_code(struct database *db, int64_t code_id, const char *user_id)
{
    static const struct query take = {
        "UPDATE presale_code SET user_id = ?, holds = holds + 1"
        " WHERE code_id = ? AND used_at IS NULL AND (user_id IS NULL OR user_id = ?)"};
    return db_update_if(db, &take,
                        PARAMETERS(DB_TEXT(user_id), DB_INTEGER(code_id), DB_TEXT(user_id)), 1);
}

enum db_result
presale_table_count_seats(struct database *db, int32_t concert_id, int32_t presale_id,
                          const char *user_id, int64_t now, int32_t *seats)
{
    static const struct query count = {
        "SELECT CAST(COALESCE(SUM(seat_count), 0) AS SIGNED) FROM reservation"
        " FORCE INDEX (reservation_of_user_in_concert) WHERE user_id = ? AND concert_id = ?"
        " AND presale_id = ? AND (status = 'paid' OR (status = 'held' AND expires_at > ?))"};
    return db_select_one(db, &count,
                         PARAMETERS(DB_TEXT(user_id), DB_INTEGER(concert_id),
                                    DB_INTEGER(presale_id), DB_INSTANT(now)),
                         COLUMNS(INTO_INT32(seats)));
}

enum db_result
presale_table_lock_free(struct database *db, int32_t presale_id, int64_t now, size_t count,
                        int32_t slots[SEATS_AT_ONCE], size_t *found)
{
    static const struct query lock = {
        "SELECT slot_no FROM presale_slot FORCE INDEX (presale_slot_free)"
        " WHERE presale_id = ? AND free_at <= ? LIMIT ? FOR UPDATE SKIP LOCKED"};
    int32_t slot;
    *found = 0;
    enum db_result result = db_select(
        db, &lock, PARAMETERS(DB_INTEGER(presale_id), DB_INSTANT(now), DB_INTEGER((int64_t)count)),
        COLUMNS(INTO_INT32(&slot)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        slots[(*found)++] = slot;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
presale_table_count_free(struct database *db, int32_t presale_id, int64_t now, size_t count,
                         int32_t *found)
{
    static const struct query read = {
        "SELECT COUNT(*) FROM (SELECT slot_no FROM presale_slot FORCE INDEX (presale_slot_free)"
        " WHERE presale_id = ? AND free_at <= ? LIMIT ?) f"};
    return db_select_one(
        db, &read, PARAMETERS(DB_INTEGER(presale_id), DB_INSTANT(now), DB_INTEGER((int64_t)count)),
        COLUMNS(INTO_INT32(found)));
}

enum db_result
presale_table_hold(struct database *db, int32_t presale_id, const int32_t *slots, size_t count,
                   int64_t reservation_id, int64_t code_id, int64_t expires_at)
{
    static const struct query hold[] =
        DB_LISTS("UPDATE presale_slot SET reservation_id = ?, free_at = ?"
                 " WHERE presale_id = ? AND slot_no",
                 " AND free_at <> " PRESALE_SLOT_PAID);
    static const struct query tell = {
        "UPDATE reservation SET presale_id = ?, presale_code_id = ? WHERE reservation_id = ?"};
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    struct parameter parameters[3 + SEATS_AT_ONCE] = {
        DB_INTEGER(reservation_id), DB_INSTANT(expires_at), DB_INTEGER(presale_id)};
    for (size_t i = 0; i < listed; i++)
        parameters[3 + i] = DB_INTEGER(slots[db_list_at(i, count)]);
    enum db_result result = db_update(db, &hold[form], parameters, 3 + listed, (int64_t)count);
    if (result != DB_OK)
        return result;
    return db_update(db, &tell,
                     PARAMETERS(DB_INTEGER(presale_id), DB_OPTIONAL(code_id != 0, code_id),
                                DB_INTEGER(reservation_id)),
                     1);
}

enum db_result
presale_table_sell(struct database *db, int32_t presale_id, int64_t reservation_id,
                   int32_t seat_count, int64_t expires_at, int64_t paid_at)
{
    static const struct query sell = {
        "UPDATE presale_slot FORCE INDEX (presale_slot_of_reservation) SET"
        " free_at = " PRESALE_SLOT_PAID
        " WHERE reservation_id = ? AND presale_id = ? AND free_at = ?"};
    static const struct query use_up = {
        "UPDATE presale_code SET used_at = ? WHERE used_at IS NULL AND code_id ="
        " (SELECT r.presale_code_id FROM reservation r WHERE r.reservation_id = ?)"};
    enum db_result result = db_update_if(
        db, &sell,
        PARAMETERS(DB_INTEGER(reservation_id), DB_INTEGER(presale_id), DB_INSTANT(expires_at)),
        seat_count);
    if (result != DB_OK)
        return result;
    /* none where the codes are shared, or where another hold with this one was paid before */
    return db_execute(db, &use_up, PARAMETERS(DB_INSTANT(paid_at), DB_INTEGER(reservation_id)));
}

enum db_result
presale_table_free(struct database *db, int32_t presale_id, int64_t reservation_id, size_t count)
{
    static const struct query give_back = {
        "UPDATE presale_slot FORCE INDEX (presale_slot_of_reservation)"
        " SET reservation_id = NULL, free_at = " PRESALE_SLOT_FREE
        " WHERE reservation_id = ? AND presale_id = ? LIMIT ?"};
    return db_execute(
        db, &give_back,
        PARAMETERS(DB_INTEGER(reservation_id), DB_INTEGER(presale_id), DB_INTEGER((int64_t)count)));
}
