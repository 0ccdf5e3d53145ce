#include "domain/webhook/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/random.h"
#include "domain/logged_change.h"

bool
webhook_key_read(const struct config *config, char key[WEBHOOK_KEY_SIZE], char *error,
                 size_t error_size)
{
    const char *path = config->webhook_key_file;
    char line[WEBHOOK_KEY_SIZE + 1]; /* with the end of the line */
    FILE *file = *path != '\0' ? fopen(path, "r") : NULL;
    if (file == NULL) {
        snprintf(error, error_size, "webhook_key_file: %.200s: %s", path,
                 *path != '\0' ? strerror(errno) : "it is not set");
        return false;
    }
    bool ok = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    size_t length = ok ? strcspn(line, "\r\n") : 0;
    if (length < WEBHOOK_KEY_MIN || length > WEBHOOK_KEY_MAX) {
        snprintf(error, error_size,
                 "webhook_key_file: %.200s: its first line has not %d to %d bytes", path,
                 WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX);
        return false;
    }
    line[length] = '\0';
    memcpy(key, line, length + 1);
    return true;
}

/* ---- adding and removing ---- */

/* Where it leads is checked whenever it is called: names lead elsewhere tomorrow. */
static enum error
check_url(const char *url, struct problem *problem)
{
    static const char unsafe[] = " \"<>\\^`{|}@#";
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    bool ok = scheme > 0 && url[scheme] != '\0' && strchr("/:?", url[scheme]) == NULL;
    for (const char *at = url; *at != '\0' && ok; at++)
        ok = *at > ' ' && *at < 0x7f && strchr(unsafe, *at) == NULL;
    return ok ? ERROR_NONE
              : refuse_field(problem, "URL",
                             "https://HOST or http://HOST with a path, without a user, of up to %d "
                             "characters of ASCII",
                             WEBHOOK_URL_SIZE - 1);
}

static bool
is_kind(const char *word, size_t length)
{
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        const char *name = event_kind_name(kind);
        if (kind != EVENT_WEBHOOK_TEST && strlen(name) == length && memcmp(name, word, length) == 0)
            return true;
    }
    return false;
}

static enum error
check_events(const char *events, struct problem *problem)
{
    for (const char *at = events; *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (!is_kind(at, length))
            return refuse_field(problem, "--events", "%.*s is no kind of event",
                                (int)(length < 64 ? length : 64), at);
        at += length;
        at += *at == ',';
    }
    return ERROR_NONE;
}

static enum db_result
add_to_log(struct services *services, const struct webhook_change *change, const char *action,
           bool is_new)
{
    struct logged_change log = {
        .entry = {.actor = change->actor, .action = action, .detail = change->webhook.url}};
    change->describe(&change->webhook, is_new ? &log.after : &log.before);
    return logged_change_write(services, &log);
}

static enum error
check_room(struct services *services, struct problem *problem)
{
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    enum db_result result = webhook_table_lock_all(services->db);
    if (result == DB_OK)
        result = webhook_table_list(services->db, list, &count);
    if (result == DB_OK && count == WEBHOOKS_MAX)
        return refuse_field(problem, "URL", "there are %d webhooks, which is the most",
                            WEBHOOKS_MAX);
    return refuse_db(problem, result);
}

enum error
webhook_add_execute(struct services *services, void *state, struct problem *problem)
{
    struct webhook_change *change = state;
    struct webhook *webhook = &change->webhook;
    if (check_url(webhook->url, problem) != ERROR_NONE ||
        check_events(webhook->events, problem) != ERROR_NONE ||
        check_room(services, problem) != ERROR_NONE)
        return problem->error;
    random_fill(webhook->salt, sizeof webhook->salt);
    enum db_result result = webhook_table_insert(services->db, webhook);
    if (result == DB_OK)
        result = add_to_log(services, change, "webhook add", true);
    return refuse_db(problem, result);
}

enum db_result
webhook_add_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again; the salt is by chance. */
    const struct webhook *made = &((const struct webhook_change *)state)->webhook;
    struct webhook found;
    enum db_result result = webhook_table_lock(services->db, made->webhook_id, &found);
    if (result != DB_OK)
        return result;
    return memcmp(found.salt, made->salt, sizeof found.salt) == 0 ? DB_OK : DB_NONE;
}

