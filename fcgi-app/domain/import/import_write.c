#include "domain/import/import_write.h"

#include <inttypes.h>
#include <string.h>

#include "domain/organiser/order_sale.h"
#include "domain/sale/quota.h"
#include "mysql/organiser/audit_log_table.h"

enum { PATIENCE_MS = 60000 };

enum db_result
import_find_part(struct import_orders *import, struct import_part *part)
{
    struct imported_order order = {.concert_id = import->offer.concert.concert_id,
                                   .reference = part->reference,
                                   .part = part->number};
    enum db_result result = import_table_find_order(import->services->db, &order);
    part->was_there = result == DB_OK;
    part->reservation_id = order.reservation_id;
    return result == DB_NONE ? DB_OK : result;
}

void
import_refuse_seat(struct import_orders *import, const struct import_part *part, size_t i,
                   const char *reason)
{
    struct import_file *file = &import->file;
    import_file_fault_at(file, part->lines[i],
                         file->columns[IMPORT_LABEL] >= 0 ? IMPORT_LABEL : IMPORT_SEAT,
                         "Seat %d of %s is %s (order %.100s)", (int)part->seat_ids[i],
                         part->date->item.date, reason, part->reference);
}

/* The state of a transaction (domain/effect.h). */
struct import_batch {
    struct import_orders *import;
    struct import_part *parts;
    size_t count;
    const struct import_part *written; /* the first one; NULL: none was to be */
};

/* The mutexes of their users, in the order in which all lock them, before any seat. */
static enum db_result
lock_users(const struct import_batch *batch)
{
    const struct concert *concert = &batch->import->offer.concert;
    struct concert_user users[IMPORTED_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < batch->count && concert->has_seat_limit; i++)
        if (!batch->parts[i].was_there)
            users[count++] = (struct concert_user){concert->concert_id, batch->parts[i].user_id};
    return quota_lock(batch->import->services, users, count);
}

static enum error
sell(struct import_orders *import, struct import_part *part, struct problem *problem)
{
    struct order_sale sale = {
        .create = {.user_id = part->user_id,
                   .concert_id = import->offer.concert.concert_id,
                   .item_id = part->date->item.item_id,
                   .seat_count = part->seat_count,
                   .offer = &import->offer},
        .method = part->method,
        .prices = part->prices,
        .has_sold_at = part->has_sold_at,
        .sold_at = part->sold_at,
    };
    memcpy(sale.create.seat_ids, part->seat_ids, sizeof sale.create.seat_ids);
    if (order_sale_write(import->services, &sale, problem) != ERROR_NONE)
        return problem->error;
    part->reservation_id = order_sale_id(&sale);
    const struct imported_order order = {
        .concert_id = sale.create.concert_id,
        .reference = part->reference,
        .part = part->number,
        .reservation_id = part->reservation_id,
    };
    return refuse_db(problem, import_table_add_order(import->services->db, &order));
}

static enum db_result
add_to_log(const struct import_batch *batch)
{
    struct buffer detail = {0};
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->parts[i].was_there)
            buffer_format(&detail, "%sreservation %" PRId64 " of order %s",
                          detail.length > 0 ? ", " : "", batch->parts[i].reservation_id,
                          batch->parts[i].reference);
    enum db_result result = DB_OK;
    if (detail.length > 0)
        result = audit_log_table_add(
            batch->import->services->db,
            &(struct log_entry){.actor = batch->import->actor,
                                .action = "order import",
                                .concert_id = batch->import->offer.concert.concert_id,
                                .detail = detail.data});
    buffer_free(&detail);
    return result;
}

/* Whoever imports the same just now is found by the second look. */
static enum error
execute(struct services *services, void *state, struct problem *problem)
{
    struct import_batch *batch = state;
    enum db_result result = DB_OK;
    (void)services;
    batch->written = NULL;
    for (size_t i = 0; i < batch->count && result == DB_OK; i++)
        result = import_find_part(batch->import, &batch->parts[i]);
    if (result == DB_OK)
        result = lock_users(batch);
    if (result != DB_OK)
        return refuse_db(problem, result);
    for (size_t i = 0; i < batch->count; i++) {
        struct import_part *part = &batch->parts[i];
        if (part->was_there)
            continue;
        if (sell(batch->import, part, problem) != ERROR_NONE)
            return problem->error;
        if (batch->written == NULL)
            batch->written = part;
    }
    return refuse_db(problem, add_to_log(batch));
}

/* All of it was, or nothing. */
static enum db_result
was_committed(struct services *services, void *state)
{
    const struct import_batch *batch = state;
    const struct import_part *part = batch->written;
    if (part == NULL)
        return DB_OK;
    struct imported_order order = {.concert_id = batch->import->offer.concert.concert_id,
                                   .reference = part->reference,
                                   .part = part->number};
    enum db_result result = import_table_lock_order(services->db, &order);
    return result == DB_OK && order.reservation_id != part->reservation_id ? DB_NONE : result;
}

static enum error
apply(struct import_orders *import, struct import_part *parts, size_t count,
      struct problem *problem)
{
    struct import_batch batch = {.import = import, .parts = parts, .count = count};
    struct effect effect = {.state = &batch, .execute = execute, .was_committed = was_committed};
    enum error error = effect_apply_unasked(import->services, &effect, PATIENCE_MS, problem);
    for (size_t i = 0; i < count && error == ERROR_NONE; i++) {
        import->totals.known_count += parts[i].was_there;
        import->totals.written_count += !parts[i].was_there;
        import->totals.written_seats += parts[i].was_there ? 0 : (int64_t)parts[i].seat_count;
    }
    return error;
}

/* Whether the part itself is what was refused. */
static bool
is_about_part(enum error error)
{
    return error == ERROR_SEAT_TAKEN || error == ERROR_SEAT_NOT_FOUND ||
           error == ERROR_CONCERT_NOT_OPEN;
}

/* One by one, what was refused is known. */
static enum error
write_singly(struct import_orders *import, struct problem *problem)
{
    int64_t told = import->file.fault_count;
    for (size_t i = 0; i < import->part_count; i++) {
        struct import_part *part = &import->parts[i];
        enum error error = apply(import, part, 1, problem);
        if (error == ERROR_NONE)
            continue;
        if (!is_about_part(error))
            return error;
        import->totals.refused_count++;
        for (size_t n = 0; n < part->seat_count; n++)
            for (size_t k = 0; k < problem->seat_count; k++)
                if (part->seat_ids[n] == problem->seat_ids[k])
                    import_refuse_seat(import, part, n, "somebody else's since the check");
        if (problem->seat_count == 0)
            import_file_fault_at(&import->file, part->lines[0], IMPORT_DATE,
                                 "The order %.100s cannot be sold any more: %s", part->reference,
                                 problem->detail[0] != '\0' ? problem->detail : error_title(error));
    }
    import->totals.refusal_count += import->file.fault_count - told;
    return ERROR_NONE;
}

enum error
import_write_parts(struct import_orders *import, struct problem *problem)
{
    enum error error = apply(import, import->parts, import->part_count, problem);
    if (is_about_part(error))
        error = write_singly(import, problem);
    return error;
}
