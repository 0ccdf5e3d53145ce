#include "domain/organiser/order.h"

static void
show(struct order *order, int64_t now)
{
    struct reservation *reservation = &order->reservation;
    reservation->method = order->payment.method;
    reservation->status = reservation_shown(reservation, reservation->is_cancelled, now);
}

/* Shows the rows that were read, and reads their seats. */
static enum error
complete(struct services *services, struct order *list, size_t count, int64_t now,
         struct problem *problem)
{
    for (size_t i = 0; i < count; i++)
        show(&list[i], now);
    size_t with_seats = count < ORDERS_WITH_SEATS ? count : ORDERS_WITH_SEATS;
    return refuse_db(problem, order_table_list_seats(services->db, list, with_seats));
}

/* An item's orders are found by its concert; *there is false where the two do not go together. */
static enum error
find_concert(struct services *services, struct order_filter *filter, bool *there,
             struct problem *problem)
{
    struct item item;
    *there = true;
    if (filter->item_id == 0)
        return ERROR_NONE;
    enum db_result result = concert_table_item(services->db, filter->item_id, &item);
    *there = result == DB_OK && (filter->concert_id == 0 || filter->concert_id == item.concert_id);
    if (result == DB_OK)
        filter->concert_id = item.concert_id;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

enum error
order_list(struct services *services, const struct order_filter *wanted, struct order *list,
           size_t *count, struct problem *problem)
{
    struct order_filter filter = *wanted;
    bool there;
    int64_t now;
    *count = 0;
    enum error error = find_concert(services, &filter, &there, problem);
    if (error != ERROR_NONE || !there)
        return error;
    error = refuse_db(problem, order_table_list(services->db, &filter, list, count, &now));
    return error == ERROR_NONE ? complete(services, list, *count, now, problem) : error;
}