static enum error
lock_one(struct services *services, int32_t webhook_id, struct webhook *webhook,
         struct problem *problem)
{
    enum db_result result = webhook_table_lock(services->db, webhook_id, webhook);
    if (result == DB_NONE)
        return refuse_because(problem, ERROR_NOT_FOUND, "there is no webhook %d", (int)webhook_id);
    return refuse_db(problem, result);
}

enum error
webhook_remove_execute(struct services *services, void *state, struct problem *problem)
{
    struct webhook_change *change = state;
    int32_t webhook_id = change->webhook.webhook_id;
    if (lock_one(services, webhook_id, &change->webhook, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = webhook_table_delete(services->db, webhook_id);
    if (result == DB_OK)
        result = add_to_log(services, change, "webhook remove", false);
    return refuse_db(problem, result);
}

enum db_result
webhook_remove_was_committed(struct services *services, void *state)
{
    const struct webhook_change *change = state;
    struct webhook found;
    enum db_result result = webhook_table_lock(services->db, change->webhook.webhook_id, &found);
    return result == DB_NONE ? DB_OK : result == DB_OK ? DB_NONE : result;
}

/* ---- deliveries ---- */

enum error
webhook_replay_execute(struct services *services, void *state, struct problem *problem)
{
    struct webhook_replay *replay = state;
    struct webhook webhook;
    int64_t repeated = 0;
    if (lock_one(services, replay->webhook_id, &webhook, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = delivery_table_revive(services->db, replay->webhook_id, &replay->count);
    if (result == DB_OK && replay->since != CLOCK_NEVER)
        result = delivery_table_repeat(services->db, replay->webhook_id, replay->since, &repeated);
    if (result != DB_OK)
        return refuse_db(problem, result);
    replay->count += repeated;
    struct logged_change log = {
        .entry = {.actor = replay->actor, .action = "webhook replay", .detail = webhook.url}};
    replay->describe(replay, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

enum error
webhook_test_execute(struct services *services, void *state, struct problem *problem)
{
    struct webhook_test *test = state;
    struct webhook webhook;
    if (lock_one(services, test->webhook_id, &webhook, problem) != ERROR_NONE)
        return problem->error;
    return refuse_db(problem,
                     delivery_table_add_test(services->db, test->webhook_id, &test->event_id));
}

enum db_result
webhook_done_again(struct services *services, void *state)
{
    (void)services;
    (void)state;
    return DB_NONE;
}

enum error
webhook_find_delivery(struct services *services, const struct webhook_test *test, bool *arrived,
                      struct delivery *delivery, struct problem *problem)
{
    enum db_result result =
        delivery_table_find(services->db, test->webhook_id, test->event_id, delivery);
    *arrived = result == DB_NONE;
    return refuse_db(problem, *arrived ? DB_OK : result);
}

enum error
webhook_visit_all(struct services *services, void (*visit)(const struct webhook *webhook),
                  struct problem *problem)
{
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    enum db_result result = webhook_table_list(services->db, list, &count);
    for (size_t i = 0; i < count && result == DB_OK; i++)
        visit(&list[i]);
    return refuse_db(problem, result);
}

static enum db_result
visit_dead_of(struct services *services, int32_t webhook_id,
              void (*visit)(const struct delivery *delivery))
{
    static struct delivery list[DELIVERY_BATCH]; /* too large for the stack */
    size_t count = DELIVERY_BATCH;
    int64_t after = 0;
    enum db_result result = DB_OK;
    while (result == DB_OK && count == DELIVERY_BATCH) {
        result = delivery_table_list_dead(services->db, webhook_id, after, list, &count);
        for (size_t i = 0; i < count && result == DB_OK; i++)
            visit(&list[i]);
        if (count > 0)
            after = list[count - 1].event_id;
    }
    return result;
}

enum error
webhook_visit_dead(struct services *services, void (*visit)(const struct delivery *delivery),
                   struct problem *problem)
{
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    enum db_result result = webhook_table_list(services->db, list, &count);
    for (size_t i = 0; i < count && result == DB_OK; i++)
        result = visit_dead_of(services, list[i].webhook_id, visit);
    return refuse_db(problem, result);
}
