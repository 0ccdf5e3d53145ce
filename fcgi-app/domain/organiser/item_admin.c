#include "domain/organiser/item_admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/sale/seat.h"
#include "mysql/organiser/audit_log_table.h"

/* ---- a new date ---- */

/* Cancelling a concert writes to all of its dates at once. */
static enum error
check_count(struct services *services, int32_t concert_id, struct problem *problem)
{
    int64_t count;
    enum db_result result = item_admin_table_count(services->db, concert_id, &count);
    if (result == DB_OK && count >= CONCERT_ITEMS_MAX)
        return refuse_field(problem, "date", "a concert may have at most %d dates",
                            CONCERT_ITEMS_MAX);
    return refuse_db(problem, result);
}

static enum error
log_created(struct services *services, const struct item_create *create, struct problem *problem)
{
    struct buffer values = {0};
    create->describe(create->draft, &values);
    enum db_result result =
        audit_log_table_add(services->db, &(struct log_entry){
                                              .actor = create->actor,
                                              .action = "item create",
                                              .concert_id = create->concert_id,
                                              .detail = create->draft->item.date,
                                              .new_values = values.data,
                                          });
    buffer_free(&values);
    return refuse_db(problem, result);
}

enum error
item_create_precheck(struct services *services, void *state, struct problem *problem)
{
    struct item_create *create = state;
    int64_t seats = 0;
    return item_draft_find_hall(services, create->draft, &create->shelf, "", &seats, problem);
}

