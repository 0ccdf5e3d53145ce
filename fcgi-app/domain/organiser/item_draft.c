#include "domain/organiser/item_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
item_draft_free(struct item_draft *draft)
{
    free(draft->ranges);
    free(draft->prices);
    *draft = (struct item_draft){.range_count = 0};
}

static enum error
refuse_too_many(struct problem *problem, const char *path, const char *member)
{
    char field[48];
    snprintf(field, sizeof field, "%s%s", path, member);
    return refuse_field(problem, field, "a call may have at most %d seats", CONCERT_SEATS_MAX);
}

/* ---- ranges ---- */

/* Refuses a member of a range of an item's seats; `item` is what stands before it: "items[0].". */
static enum error
refuse_range(struct problem *problem, const char *item, size_t range, const char *member,
             const char *detail)
{
    char field[64];
    snprintf(field, sizeof field, "%sseats[%zu].%s", item, range, member);
    return refuse_field(problem, field, "%s", detail);
}

static int
compare_numbers(const void *a, const void *b)
{
    const struct seat_range *left = *(const struct seat_range *const *)a;
    const struct seat_range *right = *(const struct seat_range *const *)b;
    return (left->from > right->from) - (left->from < right->from);
}

static bool
share_a_number(const struct seat_range *first, const struct seat_range *next)
{
    return next->from <= first->to;
}

static int
compare_names(const void *a, const void *b)
{
    const struct seat_range *left = *(const struct seat_range *const *)a;
    const struct seat_range *right = *(const struct seat_range *const *)b;
    int order = strcmp(left->section, right->section);
    if (order == 0)
        order = strcmp(left->row, right->row);
    if (order == 0)
        order = (left->first_label > right->first_label) - (left->first_label < right->first_label);
    return order;
}

static bool
share_a_name(const struct seat_range *first, const struct seat_range *next)
{
    return strcmp(first->section, next->section) == 0 && strcmp(first->row, next->row) == 0 &&
           next->first_label <= (int64_t)first->first_label + first->to - first->from;
}

/* Of one section, but not both of seats, or both of one standing area, which has one price. */
static bool
mix_in_a_section(const struct seat_range *first, const struct seat_range *next)
{
    return strcmp(first->section, next->section) == 0 &&
           (first->standing != next->standing || (first->standing && first->price != next->price));
}

/* The first range, in the order of `compare`, that shares something with its predecessor. */
static const struct seat_range *
find_overlap(const struct item_draft *draft, int (*compare)(const void *, const void *),
             bool (*share)(const struct seat_range *first, const struct seat_range *next))
{
    /* one more, as calloc() of nothing may be NULL */
    const struct seat_range **sorted = calloc(draft->range_count + 1, sizeof(struct seat_range *));
    if (sorted == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < draft->range_count; i++)
        sorted[i] = &draft->ranges[i];
    qsort(sorted, draft->range_count, sizeof(struct seat_range *), compare);
    const struct seat_range *overlap = NULL;
    for (size_t i = 1; i < draft->range_count && overlap == NULL; i++)
        if (share(sorted[i - 1], sorted[i]))
            overlap = sorted[i];
    free(sorted);
    return overlap;
}

enum error
item_draft_check(struct item_draft *draft, const char *path, int64_t *seats,
                 struct problem *problem)
{
    int64_t before = *seats;
    for (size_t i = 0; i < draft->range_count; i++) {
        const struct seat_range *range = &draft->ranges[i];
        if (range->to < range->from)
            return refuse_range(problem, path, i, "to", "to must not be below from");
        *seats += (int64_t)range->to - range->from + 1;
        draft->item.standing_count += range->standing ? range->to - range->from + 1 : 0;
        if (*seats > CONCERT_SEATS_MAX)
            return refuse_too_many(problem, path, "seats");
    }
    draft->item.seat_count = (int32_t)(*seats - before);
    const struct seat_range *overlap = find_overlap(draft, compare_numbers, share_a_number);
    if (overlap != NULL)
        return refuse_range(problem, path, (size_t)(overlap - draft->ranges), "from",
                            "a seat is in two ranges");
    overlap = find_overlap(draft, compare_names, share_a_name);
    if (overlap != NULL)
        return refuse_range(problem, path, (size_t)(overlap - draft->ranges), "firstLabel",
                            "two seats have the same section, row and label");
    overlap = find_overlap(draft, compare_names, mix_in_a_section);
    if (overlap != NULL)
        return refuse_range(problem, path, (size_t)(overlap - draft->ranges), "section",
                            "a section has seats, or is a standing area of one price");
    return ERROR_NONE;
}

