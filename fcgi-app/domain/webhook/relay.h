/*
 * relay: what frontrow-outbox does in MySQL: events become deliveries, deliveries are leased, and
 * end. Several relays may run: what one has leased, no other gets until its lease is over, so that
 * what a killed one had is tried again.
 */
#ifndef FRONTROW_DOMAIN_RELAY_H
#define FRONTROW_DOMAIN_RELAY_H

#include "domain/services.h"
#include "mysql/webhook/delivery_table.h"

enum { RELAY_FIRST_PAUSE_MS = 1000, RELAY_MAX_PAUSE_MS = 900000 };

/* The webhooks as they are now. */
enum db_result relay_list_webhooks(struct services *services, struct webhook list[WEBHOOKS_MAX],
                                   size_t *count) MUST_CHECK;

/* Makes deliveries of new events; *count: of so many, DISPATCH_BATCH: there may be more. */
enum db_result relay_dispatch(struct services *services, size_t *count) MUST_CHECK;

/*
 * Leases up to `max` (DELIVERY_BATCH at most) deliveries to a webhook that are due and the first of
 * their streams. Each is to be ended within `lease_ms`.
 */
enum db_result relay_lease(struct services *services, int32_t webhook_id, size_t max,
                           int64_t lease_ms, struct delivery list[DELIVERY_BATCH], size_t *count)
    MUST_CHECK;

/* These have arrived. */
enum db_result relay_delivered(struct services *services, int32_t webhook_id,
                               const struct id_list *events) MUST_CHECK;

/* A try has failed, for the reason `error`: it is tried again later, or given up. */
enum db_result relay_failed(struct services *services, const struct delivery *delivery,
                            const char *error) MUST_CHECK;

/*
 * How long to wait after so many failed tries, in milliseconds: twice as long each time, up to
 * RELAY_MAX_PAUSE_MS. Of it a part is by chance: `dice`, from 0 to 1, is between half and all.
 */
int64_t relay_pause_ms(int32_t tries, double dice);

/* Deletes some of what nobody is to hear any more; *more: there may be more. */
enum db_result relay_prune(struct services *services, const struct webhook *webhooks, size_t count,
                           bool *more) MUST_CHECK;

#endif
