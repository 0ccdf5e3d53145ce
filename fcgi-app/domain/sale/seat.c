#include "domain/sale/seat.h"

#include <stdlib.h>

enum seat_status
seat_shown(const struct seat *seat, int64_t now)
{
    if (seat->blocked || (seat->status != SEAT_AVAILABLE && seat->status != SEAT_HELD))
        return SEAT_SOLD;
    return seat->status == SEAT_HELD && now < seat->held_until ? SEAT_HELD : SEAT_AVAILABLE;
}

static int
compare_ids(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

void
seat_sort_ids(int32_t *ids, size_t count)
{
    if (count > 0) /* qsort() must not get NULL */
        qsort(ids, count, sizeof ids[0], compare_ids);
}

bool
seat_is_listed(int32_t seat_id, const int32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == seat_id)
            return true;
    return false;
}

enum error
seat_require_pairs(const struct seat *seats, size_t seat_count, const int32_t *ids, size_t count,
                   struct problem *problem)
{
    struct problem halved = {.error = ERROR_SEATS_BELONG_TOGETHER};
    for (size_t i = 0; i < seat_count; i++)
        if (seats[i].partner_id != 0 && !seat_is_listed(seats[i].partner_id, ids, count)) {
            halved.seat_ids[halved.seat_count++] = seats[i].seat_id;
            halved.seat_ids[halved.seat_count++] = seats[i].partner_id;
        }
    if (halved.seat_count == 0)
        return ERROR_NONE;
    seat_sort_ids(halved.seat_ids, halved.seat_count);
    *problem = halved;
    return ERROR_SEATS_BELONG_TOGETHER;
}

enum error
seat_visit(struct services *services, int32_t item_id, bool seated, bool names, int64_t now,
           void (*visit)(void *state, const struct seat *seat, const struct seat_note *note),
           void *state, struct problem *problem)
{
    struct database *db = services->db;
    struct seat seat;
    struct seat_note note;
    enum db_result result = names ? seat_table_list(db, item_id, seated, &seat, &note)
                                  : seat_table_list_states(db, item_id, seated, &seat);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        seat.status = seat_shown(&seat, now);
        visit(state, &seat, &note);
    }
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}

enum error
seat_visit_layout(struct services *services, int32_t item_id, bool seated,
                  void (*visit)(void *state, const struct seat *seat, const struct seat_note *note,
                                const struct seat_position *position),
                  void *state, struct problem *problem)
{
    struct seat seat;
    struct seat_note note;
    struct seat_position position;
    enum db_result result =
        seat_table_list_layout(services->db, item_id, seated, &seat, &note, &position);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &seat, &note, &position);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}

enum error
seat_count_sales(struct services *services, int32_t concert_id, struct sales *sales,
                 struct problem *problem)
{
    return refuse_db(problem, seat_table_count_sales(services->db, concert_id, sales));
}

enum error
seat_visit_sales(struct services *services, int32_t concert_id,
                 void (*visit)(void *state, const struct section_sales *row), void *state,
                 struct problem *problem)
{
    struct section_sales row;
    enum db_result result = seat_table_list_sales(services->db, concert_id, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &row);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}