/* ---- the seats of a hall ---- */

/* -1: nobody has said it. */
static int64_t
find_price(const struct item_draft *draft, const struct hall_seat *seat)
{
    for (size_t i = draft->price_count; i-- > 0;) {
        const struct hall_price *price = &draft->prices[i];
        if ((price->section[0] == '\0' || strcmp(price->section, seat->section) == 0) &&
            (price->category[0] == '\0' || strcmp(price->category, seat->category) == 0))
            return price->price;
    }
    return seat->price;
}

static enum error
check_prices(const struct item_draft *draft, const char *path, struct problem *problem)
{
    char field[48];
    for (size_t i = 0; i < draft->plan->count; i++) {
        const struct hall_seat *seat = &draft->plan->seats[i];
        if (find_price(draft, seat) >= 0)
            continue;
        snprintf(field, sizeof field, "%sprices", path);
        return refuse_field(problem, field, "section %.40s, row %.40s, seat %s has no price",
                            seat->section, seat->row, seat->label);
    }
    return ERROR_NONE;
}

enum error
item_draft_find_hall(struct services *services, struct item_draft *draft, struct hall_shelf *shelf,
                     const char *path, int64_t *seats, struct problem *problem)
{
    if (draft->hall_id == 0)
        return ERROR_NONE;
    if (hall_shelf_find(services, shelf, draft->hall_id, &draft->plan, problem) != ERROR_NONE)
        return problem->error;
    draft->item.seat_count = (int32_t)draft->plan->count;
    for (size_t i = 0; i < draft->plan->count; i++)
        draft->item.standing_count += draft->plan->seats[i].kind == SEAT_STANDING;
    *seats += draft->item.seat_count;
    if (*seats > CONCERT_SEATS_MAX)
        return refuse_too_many(problem, path, "hallId");
    return check_prices(draft, path, problem);
}

/* ---- writing ---- */

static void
widen(int64_t price, int64_t *min, int64_t *max)
{
    *min = price < *min ? price : *min;
    *max = price > *max ? price : *max;
}

static void
find_prices(const struct item_draft *draft, int64_t *min, int64_t *max)
{
    *min = PRICE_MAX;
    *max = 0;
    for (size_t i = 0; i < draft->range_count; i++)
        widen(draft->ranges[i].price, min, max);
    for (size_t i = 0; draft->plan != NULL && i < draft->plan->count; i++)
        widen(find_price(draft, &draft->plan->seats[i]), min, max);
}

/* A withheld seat is a plain one that is blocked: who sells it later sells any seat. */
static struct new_seat
make_seat(const struct item_draft *draft, const struct hall_seat *seat)
{
    bool withheld = seat->kind == SEAT_WITHHELD;
    return (struct new_seat){
        .seat_id = seat->number,
        .price = find_price(draft, seat),
        .section = seat->section,
        .row = seat->row,
        .label = seat->label,
        .note = seat->note,
        .kind = withheld ? SEAT_PLAIN : seat->kind,
        .blocked = withheld,
        .partner_id = seat->partner >= 0 ? draft->plan->seats[seat->partner].number : 0,
        .position = seat->position,
    };
}

static enum db_result
insert_seats_of_hall(struct database *db, const struct item_draft *draft)
{
    struct new_seat seats[NEW_SEATS_MAX];
    size_t count = 0;
    enum db_result result = DB_OK;
    for (size_t i = 0; i < draft->plan->count && result == DB_OK; i++) {
        seats[count++] = make_seat(draft, &draft->plan->seats[i]);
        if (count < NEW_SEATS_MAX && i + 1 < draft->plan->count)
            continue;
        result = concert_admin_table_insert_each(db, draft->item.item_id, seats, count);
        count = 0;
    }
    return result;
}

enum db_result
item_draft_insert(struct database *db, int32_t concert_id, struct item_draft *draft)
{
    int64_t min, max;
    draft->item.concert_id = concert_id;
    draft->item.layout_version = concert_table_new_layout_version();
    if (draft->like_id != 0)
        return concert_admin_table_copy_item(db, &draft->item, draft->like_id);
    find_prices(draft, &min, &max);
    enum db_result result = concert_admin_table_insert_item(db, &draft->item, min, max);
    for (size_t i = 0; i < draft->range_count && result == DB_OK; i++)
        result = concert_admin_table_insert_seats(db, draft->item.item_id, &draft->ranges[i]);
    if (result == DB_OK && draft->plan != NULL)
        result = insert_seats_of_hall(db, draft);
    return result;
}
