#include "domain/sale/standing.h"

enum error
standing_require_none(const struct seat *seats, size_t found, const char *field, const int32_t *ids,
                      size_t count, struct problem *problem)
{
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < found; n++)
            if (seats[n].seat_id == ids[i] && seats[n].kind == SEAT_STANDING)
                return refuse_field(problem, field,
                                    "seat %d is a place of a standing area, which is taken by"
                                    " section and count",
                                    (int)ids[i]);
    return ERROR_NONE;
}

bool
standing_choose(const struct candidate *candidates, size_t candidate_count, int32_t count,
                int32_t ids[SEATS_AT_ONCE])
{
    int32_t chosen = 0;
    for (size_t i = 0; i < candidate_count && chosen < count; i++)
        if (candidates[i].free)
            ids[chosen++] = candidates[i].seat_id;
    return chosen == count;
}

enum error
standing_visit_areas(struct services *services, int32_t item_id, int64_t now,
                     void (*visit)(void *state, const struct standing_area *area), void *state,
                     struct problem *problem)
{
    struct standing_area area;
    enum db_result result = seat_table_list_areas(services->db, item_id, now, &area);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &area);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}