enum error
item_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct item_create *create = state;
    struct concert concert;
    if (concert_find(services->db, create->concert_id, &concert, problem) != ERROR_NONE)
        return problem->error;
    if (concert.stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is cancelled");
    if (check_count(services, create->concert_id, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = item_draft_insert(services->db, create->concert_id, create->draft);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return log_created(services, create, problem);
}

enum db_result
item_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again; the version is by chance. */
    const struct item *made = &((struct item_create *)state)->draft->item;
    struct item found;
    enum db_result result = item_admin_table_lock(services->db, made->item_id, &found);
    if (result != DB_OK)
        return result;
    return found.layout_version == made->layout_version ? DB_OK : DB_NONE;
}

int64_t
item_create_id(const void *state)
{
    return ((const struct item_create *)state)->concert_id;
}

/* ---- a change ---- */

void
item_change_free(struct item_change *change)
{
    free(change->seats);
    free(change->by_number);
    change->seats = NULL;
    change->by_number = NULL;
}

static int
compare_numbers(const void *a, const void *b)
{
    const struct seat_change *left = *(struct seat_change *const *)a;
    const struct seat_change *right = *(struct seat_change *const *)b;
    return (left->from > right->from) - (left->from < right->from);
}

static void
sort_by_number(struct item_change *change)
{
    /* one more, as calloc() of nothing may be NULL */
    change->by_number = calloc(change->seat_count + 1, sizeof(struct seat_change *));
    if (change->by_number == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < change->seat_count; i++)
        change->by_number[i] = &change->seats[i];
    qsort(change->by_number, change->seat_count, sizeof(struct seat_change *), compare_numbers);
}

static enum error
refuse_seats(const struct item_change *change, const struct seat_change *seats, const char *member,
             const char *detail, struct problem *problem)
{
    char field[64];
    snprintf(field, sizeof field, "seats[%zu].%s", (size_t)(seats - change->seats), member);
    return refuse_field(problem, field, "%s", detail);
}

enum error
item_change_check(struct item_change *change, struct problem *problem)
{
    int64_t count = 0;
    for (size_t i = 0; i < change->seat_count; i++) {
        const struct seat_change *seats = &change->seats[i];
        if (seats->to < seats->from)
            return refuse_seats(change, seats, "to", "to must not be below from", problem);
        count += (int64_t)seats->to - seats->from + 1;
    }
    if (count > CONCERT_SEATS_MAX)
        return refuse_field(problem, "seats", "a call may have at most %d seats",
                            CONCERT_SEATS_MAX);
    sort_by_number(change);
    for (size_t i = 1; i < change->seat_count; i++)
        if (change->by_number[i]->from <= change->by_number[i - 1]->to)
            return refuse_seats(change, change->by_number[i], "from", "a seat is in two ranges",
                                problem);
    return ERROR_NONE;
}

enum error
item_admin_lock(struct services *services, int32_t concert_id, int32_t item_id,
                struct concert *concert, struct item *item, struct problem *problem)
{
    if (concert_find(services->db, concert_id, concert, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = item_admin_table_lock(services->db, item_id, item);
    if (result == DB_NONE || (result == DB_OK && item->concert_id != concert_id))
        return refuse(problem, ERROR_ITEM_NOT_FOUND);
    return refuse_db(problem, result);
}

/* What the seat has of that which the change names. */
static struct seat_change
values_of(const struct changing_seat *row, const struct seat_change *named)
{
    struct seat_change was = *named;
    char *end;
    was.from = was.to = row->seat.seat_id;
    was.price = row->seat.price;
    was.blocked = row->seat.blocked;
    memcpy(was.section, row->seat.section, sizeof was.section);
    memcpy(was.row, row->seat.row, sizeof was.row);
    was.first_label = (int32_t)strtol(row->seat.label, &end, 10);
    was.has_label = named->has_label && *end == '\0';
    was.has_x = named->has_x && row->position.has_x;
    was.x = row->position.x;
    was.has_y = named->has_y && row->position.has_y;
    was.y = row->position.y;
    return was;
}

/* Whether the seat `next` goes on where a run ends. */
static bool
goes_on(const struct seat_change *run, const struct seat_change *next)
{
    int32_t n = next->from - run->from;
    return next->from == run->to + 1 && run->has_price == next->has_price &&
           (!run->has_price || run->price == next->price) &&
           run->has_blocked == next->has_blocked &&
           (!run->has_blocked || run->blocked == next->blocked) &&
           run->has_section == next->has_section &&
           (!run->has_section || strcmp(run->section, next->section) == 0) &&
           run->has_row == next->has_row && (!run->has_row || strcmp(run->row, next->row) == 0) &&
           run->has_label == next->has_label &&
           (!run->has_label || run->first_label + n == next->first_label) &&
           run->has_x == next->has_x && (!run->has_x || run->x + n == next->x) &&
           run->has_y == next->has_y && (!run->has_y || run->y == next->y);
}

static void
remember(struct seat_history *history, const struct seat_change *was)
{
    struct seat_change *last = history->count > 0 ? &history->runs[history->count - 1] : NULL;
    if (last != NULL && !history->more && goes_on(last, was))
        last->to = was->to;
    else if (history->count < ITEM_RUNS_LOGGED)
        history->runs[history->count++] = *was;
    else
        history->more = true;
}

/* What the locks of the ranges have shown. */
struct locked_seats {
    int64_t *differing; /* seats of each range, in order */
    int64_t now;        /* when the last one was locked */
    int64_t taken;      /* that would be withheld */
    struct problem problem;
};

/* A seat that somebody has is not withheld. */
static void
note_taken(struct locked_seats *locked, const struct seat_change *seats,
           const struct changing_seat *row)
{
    if (!seats->has_blocked || !seats->blocked || row->seat.blocked ||
        seat_shown(&row->seat, row->now) == SEAT_AVAILABLE)
        return;
    if (locked->problem.seat_count < PROBLEM_SEATS_MAX)
        locked->problem.seat_ids[locked->problem.seat_count++] = row->seat.seat_id;
    locked->taken++;
}

static enum error
lock_range(struct services *services, struct item_change *change, size_t n,
           struct locked_seats *locked, struct problem *problem)
{
    const struct seat_change *seats = change->by_number[n];
    struct changing_seat row;
    int64_t found = 0;
    enum db_result result = item_admin_table_lock_seats(services->db, change->item_id, seats, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        found++;
        locked->now = row.now;
        locked->differing[n] += row.differs;
        note_taken(locked, seats, &row);
        const struct seat_change was = values_of(&row, seats);
        if (row.differs)
            remember(&change->history, &was);
    }
    if (result == DB_NONE && found < (int64_t)seats->to - seats->from + 1)
        return refuse(problem, ERROR_SEAT_NOT_FOUND);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

static enum error
lock_ranges(struct services *services, struct item_change *change, struct locked_seats *locked,
            struct problem *problem)
{
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < change->seat_count && error == ERROR_NONE; i++)
        error = lock_range(services, change, i, locked, problem);
    if (error != ERROR_NONE || locked->taken == 0)
        return error;
    *problem = locked->problem;
    problem->error = ERROR_SEAT_TAKEN;
    snprintf(problem->detail, sizeof problem->detail,
             "%" PRId64 " of the seats that would be withheld are held or sold", locked->taken);
    return ERROR_SEAT_TAKEN;
}

/* What buyers have of the plan is another one from now on, and so is what it is kept under. */
static bool
moves(const struct seat_change *seats)
{
    return seats->has_price || seats->has_section || seats->has_row || seats->has_label ||
           seats->has_x || seats->has_y;
}

static enum error
change_ranges(struct services *services, struct item_change *change,
              const struct locked_seats *locked, struct problem *problem)
{
    enum db_result result = DB_OK;
    for (size_t i = 0; i < change->seat_count && result == DB_OK; i++) {
        const struct seat_change *seats = change->by_number[i];
        if (locked->differing[i] == 0)
            continue;
        result = item_admin_table_change_seats(services->db, change->item_id, seats, locked->now,
                                               locked->differing[i]);
        change->changed_seats += locked->differing[i];
        if (moves(seats) && change->after.layout_version == change->before.layout_version)
            change->after.layout_version = concert_table_new_layout_version();
    }
    return refuse_db(problem, result);
}

/* After the change, so that a name may go from one seat to another. */
static enum error
check_names(struct services *services, const struct item_change *change, struct problem *problem)
{
    struct seat same;
    enum db_result result = item_admin_table_find_same_name(services->db, change->item_id, &same);
    if (result == DB_NONE)
        return ERROR_NONE;
    if (result != DB_OK)
        return refuse_db(problem, result);
    return refuse_field(problem, "seats", "two seats would be section %.40s, row %.40s, label %s",
                        same.section, same.row, same.label);
}

static enum error
change_prices(struct services *services, const struct item_change *change, struct problem *problem)
{
    int64_t min, max;
    enum db_result result = item_admin_table_prices(services->db, change->item_id, &min, &max);
    if (result == DB_OK)
        result = item_admin_table_update_prices(services->db, change->item_id, min, max);
    return refuse_db(problem, result);
}

static bool
names_any(const struct item_change *change, bool (*has)(const struct seat_change *seats))
{
    for (size_t i = 0; i < change->seat_count; i++)
        if (has(&change->seats[i]))
            return true;
    return false;
}

static bool
has_name(const struct seat_change *seats)
{
    return seats->has_section || seats->has_row || seats->has_label;
}

static bool
has_price(const struct seat_change *seats)
{
    return seats->has_price;
}

static enum error
change_seats(struct services *services, struct item_change *change, struct problem *problem)
{
    struct locked_seats locked = {.taken = 0};
    if (change->seat_count == 0)
        return ERROR_NONE;
    locked.differing = calloc(change->seat_count, sizeof locked.differing[0]);
    if (locked.differing == NULL)
        log_abort("no memory");
    enum error error = lock_ranges(services, change, &locked, problem);
    if (error == ERROR_NONE)
        error = change_ranges(services, change, &locked, problem);
    free(locked.differing);
    if (error == ERROR_NONE && names_any(change, has_name))
        error = check_names(services, change, problem);
    if (error == ERROR_NONE && names_any(change, has_price))
        error = change_prices(services, change, problem);
    return error;
}

static enum error
log_change(struct services *services, const struct item_change *change, struct problem *problem)
{
    struct buffer old_values = {0}, new_values = {0};
    change->describe(change, &old_values, &new_values);
    enum db_result result = audit_log_table_add(services->db, &(struct log_entry){
                                                                  .actor = change->actor,
                                                                  .action = "item change",
                                                                  .concert_id = change->concert_id,
                                                                  .detail = change->detail,
                                                                  .old_values = old_values.data,
                                                                  .new_values = new_values.data,
                                                              });
    buffer_free(&old_values);
    buffer_free(&new_values);
    return refuse_db(problem, result);
}

/*
 * The item's row is locked against other operators; buyers never lock it. The seats are locked by
 * their numbers, as buyers do, and each hold has the price that its seat had under the lock.
 */
enum error
item_change_execute(struct services *services, void *state, struct problem *problem)
{
    struct item_change *change = state;
    struct concert concert;
    change->history.count = 0;
    change->history.more = false;
    change->changed_seats = 0;
    if (item_admin_lock(services, change->concert_id, change->item_id, &concert, &change->before,
                        problem) != ERROR_NONE)
        return problem->error;
    if (concert.stored == STORED_CANCELLED || change->before.status != ITEM_OPEN)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The %s is cancelled",
                              concert.stored == STORED_CANCELLED ? "concert" : "item");
    change->after = change->before;
    if (change->has_date)
        memcpy(change->after.date, change->date, sizeof change->after.date);
    if (change->has_starts_at)
        change->after.starts_at = change->starts_at;
    enum error error = change_seats(services, change, problem);
    if (error == ERROR_NONE)
        error = refuse_db(problem, item_admin_table_update(services->db, &change->after));
    return error == ERROR_NONE ? log_change(services, change, problem) : error;
}

enum db_result
item_change_was_committed(struct services *services, void *state)
{
    /* The same may be written twice: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

int64_t
item_change_id(const void *state)
{
    return ((const struct item_change *)state)->concert_id;
}
