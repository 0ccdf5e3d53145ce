#include "domain/concert_admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"

void
concert_draft_free(struct concert_draft *draft)
{
    for (size_t i = 0; i < draft->item_count; i++)
        free(draft->items[i].ranges);
    free(draft->items);
    *draft = (struct concert_draft){0};
}

static enum error refuse_field(struct problem *problem, const char *detail, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum error
refuse_field(struct problem *problem, const char *detail, const char *format, ...)
{
    refuse_because(problem, ERROR_INVALID_FIELD, "%s", detail);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->field, sizeof problem->field, format, arguments);
    va_end(arguments);
    return ERROR_INVALID_FIELD;
}

static int
compare_ranges(const void *a, const void *b)
{
    const struct seat_range *left = *(const struct seat_range *const *)a;
    const struct seat_range *right = *(const struct seat_range *const *)b;
    return (left->from > right->from) - (left->from < right->from);
}

/* The first range, in the order of the numbers, that begins before its predecessor ends. */
static const struct seat_range *
find_overlap(const struct item_draft *draft)
{
    const struct seat_range **sorted = calloc(draft->range_count, sizeof *sorted);
    if (sorted == NULL)
        abort();
    for (size_t i = 0; i < draft->range_count; i++)
        sorted[i] = &draft->ranges[i];
    qsort(sorted, draft->range_count, sizeof *sorted, compare_ranges);
    const struct seat_range *overlap = NULL;
    for (size_t i = 1; i < draft->range_count && overlap == NULL; i++)
        if (sorted[i]->from <= sorted[i - 1]->to)
            overlap = sorted[i];
    free(sorted);
    return overlap;
}

/* Adds the item's seats to *seats. */
static enum error
check_item(struct item_draft *draft, size_t index, int64_t *seats, struct problem *problem)
{
    int64_t before = *seats;
    for (size_t i = 0; i < draft->range_count; i++) {
        const struct seat_range *range = &draft->ranges[i];
        if (range->to < range->from)
            return refuse_field(problem, "to must not be below from", "items[%zu].seats[%zu].to",
                                index, i);
        *seats += (int64_t)range->to - range->from + 1;
        if (*seats > CONCERT_SEATS_MAX)
            return refuse_field(problem, "there can be 100000 seats in a call", "items[%zu].seats",
                                index);
    }
    draft->item.seat_count = (int32_t)(*seats - before);
    const struct seat_range *overlap = find_overlap(draft);
    if (overlap != NULL)
        return refuse_field(problem, "a seat stands in two ranges", "items[%zu].seats[%zu].from",
                            index, (size_t)(overlap - draft->ranges));
    return ERROR_NONE;
}

enum error
concert_draft_check(struct concert_draft *draft, struct problem *problem)
{
    const struct concert *concert = &draft->concert;
    int64_t seats = 0;
    if (concert->opens_at != CLOCK_NEVER && concert->closes_at != CLOCK_NEVER &&
        concert->closes_at <= concert->opens_at)
        return refuse_field(problem, "closesAt must be after opensAt", "closesAt");
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < draft->item_count && error == ERROR_NONE; i++)
        error = check_item(&draft->items[i], i, &seats, problem);
    return error;
}

static enum db_result
insert_item(struct database *db, int32_t concert_id, struct item_draft *draft)
{
    int64_t least = draft->ranges[0].price;
    int64_t most = least;
    for (size_t i = 1; i < draft->range_count; i++) {
        least = draft->ranges[i].price < least ? draft->ranges[i].price : least;
        most = draft->ranges[i].price > most ? draft->ranges[i].price : most;
    }
    draft->item.concert_id = concert_id;
    enum db_result result = concert_admin_table_insert_item(db, &draft->item, least, most);
    for (size_t i = 0; i < draft->range_count && result == DB_OK; i++)
        result = concert_admin_table_insert_seats(db, draft->item.item_id, &draft->ranges[i]);
    return result;
}

enum error
concert_create_run(struct services *services, void *state, struct problem *problem)
{
    struct concert_create *create = state;
    struct concert_draft *draft = create->draft;
    struct concert *concert = &draft->concert;
    enum db_result result = db_now(services->db, &create->created_at);
    if (result == DB_OK)
        result = concert_admin_table_insert(services->db, concert, create->created_at);
    for (size_t i = 0; i < draft->item_count && result == DB_OK; i++)
        result = insert_item(services->db, concert->concert_id, &draft->items[i]);
    if (result == DB_OK)
        result = concert_table_stamp_layouts(services->db);
    if (result == DB_OK)
        result = concert_admin_table_log(services->db, create->actor, "concert create",
                                         concert->concert_id, concert->title);
    return refuse_db(problem, result);
}

enum db_result
concert_create_happened(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again. */
    const struct concert_create *create = state;
    enum concert_stored stored;
    int64_t created_at;
    enum db_result result = concert_admin_table_lock(
        services->db, create->draft->concert.concert_id, &stored, &created_at);
    if (result != DB_OK)
        return result;
    return created_at == create->created_at ? DB_OK : DB_NONE;
}

int32_t
concert_create_id(const void *state)
{
    return ((const struct concert_create *)state)->draft->concert.concert_id;
}

void
concert_create_render(const void *state, struct buffer *body)
{
    const struct concert_draft *draft = ((const struct concert_create *)state)->draft;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", draft->concert.concert_id);
    json_begin_array(&json, "itemIds");
    for (size_t i = 0; i < draft->item_count; i++)
        json_write_integer(&json, NULL, draft->items[i].item.item_id);
    json_end_array(&json);
    json_end_object(&json);
}

enum error
concert_change_run(struct services *services, void *state, struct problem *problem)
{
    const struct concert_change *change = state;
    enum concert_stored stored;
    int64_t created_at;
    enum db_result result =
        concert_admin_table_lock(services->db, change->concert_id, &stored, &created_at);
    if (result == DB_NONE)
        return refuse(problem, ERROR_CONCERT_NOT_FOUND);
    if (result == DB_OK && stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "A cancelled concert stays cancelled");
    if (result == DB_OK)
        result = concert_admin_table_set_status(services->db, change->concert_id, change->stored);
    if (result == DB_OK)
        result = concert_admin_table_log(
            services->db, change->actor,
            change->stored == STORED_OPEN ? "concert open" : "concert close", change->concert_id,
            "");
    return refuse_db(problem, result);
}

enum db_result
concert_change_happened(struct services *services, void *state)
{
    const struct concert_change *change = state;
    enum concert_stored stored;
    int64_t created_at;
    enum db_result result =
        concert_admin_table_lock(services->db, change->concert_id, &stored, &created_at);
    if (result != DB_OK)
        return result;
    return stored == change->stored ? DB_OK : DB_NONE;
}
