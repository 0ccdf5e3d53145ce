#include "domain/import/import_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/import/import_sold.h"
#include "domain/import/import_write.h"

/* ---- the concert ---- */

static void
add_date(void *state, const struct item *item)
{
    struct import_orders *import = state;
    size_t size = (import->date_count + 1) * sizeof import->dates[0];
    struct import_date *dates = realloc(import->dates, size);
    if (dates == NULL)
        log_abort("no memory");
    import->dates = dates;
    import->dates[import->date_count++] = (struct import_date){.item = *item};
}

static enum error
read_concert(struct import_orders *import, int32_t concert_id, struct problem *problem)
{
    struct concert *concert = &import->offer.concert;
    if (concert_find(import->services->db, concert_id, concert, problem) != ERROR_NONE)
        return problem->error;
    if (concert->stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is cancelled");
    return concert_visit_items(import->services, concert, add_date, import, problem);
}

/* ---- orders and their parts ---- */

/* The order that the line belongs to: the one of the line before, or a new one. */
static bool
read_order(struct import_orders *import)
{
    struct import_file *file = &import->file;
    const char *reference, *user = import_file_user(file);
    if (!import_file_reference(file, &reference) || *user == '\0')
        return false;
    if (*reference == '\0') {
        import_file_fault(file, IMPORT_REF, "ref must name the order, and is empty");
        return false;
    }
    if (strcmp(reference, import->reference) == 0) {
        if (strcmp(user, import->user_id) == 0)
            return true;
        import_file_fault(file, IMPORT_USER, "The order %.100s has another user in the line before",
                          reference);
        return false;
    }
    if (!import_file_is_new(file, reference, "")) {
        import_file_fault(file, IMPORT_REF,
                          "The order %.100s stood further above: sort the file by it", reference);
        return false;
    }
    snprintf(import->reference, sizeof import->reference, "%s", reference);
    snprintf(import->user_id, sizeof import->user_id, "%s", user);
    import->parts_of_order = 0;
    import->totals.order_count++;
    return true;
}

static bool
belongs_to(const struct import_sold *sold, const struct import_part *part)
{
    return part->date == sold->date && part->method == sold->method &&
           part->has_sold_at == sold->has_sold_at && part->sold_at == sold->sold_at &&
           part->seat_count < SEATS_AT_ONCE;
}

static void
add_part(struct import_orders *import, const struct import_sold *sold)
{
    struct import_part *part = &import->parts[import->part_count++];
    *part = (struct import_part){
        .number = ++import->parts_of_order,
        .date = sold->date,
        .method = sold->method,
        .has_sold_at = sold->has_sold_at,
        .sold_at = sold->sold_at,
    };
    memcpy(part->reference, import->reference, sizeof part->reference);
    memcpy(part->user_id, import->user_id, sizeof part->user_id);
    import->totals.part_count++;
}

/* Where it belongs by its number, as seats are locked. */
static void
add_seat(struct import_orders *import, const struct import_sold *sold)
{
    struct import_part *part = &import->parts[import->part_count - 1];
    size_t at = part->seat_count++;
    for (; at > 0 && part->seat_ids[at - 1] > sold->seat->seat_id; at--) {
        part->seat_ids[at] = part->seat_ids[at - 1];
        part->prices[at] = part->prices[at - 1];
        part->lines[at] = part->lines[at - 1];
    }
    part->seat_ids[at] = sold->seat->seat_id;
    part->prices[at] = sold->price;
    part->lines[at] = sold->seat->line;
    import->totals.seat_count++;
    import->totals.amount += sold->price;
    sold->date->seat_count++;
    sold->date->amount += sold->price;
}

static enum error
check_part(struct import_orders *import, struct import_part *part, struct problem *problem)
{
    if (refuse_db(problem, import_find_part(import, part)) != ERROR_NONE)
        return problem->error;
    import->totals.known_count += part->was_there;
    for (size_t i = 0; i < part->seat_count; i++) {
        const struct import_seat *seat =
            import_seats_find_id(&part->date->seats, part->seat_ids[i]);
        if (part->was_there)
            import->totals.freed_count += seat->status == SEAT_AVAILABLE;
        else if (seat->blocked)
            import_refuse_seat(import, part, i, "withheld from sale");
        else if (seat->status != SEAT_AVAILABLE)
            import_refuse_seat(import, part, i,
                               seat->status == SEAT_HELD ? "held by a buyer" : "sold already");
    }
    return ERROR_NONE;
}

/* ---- the story ---- */

/* Checks or writes the parts that were read. */
static enum error
finish_parts(struct import_orders *import, struct problem *problem)
{
    enum error error = ERROR_NONE;
    if (import->part_count == 0)
        return error;
    if (import->writes)
        error = import_write_parts(import, problem);
    for (size_t i = 0; i < import->part_count && !import->writes && error == ERROR_NONE; i++)
        error = check_part(import, &import->parts[i], problem);
    import->part_count = 0;
    if (error == ERROR_NONE && import->progress != NULL)
        import->progress(import);
    return error;
}

/* A part goes on as long as its order has seats for it. */
static enum error
read_line(struct import_orders *import, struct problem *problem)
{
    struct import_sold sold;
    bool is_sound = true, has_order = false;
    bool has_seat = import_sold_is_one(import);
    if (has_seat) {
        has_order = read_order(import);
        if (import_sold_read(import, &sold, &is_sound, problem) != ERROR_NONE)
            return problem->error;
    }
    if (!has_seat || !has_order || !is_sound)
        return ERROR_NONE;
    bool goes_on = import->parts_of_order > 0 && import->part_count > 0 &&
                   belongs_to(&sold, &import->parts[import->part_count - 1]);
    if (!goes_on && import->part_count == IMPORTED_AT_ONCE &&
        finish_parts(import, problem) != ERROR_NONE)
        return problem->error;
    if (!goes_on)
        add_part(import, &sold);
    add_seat(import, &sold);
    return ERROR_NONE;
}

/* Of a concert of one date each line is for that. */
static bool
has_columns(struct import_orders *import)
{
    struct import_file *file = &import->file;
    bool has = import_file_has(file, IMPORT_REF, IMPORT_REF);
    has = import_file_has(file, IMPORT_USER, IMPORT_USER) && has;
    has = (import->date_count == 1 || import_file_has(file, IMPORT_DATE, IMPORT_ITEM)) && has;
    return import_file_has(file, IMPORT_LABEL, IMPORT_SEAT) && has;
}

/* Before any more of it is written. */
static enum error
require_checked(const struct import_orders *import, struct problem *problem)
{
    if (!import->writes || import->file.fault_count == import->totals.refusal_count)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_INVALID_FIELD,
                          "The file, or the concert, is another one than was checked");
}

enum error
import_orders_run(struct import_orders *import, int32_t concert_id, const char *path,
                  void (*tell)(int64_t line, int64_t column, const char *text),
                  struct problem *problem)
{
    if (!import_file_open(&import->file, path, tell))
        return ERROR_NONE;
    if (read_concert(import, concert_id, problem) != ERROR_NONE)
        return problem->error;
    if (!has_columns(import))
        return ERROR_NONE;
    while (import_file_next(&import->file))
        if (read_line(import, problem) != ERROR_NONE ||
            require_checked(import, problem) != ERROR_NONE)
            return problem->error;
    return finish_parts(import, problem);
}

void
import_orders_free(struct import_orders *import)
{
    import_file_close(&import->file);
    for (size_t i = 0; i < import->date_count; i++)
        import_seats_free(&import->dates[i].seats);
    free(import->dates);
}
