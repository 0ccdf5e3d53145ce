#include "mysql/books/prune_table.h"

#include <string.h>

enum db_result
prune_table_next_concert(struct database *db, int32_t after, int64_t cutoff,
                         struct prune_concert *concert)
{
    static const struct query next = {
        "SELECT c.concert_id,"
        " COALESCE(d.frozen_last, IF(c.draw = 1 AND c.status <> 'cancelled', 2147483647, 0))"
        " FROM concert c LEFT JOIN concert_draw d ON d.concert_id = c.concert_id"
        " WHERE c.concert_id > ? AND (c.status = 'cancelled' OR c.closes_at < ?"
        "  OR (SELECT MAX(i.starts_at) FROM item i WHERE i.concert_id = c.concert_id) < ?)"
        " ORDER BY c.concert_id LIMIT 1"};
    concert->cutoff = cutoff;
    return db_select_one(
        db, &next, PARAMETERS(DB_INTEGER(after), DB_INSTANT(cutoff), DB_INSTANT(cutoff)),
        COLUMNS(INTO_INT32(&concert->concert_id), INTO_INT32(&concert->draw_last)));
}

enum db_result
prune_table_has_live_hold(struct database *db, int32_t concert_id, bool *has_one)
{
    static const struct query find = {
        "SELECT COUNT(*) > 0 FROM (SELECT reservation_id FROM reservation"
        " FORCE INDEX (reservation_to_expire) WHERE status = 'held'"
        " AND expires_at > UTC_TIMESTAMP(3) AND concert_id = ? LIMIT 1) h"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id)),
                         COLUMNS(INTO_BOOL(has_one)));
}

enum db_result
prune_table_read_kept(struct database *db, struct prune_concert *concert)
{
    static const struct query read = {
        "SELECT COALESCE(MAX(number), 0), COALESCE((SELECT s.number FROM queue_token s"
        " WHERE s.concert_id = ? ORDER BY s.serving DESC, s.number DESC LIMIT 1), 0)"
        " FROM queue_token WHERE concert_id = ?"};
    return db_select_one(
        db, &read, PARAMETERS(DB_INTEGER(concert->concert_id), DB_INTEGER(concert->concert_id)),
        COLUMNS(INTO_INT32(&concert->last_number), INTO_INT32(&concert->serving_number)));
}

/* ---- one range of a concert's rows */

#define QUEUE_TOKEN_IS_OLD "created_at < ? AND (status <> 'active' OR lease_until < ?)"

static enum db_result
look_at_queue_tokens(struct database *db, const struct prune_concert *concert,
                     struct prune_range *range)
{
    static const struct query look = {
        "SELECT COUNT(*), COALESCE(MAX(number), 0),"
        " COALESCE(SUM(number <> ? AND number <> ? AND " QUEUE_TOKEN_IS_OLD "), 0)"
        " FROM (SELECT number, status, lease_until, created_at FROM queue_token"
        "  WHERE concert_id = ? AND number > ? ORDER BY number LIMIT ?) batch"};
    return db_select_one(db, &look,
                         PARAMETERS(DB_INTEGER(concert->last_number),
                                    DB_INTEGER(concert->serving_number),
                                    DB_INSTANT(concert->cutoff), DB_INSTANT(concert->cutoff),
                                    DB_INTEGER(concert->concert_id),
                                    DB_INTEGER(range->after.number), DB_INTEGER(PRUNE_BATCH)),
                         COLUMNS(INTO_INT32(&range->rows), INTO_INT32(&range->until.number),
                                 INTO_INT64(&range->over)));
}

enum db_result
prune_table_look_on(struct database *db, const struct prune_concert *concert, enum prune_kind kind,
                    struct prune_range *range)
{
    static const struct query look_at_unqueued_tokens = {
        "SELECT COUNT(*), COALESCE(MAX(user_id), ''), COALESCE(SUM(lease_until < ?), 0)"
        " FROM (SELECT user_id, lease_until FROM open_token WHERE concert_id = ? AND user_id > ?"
        "  ORDER BY user_id LIMIT ?) batch"};
    static const struct query look_at_seat_quotas = {
        "SELECT COUNT(*), COALESCE(MAX(user_id), ''), COUNT(*) FROM (SELECT user_id"
        " FROM seat_quota WHERE concert_id = ? AND user_id > ? ORDER BY user_id LIMIT ?) batch"};
    range->after = range->until;
    const struct parameter owner_parameters[] = {
        DB_INSTANT(concert->cutoff), DB_INTEGER(concert->concert_id), DB_TEXT(range->after.user_id),
        DB_INTEGER(PRUNE_BATCH)};
    const struct column columns[] = {INTO_INT32(&range->rows), INTO_TEXT(range->until.user_id),
                                     INTO_INT64(&range->over)};
    if (kind == PRUNE_QUEUE_TOKENS)
        return look_at_queue_tokens(db, concert, range);
    if (kind == PRUNE_OPEN_TOKENS)
        return db_select_one(db, &look_at_unqueued_tokens, owner_parameters, 4, columns, 3);
    return db_select_one(db, &look_at_seat_quotas, owner_parameters + 1, 3, columns, 3);
}

