/*
 * courier: the work of frontrow-outbox, round by round: it makes deliveries of what happened,
 * leases what is due for each webhook, hands it to the sender, and notes how it ended. What it is
 * stopped or killed with is leased again by the next one.
 */
#ifndef FRONTROW_OUTBOX_COURIER_H
#define FRONTROW_OUTBOX_COURIER_H

#include <stdbool.h>

#include "domain/services.h"

struct courier;

/* `services` and `key`, that of webhook_key_file, are borrowed. Never NULL. */
struct courier *courier_open(struct services *services, const char *key);
void courier_close(struct courier *courier);

/* One round, which waits for a moment where there is nothing to do. */
void courier_work(struct courier *courier);

/* The same without new deliveries. False: none is under way any more. */
bool courier_finish(struct courier *courier);

#endif
