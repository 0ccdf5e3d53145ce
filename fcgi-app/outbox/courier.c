#include "outbox/courier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "outbox/sender.h"

enum {
    LOOK_MS = 100,      /* between two looks for what is new or due */
    WEBHOOKS_MS = 1000, /* between two looks at the webhooks */
    PRUNE_MS = 60000,
    PAUSE_MS = 1000,       /* after MySQL did not do something */
    SAID_MS = 10000,       /* so long it is not said again */
    LEASE_MARGIN_MS = 5000 /* for MySQL, beside the time of the delivery itself */
};

/* A webhook, and what is under way to it. One that was removed stays until nothing is. */
struct target {
    struct webhook webhook; /* webhook_id 0: a free place */
    bool is_removed;
    bool is_failing; /* the last delivery did not arrive; for the log */
    size_t under_way;
    int64_t look_at;        /* clock_monotonic() at which it may have something due */
    struct id_list arrived; /* and still to be written */
};

/* As many as there may be, and those that were removed. */
enum { TARGETS = 2 * WEBHOOKS_MAX };

struct courier {
    struct services *services;
    struct sender *sender;
    struct target targets[TARGETS];
    int64_t look_at; /* for new events, likewise the next ones */
    int64_t webhooks_at;
    int64_t prune_at;
    int64_t paused_until; /* MySQL did not do something */
};

static struct target *
find_target(struct courier *courier, int32_t webhook_id)
{
    for (size_t i = 0; i < TARGETS; i++)
        if (courier->targets[i].webhook.webhook_id == webhook_id)
            return &courier->targets[i];
    return NULL;
}

/* Whether MySQL did it. Where it is away, it is left alone for a moment. */
static bool
is_done(struct courier *courier, enum db_result result)
{
    if (result == DB_OK || result == DB_RETRY)
        return result == DB_OK;
    int64_t now = clock_monotonic();
    if (courier->paused_until == 0 || now - courier->paused_until > SAID_MS)
        log_warn("MySQL does not do it now: %s", db_error_text(courier->services->db));
    courier->paused_until = now + PAUSE_MS;
    return false;
}

/* ---- what the sender says ---- */

static void
note_arrived(struct target *target, const struct delivery *delivery)
{
    if (target->is_failing)
        log_info("webhook %" PRId32 " takes deliveries again", delivery->webhook_id);
    target->is_failing = false;
    target->arrived.ids[target->arrived.count++] = delivery->event_id;
}

/* Where MySQL does not take it down, the delivery is due again when its lease is over. */
static void
note_failed(struct courier *courier, struct target *target, const struct delivery *delivery,
            const char *error)
{
    bool gives_up = delivery->tries + 1 >= courier->services->config->webhook_tries;
    if (!target->is_failing || gives_up)
        log_warn("webhook %" PRId32 " did not take event %" PRId64 "%s: %s", delivery->webhook_id,
                 delivery->event_id, gives_up ? ", which is given up" : "", error);
    target->is_failing = true;
    if (!is_done(courier, relay_failed(courier->services, delivery, error)))
        log_warn("that event %" PRId64 " failed is not written down", delivery->event_id);
}

static void
note_end(void *state, const struct delivery *delivery, const char *error)
{
    struct courier *courier = state;
    struct target *target = find_target(courier, delivery->webhook_id);
    target->under_way--;
    target->look_at = 0; /* the next one of its stream */
    if (error == NULL)
        note_arrived(target, delivery);
    else
        note_failed(courier, target, delivery, error);
}

/* ---- the webhooks ---- */

static void
take_webhook(struct courier *courier, const struct webhook *webhook)
{
    struct target *target = find_target(courier, webhook->webhook_id);
    if (target == NULL)
        target = find_target(courier, 0);
    if (target == NULL)
        return;
    target->webhook = *webhook;
    target->is_removed = false;
}

