/*
 * limit_statements: the statements of a route, prepared, one after the other in its order. They are
 * the route's own, from the table functions that its rule calls (domain/sale/reservation_create.c,
 * payment.c, point.c, queue*.c); a change in the order there belongs here too. Those of several
 * requests together are run by the rules themselves. Their seats and users: test/bench/bench.sql.
 */
#ifndef BENCH_LIMIT_STATEMENTS_H
#define BENCH_LIMIT_STATEMENTS_H

#include "limit_loop.h"

enum { LIMIT_STATEMENTS = 11 };

extern const struct limit limit_statements[LIMIT_STATEMENTS];

#endif
