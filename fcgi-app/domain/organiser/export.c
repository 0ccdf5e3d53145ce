#include "domain/organiser/export.h"

#include "domain/concert/concert.h"

/* An order that has none may be all that came of it: it counts for the page, and is not shown. */
static bool
is_shown(const struct export_query *query, const struct export_row *row)
{
    return (query->what != EXPORT_LEDGER || row->entry.history_id != 0) &&
           (query->what != EXPORT_GUESTS || row->seat.seat_id != 0);
}

static enum error
check_query(struct services *services, const struct export_query *query, struct problem *problem)
{
    struct concert concert;
    struct item item = {.concert_id = query->concert_id};
    enum error error = concert_find(services->db, query->concert_id, &concert, problem);
    if (error != ERROR_NONE || query->item_id == 0)
        return error;
    enum db_result result = concert_table_item(services->db, query->item_id, &item);
    if (result == DB_NONE || (result == DB_OK && item.concert_id != query->concert_id))
        return refuse(problem, ERROR_ITEM_NOT_FOUND);
    return refuse_db(problem, result);
}

enum error
export_visit(struct services *services, const struct export_query *query,
             void (*visit)(void *state, const struct export_row *row), void *state, int64_t *next,
             struct problem *problem)
{
    struct export_row row;
    int64_t last = 0;
    int32_t count = 0;
    if (check_query(services, query, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = export_table_list(services->db, query, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        int64_t id = query->what == EXPORT_SEATS ? row.seat.seat_id : row.reservation_id;
        count += id != last;
        last = id;
        if (is_shown(query, &row))
            visit(state, &row);
    }
    *next = count == export_table_limit(query->what) ? last : 0;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
