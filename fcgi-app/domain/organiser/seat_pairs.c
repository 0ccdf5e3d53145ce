#include "domain/organiser/seat_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/sale/seat.h"

void
seat_pairs_free(struct seat_pairs *pairs)
{
    free(pairs->parted);
}

bool
changing_seat_is_free(const struct changing_seat *row)
{
    return row->seat.blocked || seat_shown(&row->seat, row->now) == SEAT_AVAILABLE;
}

static void
add_parted(struct seat_pairs *pairs, const struct seat *seat)
{
    if (pairs->parted_count == pairs->parted_room) {
        pairs->parted_room = 2 * pairs->parted_room + 16;
        pairs->parted = realloc(pairs->parted, pairs->parted_room * sizeof *pairs->parted);
        if (pairs->parted == NULL)
            log_abort("no memory");
    }
    pairs->parted[pairs->parted_count++] = (struct parted_seat){seat->seat_id, seat->partner_id};
}

/* What the seat will be, if it looks for a partner then. */
static struct single_seat
single_of(const struct seat_change *seats, const struct changing_seat *row)
{
    const struct seat *seat = &row->seat;
    bool pairs_up = seats->kind == SEAT_WHEELCHAIR || seats->kind == SEAT_COMPANION;
    bool has_partner = seat->partner_id != 0 && seat->kind == seats->kind;
    struct single_seat single = {.seat_id = seat->seat_id};
    if (pairs_up && !has_partner && changing_seat_is_free(row))
        single.kind = seats->kind;
    memcpy(single.section, seats->has_section ? seats->section : seat->section, SECTION_SIZE);
    memcpy(single.row, seats->has_row ? seats->row : seat->row, SECTION_SIZE);
    return single;
}

static bool
fit(const struct single_seat *a, const struct single_seat *b)
{
    return a->kind != SEAT_KIND_OTHER && b->kind != SEAT_KIND_OTHER && a->kind != b->kind &&
           a->seat_id + 1 == b->seat_id && strcmp(a->section, b->section) == 0 &&
           strcmp(a->row, b->row) == 0;
}

/* The last seat has found no partner behind it either. */
static void
leave_last(struct seat_pairs *pairs)
{
    if (pairs->last.kind == SEAT_COMPANION && pairs->lone_id == 0)
        pairs->lone_id = pairs->last.seat_id;
}

static void
make_pair(struct seat_pairs *pairs, const struct single_seat *a, const struct single_seat *b)
{
    bool is_first = a->kind == SEAT_WHEELCHAIR;
    pairs->too_many = pairs->made_count == PAIRS_AT_ONCE;
    if (!pairs->too_many)
        pairs->made[pairs->made_count++] =
            (struct seat_pair){(is_first ? a : b)->seat_id, (is_first ? b : a)->seat_id};
}

void
seat_pairs_add(struct seat_pairs *pairs, const struct seat_change *seats,
               const struct changing_seat *row)
{
    if (row->seat.partner_id != 0 && row->seat.kind != seats->kind)
        add_parted(pairs, &row->seat);
    struct single_seat single = single_of(seats, row);
    if (fit(&pairs->last, &single)) {
        make_pair(pairs, &pairs->last, &single);
        single.kind = SEAT_KIND_OTHER;
    } else {
        leave_last(pairs);
    }
    pairs->last = single;
}

static int
compare_seats(const void *a, const void *b)
{
    int32_t left = ((const struct parted_seat *)a)->seat_id;
    int32_t right = ((const struct parted_seat *)b)->seat_id;
    return (left > right) - (left < right);
}

static bool
is_parted(const struct seat_pairs *pairs, int32_t seat_id)
{
    const struct parted_seat wanted = {.seat_id = seat_id};
    return bsearch(&wanted, pairs->parted, pairs->parted_count, sizeof wanted, compare_seats) !=
           NULL;
}

static enum error
check_halves(const struct seat_pairs *pairs, struct problem *problem)
{
    struct problem halved = {.error = ERROR_SEATS_BELONG_TOGETHER};
    for (size_t i = 0; i < pairs->parted_count; i++) {
        const struct parted_seat *half = &pairs->parted[i];
        if (!is_parted(pairs, half->partner_id) && halved.seat_count + 2 <= PROBLEM_SEATS_MAX) {
            halved.seat_ids[halved.seat_count++] = half->seat_id;
            halved.seat_ids[halved.seat_count++] = half->partner_id;
        }
    }
    if (halved.seat_count == 0)
        return ERROR_NONE;
    seat_sort_ids(halved.seat_ids, halved.seat_count);
    *problem = halved;
    return ERROR_SEATS_BELONG_TOGETHER;
}

enum error
seat_pairs_check(struct seat_pairs *pairs, struct problem *problem)
{
    leave_last(pairs);
    if (check_halves(pairs, problem) != ERROR_NONE)
        return problem->error;
    if (pairs->too_many)
        return refuse_field(problem, "seats", "a call may make at most %d pairs", PAIRS_AT_ONCE);
    if (pairs->lone_id != 0)
        return refuse_field(problem, "seats",
                            "the companion's place %d stands beside no free wheelchair place of "
                            "this change",
                            (int)pairs->lone_id);
    return ERROR_NONE;
}
