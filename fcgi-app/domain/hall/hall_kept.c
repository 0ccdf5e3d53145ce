#include "domain/hall/hall_kept.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/hall/hall_csv.h"
#include "domain/hall/hall_text.h"

static enum error
read_plan(const struct hall_row *hall, const struct buffer *seats, struct hall_plan *plan,
          struct problem *problem)
{
    struct buffer text = {0};
    struct hall_csv csv;
    struct hall_fault fault;
    const char *encoding;
    bool sound = hall_text_decode(seats->data, seats->length, &text, &encoding, &fault) &&
                 hall_csv_read(text.data, text.length, plan, &csv, &fault);
    buffer_free(&text);
    if (sound)
        return ERROR_NONE;
    log_error("hall %d cannot be read: %s in line %lld", (int)hall->hall_id,
              hall_fault_name(fault.code), (long long)fault.line);
    return refuse(problem, ERROR_INTERNAL_ERROR);
}

/* Its row last: if it is still there, so were all parts, as a hall is removed as a whole. */
static enum error
read_rows(struct services *services, int32_t hall_id, struct hall_row *hall, struct buffer *seats,
          struct problem *problem)
{
    enum db_result result = hall_table_read_seats(services->db, hall_id, seats);
    if (result == DB_OK)
        result = hall_table_find(services->db, hall_id, hall);
    return result == DB_NONE ? refuse(problem, ERROR_HALL_NOT_FOUND) : refuse_db(problem, result);
}

enum error
hall_kept_read(struct services *services, int32_t hall_id, struct hall_row *hall,
               struct hall_plan *plan, struct problem *problem)
{
    struct buffer seats = {0};
    *plan = (struct hall_plan){.count = 0};
    enum error error = read_rows(services, hall_id, hall, &seats, problem);
    if (error == ERROR_NONE)
        error = read_plan(hall, &seats, plan, problem);
    buffer_free(&seats);
    return error;
}

struct shelved_hall {
    int32_t hall_id;
    struct hall_plan plan;
    struct shelved_hall *next;
};

enum error
hall_shelf_find(struct services *services, struct hall_shelf *shelf, int32_t hall_id,
                const struct hall_plan **plan, struct problem *problem)
{
    struct hall_row row;
    for (struct shelved_hall *hall = shelf->first; hall != NULL; hall = hall->next)
        if (hall->hall_id == hall_id) {
            *plan = &hall->plan;
            return ERROR_NONE;
        }
    struct shelved_hall *hall = calloc(1, sizeof *hall);
    if (hall == NULL)
        log_abort("no memory");
    *hall = (struct shelved_hall){.hall_id = hall_id, .next = shelf->first};
    enum error error = hall_kept_read(services, hall_id, &row, &hall->plan, problem);
    if (error != ERROR_NONE) {
        hall_plan_free(&hall->plan);
        free(hall);
        return error;
    }
    shelf->first = hall;
    *plan = &hall->plan;
    return ERROR_NONE;
}

void
hall_shelf_free(struct hall_shelf *shelf)
{
    while (shelf->first != NULL) {
        struct shelved_hall *hall = shelf->first;
        shelf->first = hall->next;
        hall_plan_free(&hall->plan);
        free(hall);
    }
}

enum error
hall_kept_list(struct services *services, int64_t before, int32_t limit, struct hall_row *halls,
               size_t *found, struct problem *problem)
{
    struct hall_row hall;
    *found = 0;
    enum db_result result = hall_table_list(services->db, before, limit, &hall);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        halls[(*found)++] = hall;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
