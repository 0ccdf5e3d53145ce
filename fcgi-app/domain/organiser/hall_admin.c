#include "domain/organiser/hall_admin.h"

#include <stdio.h>
#include <string.h>

#include "domain/hall/hall_csv.h"
#include "domain/logged_change.h"

static enum db_result
add_to_log(struct services *services, const struct hall_change *change, bool is_new)
{
    struct logged_change log = {.entry = {.actor = change->actor,
                                          .action = is_new ? "hall create" : "hall delete",
                                          .detail = change->hall.name}};
    change->describe(&change->hall, is_new ? &log.after : &log.before);
    return logged_change_write(services, &log);
}

enum error
hall_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct hall_change *change = state;
    struct hall_row *hall = &change->hall;
    struct buffer seats = {0};
    hall->seat_count = (int32_t)change->plan->count;
    snprintf(hall->created_by, sizeof hall->created_by, "%s", change->actor);
    hall_csv_write(change->plan, &seats);
    enum db_result result = db_now(services->db, &hall->created_at);
    if (result == DB_OK)
        result = hall_table_insert(services->db, hall, &seats);
    if (result == DB_OK)
        result = add_to_log(services, change, true);
    buffer_free(&seats);
    return refuse_db(problem, result);
}

enum db_result
hall_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again. */
    const struct hall_row *made = &((struct hall_change *)state)->hall;
    struct hall_row found;
    enum db_result result = hall_table_lock(services->db, made->hall_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.created_at == made->created_at && strcmp(found.name, made->name) == 0;
    return ours ? DB_OK : DB_NONE;
}

enum error
hall_delete_execute(struct services *services, void *state, struct problem *problem)
{
    struct hall_change *change = state;
    int32_t hall_id = change->hall.hall_id;
    enum db_result result = hall_table_lock(services->db, hall_id, &change->hall);
    if (result == DB_NONE)
        return refuse(problem, ERROR_HALL_NOT_FOUND);
    if (result == DB_OK)
        result = hall_table_delete(services->db, hall_id);
    if (result == DB_OK)
        result = add_to_log(services, change, false);
    return refuse_db(problem, result);
}

enum db_result
hall_delete_was_committed(struct services *services, void *state)
{
    struct hall_row found;
    enum db_result result =
        hall_table_lock(services->db, ((struct hall_change *)state)->hall.hall_id, &found);
    return result == DB_NONE ? DB_OK : result == DB_OK ? DB_NONE : result;
}

int64_t
hall_change_id(const void *state)
{
    return ((const struct hall_change *)state)->hall.hall_id;
}