static void
refresh_webhooks(struct courier *courier)
{
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    if (!is_done(courier, relay_list_webhooks(courier->services, list, &count)))
        return;
    for (size_t i = 0; i < TARGETS; i++)
        courier->targets[i].is_removed = courier->targets[i].webhook.webhook_id != 0;
    for (size_t i = 0; i < count; i++)
        take_webhook(courier, &list[i]);
    for (size_t i = 0; i < TARGETS; i++) {
        struct target *target = &courier->targets[i];
        if (target->is_removed && target->under_way == 0 && target->arrived.count == 0)
            memset(target, 0, sizeof *target);
    }
}

static void
prune(struct courier *courier)
{
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    bool more;
    if (!is_done(courier, relay_list_webhooks(courier->services, list, &count)) ||
        !is_done(courier, relay_prune(courier->services, list, count, &more)))
        return;
    if (more)
        courier->prune_at = 0;
}

/* ---- a round ---- */

static void
write_arrived(struct courier *courier)
{
    for (size_t i = 0; i < TARGETS; i++) {
        struct target *target = &courier->targets[i];
        if (target->arrived.count > 0 &&
            is_done(courier, relay_delivered(courier->services, target->webhook.webhook_id,
                                             &target->arrived)))
            target->arrived.count = 0;
    }
}

static void
dispatch(struct courier *courier, int64_t now)
{
    size_t count;
    if (!is_done(courier, relay_dispatch(courier->services, &count)))
        return;
    courier->look_at = count > 0 ? 0 : now + LOOK_MS;
    for (size_t i = 0; i < TARGETS && count > 0; i++)
        courier->targets[i].look_at = 0;
}

/*
 * Many at a time, so that MySQL is not asked for each. What has arrived needs room as well. The
 * most of webhook_connections is DELIVERY_BATCH.
 */
static void
lease(struct courier *courier, struct target *target, int64_t now)
{
    static struct delivery list[DELIVERY_BATCH]; /* too large for the stack */
    const struct config *config = courier->services->config;
    size_t max = (size_t)config->webhook_connections, count;
    if (target->webhook.webhook_id == 0 || target->is_removed || now < target->look_at ||
        target->under_way > max / 2 || target->arrived.count > 0)
        return;
    size_t room = max - target->under_way;
    if (!is_done(courier, relay_lease(courier->services, target->webhook.webhook_id, room,
                                      config->webhook_timeout_ms + LEASE_MARGIN_MS, list, &count)))
        return;
    target->look_at = count == room ? 0 : now + LOOK_MS;
    for (size_t i = 0; i < count; i++)
        sender_send(courier->sender, &target->webhook, &list[i]);
    target->under_way += count;
}

/* True, and the next time is set, when it is time. */
static bool
is_due(int64_t *at, int64_t now, int64_t every_ms)
{
    if (now < *at)
        return false;
    *at = now + every_ms;
    return true;
}

void
courier_work(struct courier *courier)
{
    int64_t now = clock_monotonic();
    if (now >= courier->paused_until) {
        write_arrived(courier);
        if (is_due(&courier->webhooks_at, now, WEBHOOKS_MS))
            refresh_webhooks(courier);
        if (now >= courier->look_at)
            dispatch(courier, now);
        for (size_t i = 0; i < TARGETS; i++)
            lease(courier, &courier->targets[i], now);
        if (is_due(&courier->prune_at, now, PRUNE_MS))
            prune(courier);
    }
    sender_work(courier->sender, LOOK_MS);
}

bool
courier_finish(struct courier *courier)
{
    sender_work(courier->sender, LOOK_MS);
    write_arrived(courier);
    return sender_count(courier->sender) > 0;
}

struct courier *
courier_open(struct services *services, const char *key)
{
    struct courier *courier = calloc(1, sizeof *courier);
    if (courier == NULL)
        log_abort("no memory");
    courier->services = services;
    courier->sender = sender_open(services->config, key, note_end, courier);
    return courier;
}

void
courier_close(struct courier *courier)
{
    sender_close(courier->sender);
    free(courier);
}
