#include "domain/organiser/order_sale.h"

#include "domain/event.h"
#include "domain/logged_change.h"
#include "domain/sale/hall.h"
#include "domain/sale/quota.h"
#include "domain/sale/reservation_create.h"

/* When it is on sale is for buyers; what is cancelled is for nobody. */
static enum error
require_not_cancelled(const struct offer *offer, struct problem *problem)
{
    enum concert_stored stored = offer->concert.stored;
    if (stored != STORED_OPEN && stored != STORED_CLOSED)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is %s",
                              stored == STORED_CANCELLED ? "cancelled" : "not on sale");
    if (concert_require_item(&offer->item, problem) != ERROR_NONE)
        return problem->error;
    return concert_require_item_open(&offer->item, problem);
}

enum error
order_sale_precheck(struct services *services, void *state, struct problem *problem)
{
    struct reservation_create *create = &((struct order_sale *)state)->create;
    struct seat seats[SEATS_AT_ONCE];
    size_t found;
    enum db_result result = reservation_create_read(services, create, "", create->seat_ids,
                                                    create->seat_count, seats, &found);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        require_not_cancelled(create->offer, problem) != ERROR_NONE)
        return problem->error;
    create->wish.has_waitlist = create->offer->concert.waitlist;
    if (create->wish.count > 0)
        return hall_precheck(services, &create->offer->item, &create->wish, problem);
    return reservation_create_check_seats(create, seats, found, create->offer->concert.now,
                                          problem);
}

static bool
sets_price(const struct order_sale *sale)
{
    return sale->method == PAID_GUEST || sale->prices != NULL || sale->has_price;
}

static int64_t
price_of(const struct order_sale *sale, int32_t seat_id)
{
    if (sale->method == PAID_GUEST)
        return 0;
    for (size_t i = 0; sale->prices != NULL && i < sale->create.seat_count; i++)
        if (sale->create.seat_ids[i] == seat_id)
            return sale->prices[i];
    return sale->price;
}

/* No limit held for it, so that the audit holds it against none. */
static void
fill(struct order_sale *sale, struct seat *seats, int64_t now)
{
    struct reservation_create *create = &sale->create;
    for (size_t i = 0; i < create->seat_count && sets_price(sale); i++)
        seats[i].price = price_of(sale, seats[i].seat_id);
    reservation_create_fill(create, seats, now);
    create->made.has_seat_limit = false;
    create->made.method = sale->method;
}

/*
 * A hold that is paid in the transaction that makes it. Whether it was cancelled is asked anew once
 * it is there, as a payment does: whoever cancels finds it, or it finds the cancel.
 */
static enum error
write_sold(struct services *services, struct order_sale *sale, const struct seat *seats,
           struct problem *problem)
{
    struct reservation *made = &sale->create.made;
    const struct reservation *sold = made;
    int64_t now;
    enum db_result result = reservation_create_write(services, &sale->create, seats);
    if (result == DB_OK)
        result = reservation_table_lock_hold(services->db, made, &now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (made->is_cancelled)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "It is cancelled");
    result = reservation_table_sell(services->db, &sold, 1, made->created_at);
    if (result == DB_NONE)
        result = db_lock_lost(services->db, "a seat was sold by two");
    made->status = RESERVATION_PAID;
    event_add_payment(services, made);
    return refuse_db(problem, result);
}

/* What is paid for a seat may be another price than its own. Those of one price go together. */
static enum db_result
write_price(struct services *services, const struct order_sale *sale, const struct seat *seats)
{
    const struct reservation *made = &sale->create.made;
    struct seat same[SEATS_AT_ONCE];
    bool written[SEATS_AT_ONCE] = {false};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sale->create.seat_count && sets_price(sale) && result == DB_OK; i++) {
        size_t count = 0;
        for (size_t n = i; n < sale->create.seat_count && !written[i]; n++) {
            if (seats[n].price != seats[i].price)
                continue;
            same[count++] = seats[n];
            written[n] = n > i;
        }
        if (count > 0)
            result = seat_table_set_price(services->db, made->item_id, same, count,
                                          made->reservation_id, seats[i].price);
    }
    return result;
}

static enum db_result
write_sale(struct services *services, const struct order_sale *sale)
{
    const struct reservation *made = &sale->create.made;
    const struct box_office_sale row = {
        .reservation_id = made->reservation_id,
        .concert_id = made->concert_id,
        .item_id = made->item_id,
        .method = sale->method,
        .amount = made->total_price,
        .sold_at = sale->has_sold_at ? sale->sold_at : made->created_at,
    };
    return box_office_table_add_sale(services->db, &row);
}

enum error
order_sale_write(struct services *services, struct order_sale *sale, struct problem *problem)
{
    struct reservation_create *create = &sale->create;
    struct seat seats[SEATS_AT_ONCE];
    int64_t now;
    if (reservation_create_lock(services, create, seats, &now, problem) != ERROR_NONE)
        return problem->error;
    fill(sale, seats, now);
    if (write_sold(services, sale, seats, problem) != ERROR_NONE ||
        refuse_db(problem, write_price(services, sale, seats)) != ERROR_NONE)
        return problem->error;
    return refuse_db(problem, write_sale(services, sale));
}

static enum db_result
add_to_log(struct services *services, const struct order_sale *sale)
{
    struct logged_change log = {.entry = {.actor = sale->actor,
                                          .action = "order sell",
                                          .concert_id = sale->create.concert_id,
                                          .detail = ""}};
    sale->describe(sale, &log.after);
    return logged_change_write(services, &log);
}

/*
 * The user's mutex is locked, although no limit is asked: whoever counts the user's seats meanwhile
 * counts these as well.
 */
enum error
order_sale_execute(struct services *services, void *state, struct problem *problem)
{
    struct order_sale *sale = state;
    const struct reservation_create *create = &sale->create;
    struct concert_user user = {create->concert_id, create->user_id};
    enum db_result locked =
        quota_lock(services, &user, create->offer->concert.has_seat_limit ? 1 : 0);
    if (refuse_db(problem, locked) != ERROR_NONE ||
        order_sale_write(services, sale, problem) != ERROR_NONE)
        return problem->error;
    return refuse_db(problem, add_to_log(services, sale));
}

enum db_result
order_sale_was_committed(struct services *services, void *state)
{
    return reservation_create_was_committed(services, &((struct order_sale *)state)->create);
}

int64_t
order_sale_id(const void *state)
{
    return reservation_create_id(&((const struct order_sale *)state)->create);
}
