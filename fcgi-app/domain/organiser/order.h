/* order: what buyers have, as operators look for it: reservations with seats and payments. */
#ifndef FRONTROW_DOMAIN_ORDER_H
#define FRONTROW_DOMAIN_ORDER_H

#include "domain/sale/reservation.h"
#include "mysql/organiser/order_table.h"

/*
 * A page of orders, newest first, statuses as shown now. With an item_id the concert may be left
 * out. Of one more than ORDERS_WITH_SEATS the last has no seats.
 */
enum error order_list(struct services *services, const struct order_filter *filter,
                      struct order *list, size_t *count, struct problem *problem) MUST_CHECK;

#endif
