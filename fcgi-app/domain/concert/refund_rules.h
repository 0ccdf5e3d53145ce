/*
 * refund_rules: what buyers get back if they give their seats back, by the days before the start.
 * They go by the rules of the time at which they paid. Operators refund what they like.
 */
#ifndef FRONTROW_DOMAIN_REFUND_RULES_H
#define FRONTROW_DOMAIN_REFUND_RULES_H

#include "domain/services.h"
#include "mysql/concert/concert_table.h"

/*
 * Those in force at an instant of the database's clock. Where none were set by then, or it is
 * CLOCK_NEVER: everything, until the start.
 */
enum error refund_rules_find(struct services *services, int32_t concert_id, int64_t at,
                             struct refund_rules *rules, struct problem *problem) MUST_CHECK;

/* Reads those of a concert that are in force at concert->now into concert->refund_rules. */
enum error refund_rules_read(struct services *services, struct concert *concert,
                             struct problem *problem) MUST_CHECK;

/*
 * Of a locked concert: where the rules of `after` are others than those of `before`, they hold from
 * now on, that is from a little before the COMMIT. Payments take no lock on the concert, so one
 * that comes in between goes by them, and a refund in between by those that it can see.
 */
enum error refund_rules_change(struct services *services, const struct concert *before,
                               struct concert *after, struct problem *problem) MUST_CHECK;

/*
 * What a buyer gets back, in percent, of what was paid at `paid_at`, for an item that begins at
 * `starts_at`, after `now`. The days are those of the calendar at the venue. Refuses with
 * not_cancellable where that is nothing.
 */
enum error refund_rules_percent(struct services *services, int32_t concert_id, int64_t paid_at,
                                int64_t starts_at, int64_t now, int32_t *percent,
                                struct problem *problem) MUST_CHECK;

#endif