enum db_result
prune_table_lapse(struct database *db, const struct prune_concert *concert,
                  const struct prune_range *range)
{
    static const struct query lapse = {
        "UPDATE queue_token SET status = 'lapsed' WHERE concert_id = ? AND number > ?"
        " AND number <= ? AND status IN ('waiting', 'active') AND " QUEUE_TOKEN_IS_OLD};
    return db_execute(db, &lapse,
                      PARAMETERS(DB_INTEGER(concert->concert_id), DB_INTEGER(range->after.number),
                                 DB_INTEGER(range->until.number), DB_INSTANT(concert->cutoff),
                                 DB_INSTANT(concert->cutoff)));
}

enum db_result
prune_table_delete(struct database *db, const struct prune_concert *concert, enum prune_kind kind,
                   const struct prune_range *range)
{
    static const struct query delete_queue_tokens = {
        "DELETE FROM queue_token WHERE concert_id = ? AND number > ? AND number <= ?"
        " AND number <> ? AND number <> ? AND " QUEUE_TOKEN_IS_OLD};
    static const struct query delete_unqueued_tokens = {
        "DELETE FROM open_token WHERE concert_id = ? AND user_id > ? AND user_id <= ?"
        " AND lease_until < ?"};
    static const struct query delete_seat_quotas = {
        "DELETE FROM seat_quota WHERE concert_id = ? AND user_id > ? AND user_id <= ?"};
    const struct parameter owner_parameters[] = {
        DB_INTEGER(concert->concert_id), DB_TEXT(range->after.user_id),
        DB_TEXT(range->until.user_id), DB_INSTANT(concert->cutoff)};
    if (kind == PRUNE_OPEN_TOKENS)
        return db_execute(db, &delete_unqueued_tokens, owner_parameters, 4);
    if (kind == PRUNE_SEAT_QUOTAS)
        return db_execute(db, &delete_seat_quotas, owner_parameters, 3);
    return db_execute(db, &delete_queue_tokens,
                      PARAMETERS(DB_INTEGER(concert->concert_id), DB_INTEGER(range->after.number),
                                 DB_INTEGER(range->until.number), DB_INTEGER(concert->last_number),
                                 DB_INTEGER(concert->serving_number), DB_INSTANT(concert->cutoff),
                                 DB_INSTANT(concert->cutoff)));
}

/* ---- what is no concert's */

enum db_result
prune_table_count_answers(struct database *db, int64_t cutoff, int64_t *count)
{
    static const struct query query = {"SELECT COUNT(*) FROM idempotency WHERE created_at < ?"};
    return db_select_one(db, &query, PARAMETERS(DB_INSTANT(cutoff)), COLUMNS(INTO_INT64(count)));
}

enum db_result
prune_table_count_log(struct database *db, int64_t cutoff, int64_t *count)
{
    static const struct query query = {"SELECT COUNT(*) FROM audit_log WHERE created_at < ?"};
    return db_select_one(db, &query, PARAMETERS(DB_INSTANT(cutoff)), COLUMNS(INTO_INT64(count)));
}

enum db_result
prune_table_delete_log(struct database *db, int64_t cutoff, int64_t *deleted)
{
    /* Its rows are in the order of time: the oldest are looked at, and no others locked. */
    static const struct query find = {
        "SELECT COALESCE(MAX(audit_log_id), 0) FROM (SELECT audit_log_id, created_at"
        " FROM audit_log ORDER BY audit_log_id LIMIT ?) batch WHERE created_at < ?"};
    static const struct query delete_old = {
        "DELETE FROM audit_log WHERE audit_log_id <= ? AND created_at < ?"};
    int64_t last;
    enum db_result result =
        db_select_one(db, &find, PARAMETERS(DB_INTEGER(PRUNE_BATCH), DB_INSTANT(cutoff)),
                      COLUMNS(INTO_INT64(&last)));
    if (result == DB_OK)
        result = db_execute(db, &delete_old, PARAMETERS(DB_INTEGER(last), DB_INSTANT(cutoff)));
    *deleted = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}
