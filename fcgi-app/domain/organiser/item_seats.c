#include "domain/organiser/item_seats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/organiser/seat_pairs.h"

/* Only a number that is written as we write it counts on. */
static void
keep_label(struct seat_change *was, const char *label)
{
    char written[12];
    was->first_label = (int32_t)strtoll(label, NULL, 10);
    snprintf(written, sizeof written, "%" PRId32, was->first_label);
    if (was->first_label < 0 || strcmp(written, label) != 0)
        snprintf(was->label, sizeof was->label, "%s", label);
}

/* What the seat has of that which the change names. */
static struct seat_change
values_of(const struct changing_seat *row, const struct seat_change *named)
{
    struct seat_change was = *named;
    was.from = was.to = row->seat.seat_id;
    was.price = row->seat.price;
    was.blocked = row->seat.blocked;
    memcpy(was.section, row->seat.section, sizeof was.section);
    memcpy(was.row, row->seat.row, sizeof was.row);
    keep_label(&was, row->seat.label);
    was.has_x = named->has_x && row->position.has_x;
    was.x = row->position.x;
    was.has_y = named->has_y && row->position.has_y;
    was.y = row->position.y;
    was.kind = row->seat.kind;
    was.note = row->note.text;
    return was;
}

static bool
counts_on(const struct seat_change *run, const struct seat_change *next)
{
    int64_t n = next->from - run->from;
    return *run->label == '\0' && *next->label == '\0' && run->first_label + n == next->first_label;
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
           run->has_label == next->has_label && (!run->has_label || counts_on(run, next)) &&
           run->has_x == next->has_x && (!run->has_x || run->x + n == next->x) &&
           run->has_y == next->has_y && (!run->has_y || run->y == next->y) &&
           run->has_kind == next->has_kind && (!run->has_kind || run->kind == next->kind) &&
           run->has_note == next->has_note &&
           (!run->has_note || strcmp(run->note, next->note) == 0);
}

static void
remember(struct seat_history *history, const struct seat_change *was)
{
    struct seat_change *last = history->count > 0 ? &history->runs[history->count - 1] : NULL;
    if (last != NULL && !history->more && goes_on(last, was))
        last->to = was->to;
    else if (history->count < ITEM_RUNS_LOGGED) {
        struct seat_note *note = &history->notes[history->count];
        snprintf(note->text, sizeof note->text, "%s", was->note);
        history->runs[history->count] = *was;
        history->runs[history->count++].note = note->text;
    } else
        history->more = true;
}

/* What the locks of the ranges have shown. */
struct locked_seats {
    int64_t *differing; /* seats of each range, in order */
    int64_t now;        /* when the last one was locked */
    int64_t taken;      /* that somebody has, and that would be something else */
    struct problem problem;
    struct seat_pairs pairs;
};

/* A seat that somebody has is not withheld, and stays what it was when it was taken. */
static void
note_taken(struct locked_seats *locked, const struct seat_change *seats,
           const struct changing_seat *row)
{
    bool withholds = seats->has_blocked && seats->blocked && !row->seat.blocked;
    bool alters = (seats->has_kind && seats->kind != row->seat.kind) ||
                  (seats->has_note && strcmp(seats->note, row->note.text) != 0);
    if ((!withholds && !alters) || changing_seat_is_free(row))
        return;
    if (locked->problem.seat_count < PROBLEM_SEATS_MAX)
        locked->problem.seat_ids[locked->problem.seat_count++] = row->seat.seat_id;
    locked->taken++;
}

/* A place of a standing area stays one, and has no row, spot or note: its area is in the plan. */
static enum error
require_not_standing(const struct item_change *change, const struct seat_change *seats,
                     const struct seat *seat, struct problem *problem)
{
    const char *member = seats->has_row    ? "row"
                         : seats->has_x    ? "x"
                         : seats->has_y    ? "y"
                         : seats->has_kind ? "kind"
                         : seats->has_note ? "note"
                                           : NULL;
    char field[32];
    if (seat->kind != SEAT_STANDING || member == NULL)
        return ERROR_NONE;
    snprintf(field, sizeof field, "seats[%zu].%s", (size_t)(seats - change->seats), member);
    return refuse_field(problem, field, "seat %d is a place of a standing area",
                        (int)seat->seat_id);
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
        if (seats->has_kind)
            seat_pairs_add(&locked->pairs, seats, &row);
        if (require_not_standing(change, seats, &row.seat, problem) != ERROR_NONE)
            return problem->error;
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
    if (error != ERROR_NONE)
        return error;
    if (locked->taken == 0)
        return seat_pairs_check(&locked->pairs, problem);
    *problem = locked->problem;
    problem->error = ERROR_SEAT_TAKEN;
    snprintf(problem->detail, sizeof problem->detail,
             "%" PRId64 " of the seats that would be withheld, or be something else, are held or "
             "sold",
             locked->taken);
    return ERROR_SEAT_TAKEN;
}

/* What buyers have of the plan is another one from now on, and so is what it is kept under. */
static bool
moves(const struct seat_change *seats)
{
    return seats->has_price || seats->has_section || seats->has_row || seats->has_label ||
           seats->has_x || seats->has_y || seats->has_kind || seats->has_note;
}

static void
renew_layout(struct item_change *change)
{
    if (change->after.layout_version == change->before.layout_version)
        change->after.layout_version = concert_table_new_layout_version();
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
        if (moves(seats))
            renew_layout(change);
    }
    for (size_t i = 0; i < locked->pairs.made_count && result == DB_OK; i++) {
        const struct seat_pair *pair = &locked->pairs.made[i];
        result =
            item_admin_table_pair(services->db, change->item_id, pair->wheelchair, pair->companion);
        renew_layout(change);
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

/* Likewise: a whole area may become dearer, or get another name. */
static enum error
check_areas(struct services *services, const struct item_change *change, struct problem *problem)
{
    struct seat seat;
    enum db_result result =
        item_admin_table_find_mixed_section(services->db, change->item_id, &seat);
    if (result == DB_NONE)
        return ERROR_NONE;
    if (result != DB_OK)
        return refuse_db(problem, result);
    return refuse_field(problem, "seats",
                        "section %.40s would not have seats only, nor be a standing area of one"
                        " price",
                        seat.section);
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

enum error
item_seats_change(struct services *services, struct item_change *change, struct problem *problem)
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
    seat_pairs_free(&locked.pairs);
    if (error == ERROR_NONE && names_any(change, has_name))
        error = check_names(services, change, problem);
    if (error == ERROR_NONE && change->before.standing_count > 0 &&
        (names_any(change, has_name) || names_any(change, has_price)))
        error = check_areas(services, change, problem);
    if (error == ERROR_NONE && names_any(change, has_price))
        error = change_prices(services, change, problem);
    return error;
}
