/* frontrowctl webhook add|list|remove|test|replay|dead */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/webhook/webhook.h"

enum { TEST_STEP_MS = 100, TEST_MARGIN_MS = 3000 };

static void
describe(const struct webhook *webhook, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "webhookId", webhook->webhook_id);
    json_write_string(&json, "url", webhook->url);
    json_write_string(&json, "events", webhook->events);
    json_end_object(&json);
}

static bool
read_id(const struct ctl *ctl, int32_t *webhook_id)
{
    int64_t id;
    bool ok = ctl_read_number(ctl->argument, 1, INT32_MAX, &id);
    *webhook_id = ok ? (int32_t)id : 0;
    if (!ok)
        fprintf(stderr, "frontrowctl: %s is no id of a webhook\n", ctl->argument);
    return ok;
}

static void
warn_if_off(const struct ctl *ctl)
{
    if (!config_has_webhooks(&ctl->config))
        fputs("frontrowctl: webhooks = off: nothing is written down for webhooks\n", stderr);
}

static void
render_added(const void *state, struct buffer *body)
{
    buffer_format(body, "webhook %d",
                  (int)((const struct webhook_change *)state)->webhook.webhook_id);
}

/* The only time that anybody sees it. */
static void
print_secret(const char *key, const struct webhook *webhook)
{
    uint8_t secret[WEBHOOK_SECRET_BYTES];
    char text[WEBHOOK_SECRET_SIZE];
    webhook_secret_make(key, webhook->salt, secret);
    webhook_secret_write(secret, text);
    puts(text);
}

int
ctl_webhook_add(struct ctl *ctl)
{
    struct webhook_change change = {.actor = "ctl", .describe = describe};
    struct webhook *webhook = &change.webhook;
    struct effect effect = {
        .state = &change,
        .execute = webhook_add_execute,
        .was_committed = webhook_add_was_committed,
        .render = render_added,
    };
    char key[WEBHOOK_KEY_SIZE], error[CONFIG_ERROR_SIZE];
    const char *events = ctl->events != NULL ? ctl->events : "";
    if (!text_copy(webhook->url, sizeof webhook->url, ctl->argument) ||
        !text_copy(webhook->events, sizeof webhook->events, events)) {
        fputs("frontrowctl: the URL or --events is too long\n", stderr);
        return EXIT_USAGE;
    }
    if (!webhook_key_read(&ctl->config, key, error, sizeof error)) {
        fprintf(stderr, "frontrowctl: %s\n", error);
        return EXIT_SETTINGS;
    }
    int status = ctl_apply(ctl, &effect);
    if (status != EXIT_DONE)
        return status;
    print_secret(key, webhook);
    warn_if_off(ctl);
    return status;
}

static void
render_removed(const void *state, struct buffer *body)
{
    buffer_format(body, "removed %s", ((const struct webhook_change *)state)->webhook.url);
}

int
ctl_webhook_remove(struct ctl *ctl)
{
    struct webhook_change change = {.actor = "ctl", .describe = describe};
    struct effect effect = {
        .state = &change,
        .execute = webhook_remove_execute,
        .was_committed = webhook_remove_was_committed,
        .render = render_removed,
    };
    return read_id(ctl, &change.webhook.webhook_id) ? ctl_apply(ctl, &effect) : EXIT_USAGE;
}

static void
print_webhook(const struct webhook *webhook)
{
    char since[CLOCK_TEXT_SIZE];
    clock_format(webhook->created_at, since);
    printf("%9d  %s  %s  %s\n", (int)webhook->webhook_id, since, webhook->url,
           webhook->events[0] != '\0' ? webhook->events : "all");
}

int
ctl_webhook_list(struct ctl *ctl)
{
    struct problem problem;
    printf("%9s  %-24s  %s\n", "webhookId", "since", "url, events");
    if (webhook_visit_all(ctl->services, print_webhook, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}

/* ---- deliveries ---- */

static void
render_test(const void *state, struct buffer *body)
{
    buffer_format(body, "event %" PRId64 " waits for frontrow-outbox",
                  ((const struct webhook_test *)state)->event_id);
}

/* Until it arrived, or was tried in vain. */
static int
watch(const struct ctl *ctl, const struct webhook_test *test)
{
    int64_t until = clock_monotonic() + ctl->config.webhook_timeout_ms + TEST_MARGIN_MS;
    struct delivery delivery = {.tries = 0};
    struct problem problem;
    bool arrived = false;
    while (!arrived && delivery.error[0] == '\0' && clock_monotonic() < until) {
        usleep(TEST_STEP_MS * 1000);
        if (webhook_find_delivery(ctl->services, test, &arrived, &delivery, &problem) != ERROR_NONE)
            return ctl_refused(&problem);
    }
    if (arrived) {
        puts("it arrived");
        return EXIT_DONE;
    }
    ctl_keep_on_a_line(delivery.error);
    fprintf(stderr, "frontrowctl: it did not arrive: %s\n",
            delivery.error[0] != '\0' ? delivery.error
                                      : "nobody tried it; is frontrow-outbox there?");
    return EXIT_FAILED;
}

int
ctl_webhook_test(struct ctl *ctl)
{
    struct webhook_test test = {.webhook_id = 0};
    struct effect effect = {
        .state = &test,
        .execute = webhook_test_execute,
        .was_committed = webhook_done_again,
        .render = render_test,
    };
    if (!read_id(ctl, &test.webhook_id))
        return EXIT_USAGE;
    int status = ctl_apply(ctl, &effect);
    return status == EXIT_DONE ? watch(ctl, &test) : status;
}

static void
describe_replay(const struct webhook_replay *replay, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "webhookId", replay->webhook_id);
    json_write_instant(&json, "since", replay->since);
    json_write_integer(&json, "deliveries", replay->count);
    json_end_object(&json);
}

static void
render_replay(const void *state, struct buffer *body)
{
    buffer_format(body, "%" PRId64 " deliveries are due",
                  ((const struct webhook_replay *)state)->count);
}

int
ctl_webhook_replay(struct ctl *ctl)
{
    struct webhook_replay replay = {
        .actor = "ctl", .since = CLOCK_NEVER, .describe = describe_replay};
    struct effect effect = {
        .state = &replay,
        .execute = webhook_replay_execute,
        .was_committed = webhook_done_again,
        .render = render_replay,
    };
    if (!read_id(ctl, &replay.webhook_id))
        return EXIT_USAGE;
    if (ctl->since != NULL && !clock_parse(ctl->since, &replay.since)) {
        fputs("frontrowctl: --since must be a time like 2026-12-01T09:00:00Z\n", stderr);
        return EXIT_USAGE;
    }
    return ctl_apply(ctl, &effect);
}

static void
print_dead(const struct delivery *delivery)
{
    struct delivery shown = *delivery;
    char at[CLOCK_TEXT_SIZE];
    clock_format(shown.dead_at, at);
    ctl_keep_on_a_line(shown.error);
    printf("%9d  %12" PRId64 "  %s  %-21s  %5d  %s\n", (int)shown.webhook_id, shown.event_id, at,
           shown.kind, (int)shown.tries, shown.error);
}

int
ctl_webhook_dead(struct ctl *ctl)
{
    struct problem problem;
    printf("%9s  %12s  %-24s  %-21s  %5s  %s\n", "webhookId", "event", "given up", "kind", "tries",
           "the last error");
    if (webhook_visit_dead(ctl->services, print_dead, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}
