/*
 * Random calls to the queue's functions in a real Redis and to the model, which must agree on every
 * answer. Usage: queue_random SOCKET SEED CALLS. The functions must have been loaded with a clock
 * that is read from the key `clock` (microseconds).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "queue_model.h"
#include "redis/connection.h"
#include "test_clock.h"

enum { CONCERT = 1, CHECK_EVERY = 200, TOGETHER = 5, USER_SIZE = sizeof "user--2147483648" };

static struct model model;
static struct queue_settings settings, settings_before; /* the last change of them */
static struct redis *redis;
static int64_t calls;
static int32_t tokens, losses;
static int32_t ids[MODEL_PEOPLE]; /* each one's last token, 0: none */

static void
fail(const char *what, const char *call)
{
    fprintf(stderr, "call %" PRId64 " (%s): %s differs from the model's\n", calls, call, what);
    exit(1);
}

static int32_t
below(int32_t limit)
{
    return (int32_t)(random() % limit);
}

static void
write_token(int32_t id, uint8_t token[TOKEN_SIZE])
{
    memset(token, 0, TOKEN_SIZE);
    memcpy(token, &id, sizeof id);
}

static int32_t
read_token(const uint8_t token[TOKEN_SIZE])
{
    int32_t id;
    memcpy(&id, token, sizeof id);
    return id;
}

/* A moment at which something is just over, or nearly; 0 where the token has none. */
static int64_t
deadline_of(const struct model_token *token)
{
    int64_t moment = below(2) == 0 ? token->over : token->unsaved_over;
    return token->there && moment > model.now ? moment - below(2) : 0;
}

/* Mostly short steps; now and then one over all deadlines, or right onto one. */
static void
let_time_pass(void)
{
    static const int32_t steps[] = {1, 1, 5, 100, 100, 1000, 3000, 20000, 70000};
    int64_t moment = 0;
    if (model.count > model.first && below(4) == 0)
        moment = deadline_of(&model.tokens[model.first + below(model.count - model.first)]);
    if (moment == 0)
        moment = model.now + below(steps[below(sizeof steps / sizeof steps[0])] + 1);
    model.now = moment;
    test_clock_set(redis, model.now);
}

static void
change_settings(void)
{
    settings_before = settings;
    settings.version++;
    settings.capacity = below(3) == 0 ? below(20) : below(5);
    settings.paused = below(8) == 0;
    settings.max_waiting = below(4) == 0 ? below(10) : 100;
    settings.active_ms = 1000 + below(30000);
    settings.idle_ms = below(3) == 0 ? 0 : 500 + below(20000);
    settings.show_up_ms = below(2) == 0 ? 200 + below(2000) : 2000 + below(10000);
    settings.missed_ms = below(2) == 0 ? 500 + below(4000) : below(60000);
}

/* As one caller sees the settings: some read the row before the last change. */
static struct queue_settings
shown_settings(void)
{
    bool changed = settings.version > settings.since;
    return changed && below(10) == 0 ? settings_before : settings;
}

static void
compare_queue_entry(const struct queue_entry *entry, const struct model_answer *expected)
{
    const struct model_token *token = expected->token;
    bool active = token->state == QUEUE_TOKEN_ACTIVE;
    int32_t position = token->number - model.serving;
    if (read_token(entry->token) != token->id || entry->number != token->number)
        fail("the token", "entry");
    if (entry->state != token->state || entry->saved != token->saved)
        fail("the state", "entry");
    if (entry->ends_ms != (active ? token->over - model.now : 0))
        fail("the end", "entry");
    if (entry->lease_ms != (active ? token->lease - model.now : 0))
        fail("the lease", "entry");
    if (entry->position != (active ? 0 : position < 1 ? 1 : position))
        fail("the position", "entry");
    if (entry->serving != model.serving || entry->serving_raised != expected->serving_raised)
        fail("serving", "entry");
    if (entry->poll_seconds != (active ? 10 : 1))
        fail("the interval", "entry");
}

static void
compare_moved(const struct queue_moved *moved, const struct model_answer *expected)
{
    if (moved->serving != model.serving || moved->serving_raised != expected->serving_raised)
        fail("serving", "moved");
}

/* MySQL has it now, unless it failed. */
static void
call_saved(const struct queue_entry *entry)
{
    uint8_t token[TOKEN_SIZE];
    enum queue_token_state state = 0;
    enum queue_saved saved =
        entry->state == QUEUE_TOKEN_ACTIVE && below(8) > 0 ? QUEUE_SAVED_LEASE : QUEUE_SAVED_ROW;
    struct queue_settings shown = shown_settings();
    memcpy(token, entry->token, TOKEN_SIZE);
    if (below(3) == 0)
        let_time_pass();
    struct model_answer expected = model_saved(&model, &shown, read_token(token), saved);
    if (queue_store_saved(redis, &shown, token, saved, &state) != expected.answer)
        fail("the answer", "saved");
    if (expected.answer == QUEUE_OK && state != expected.token->state)
        fail("the state", "saved");
}

/* Some others, of which a call takes along that MySQL has the rows. */
static struct queue_tokens
any_saved(const struct queue_settings *shown)
{
    struct queue_tokens saved = {.count = 0};
    for (int32_t i = below(3) == 0 ? 1 + below(3) : 0; i > 0; i--) {
        int32_t other = ids[below(MODEL_PEOPLE)];
        if (other == 0)
            continue;
        model_saved(&model, shown, other, QUEUE_SAVED_ROW);
        write_token(other, saved.list[saved.count++]);
    }
    return saved;
}

static void
call_add(int32_t person)
{
    uint8_t fresh[TOKEN_SIZE];
    char user[USER_SIZE];
    struct queue_entry entry;
    struct queue_settings shown = shown_settings();
    struct queue_tokens saved = any_saved(&shown);
    write_token(++tokens, fresh);
    snprintf(user, sizeof user, "user-%d", (int)person);
    struct model_answer expected = model_add(&model, &shown, person, tokens);
    if (queue_store_add(redis, &shown, fresh, user, saved.count > 0 ? &saved : NULL, &entry) !=
        expected.answer)
        fail("the answer", "add");
    if (expected.answer != QUEUE_OK)
        return;
    compare_queue_entry(&entry, &expected);
    if (read_token(entry.replaced) != (expected.replaced != NULL ? expected.replaced->id : 0))
        fail("what it replaces", "add");
    ids[person] = read_token(entry.token);
    if (below(5) > 0)
        call_saved(&entry);
}

/* Several ask together, one of them perhaps twice: as if one came after the other. */
static void
call_add_several(void)
{
    struct queue_applicant applicants[TOGETHER];
    char users[TOGETHER][USER_SIZE];
    int32_t people[TOGETHER];
    size_t count = 1 + (size_t)below(TOGETHER);
    bool raised = false;
    struct queue_settings shown = shown_settings();
    struct queue_tokens saved = any_saved(&shown);
    for (size_t i = 0; i < count; i++) {
        people[i] = below(MODEL_PEOPLE);
        snprintf(users[i], sizeof users[i], "user-%d", (int)people[i]);
        applicants[i].user_id = users[i];
        write_token(++tokens, applicants[i].fresh);
    }
    if (queue_store_add_several(redis, &shown, applicants, count, &saved) != QUEUE_OK)
        fail("the answer", "add_several");
    for (size_t i = 0; i < count; i++) {
        const struct queue_entry *entry = &applicants[i].entry;
        struct model_answer expected =
            model_add(&model, &shown, people[i], read_token(applicants[i].fresh));
        if (applicants[i].answer != expected.answer)
            fail("an answer", "add_several");
        expected.serving_raised = raised = raised || expected.serving_raised;
        if (expected.answer != QUEUE_OK)
            continue;
        compare_queue_entry(entry, &expected);
        ids[people[i]] = read_token(entry->token);
    }
    for (size_t i = 0; i < count; i++)
        if (applicants[i].answer == QUEUE_OK && below(5) > 0)
            call_saved(&applicants[i].entry);
}

static void
call_status(int32_t person)
{
    uint8_t token[TOKEN_SIZE];
    struct queue_entry entry;
    struct queue_settings shown = shown_settings();
    write_token(ids[person], token);
    struct model_answer expected = model_status(&model, &shown, ids[person]);
    if (queue_store_status(redis, &shown, token, "", NULL, &entry) != expected.answer)
        fail("the answer", "status");
    if (expected.answer == QUEUE_ENDED && entry.state != expected.token->state)
        fail("the end", "status");
    if (expected.answer != QUEUE_OK)
        return;
    compare_queue_entry(&entry, &expected);
    if (below(5) > 0)
        call_saved(&entry);
}

static void
call_leave(int32_t person)
{
    uint8_t token[TOKEN_SIZE];
    struct queue_moved moved;
    struct queue_settings shown = shown_settings();
    write_token(ids[person], token);
    struct model_answer expected = model_leave(&model, &shown, ids[person]);
    if (queue_store_leave(redis, &shown, token, "", &moved) != expected.answer)
        fail("the answer", "leave");
    if (expected.answer == QUEUE_OK)
        compare_moved(&moved, &expected);
}

/* Seats are held with it, or so somebody says. */
static void
call_keep(int32_t person)
{
    uint8_t token[TOKEN_SIZE];
    enum queue_token_state state = 0;
    int64_t ends_ms = below(40000);
    struct queue_settings shown = shown_settings();
    write_token(ids[person], token);
    struct model_answer expected = model_keep(&model, &shown, ids[person], ends_ms);
    if (queue_store_keep(redis, &shown, token, ends_ms, &state) != expected.answer)
        fail("the answer", "keep");
    if (expected.answer == QUEUE_OK && state != expected.token->state)
        fail("the state", "keep");
}

static void
call_drop(int32_t id)
{
    uint8_t token[1][TOKEN_SIZE];
    struct queue_moved moved;
    struct queue_settings shown = shown_settings();
    write_token(id, token[0]);
    struct model_answer expected = model_drop(&model, &shown, id);
    if (queue_store_drop(redis, &shown, (const uint8_t(*)[TOKEN_SIZE])token, 1, &moved) != QUEUE_OK)
        fail("the answer", "drop");
    compare_moved(&moved, &expected);
}

static void
call_state(void)
{
    struct queue_counts counts;
    struct queue_settings shown = shown_settings();
    struct model_answer expected = model_state(&model, &shown);
    if (queue_store_state(redis, &shown, &counts) != QUEUE_OK)
        fail("the answer", "state");
    compare_moved(&counts.moved, &expected);
    if (counts.last != model.last || counts.waiting != model_count(&model, QUEUE_TOKEN_WAITING) ||
        counts.active !=
            model_count(&model, QUEUE_TOKEN_CALLED) + model_count(&model, QUEUE_TOKEN_ACTIVE) ||
        counts.capacity != model.settings.capacity || counts.paused != model.settings.paused)
        fail("a count", "state");
    if (counts.overshoot_max != 0 || counts.more)
        fail("the overshoot", "state");
}

/* All ended ones are written to MySQL, as the sweeper does it. */
static void
reap_all(void)
{
    for (int32_t i = model.first; i < model.count; i++) {
        const struct model_token *token = &model.tokens[i];
        if (token->there && token->state >= QUEUE_TOKEN_LEFT)
            call_drop(token->id);
    }
}

/* Loads what MySQL has. */
static void
load(const struct queue_settings *shown)
{
    static uint8_t bytes[MODEL_PEOPLE * 4][TOKEN_SIZE];
    static char users[MODEL_PEOPLE * 4][16];
    struct queue_row rows[MODEL_PEOPLE * 4];
    struct queue_cursor cursor;
    const struct queue_frozen no_draw = {0};
    size_t count = 0;
    if (queue_store_rebuild(redis, shown, model.last, model.serving, &no_draw, &cursor) != QUEUE_OK)
        fail("the answer", "rebuild");
    for (int32_t i = model.first; i < model.count; i++) {
        const struct model_token *token = &model.tokens[i];
        bool active = token->saved == QUEUE_SAVED_LEASE;
        if (!token->there || token->saved == QUEUE_SAVED_NOWHERE ||
            (active && token->over <= model.now))
            continue;
        write_token(token->id, bytes[count]);
        snprintf(users[count], sizeof users[count], "user-%d", (int)token->user);
        rows[count] = (struct queue_row){.token = bytes[count],
                                         .user_id = users[count],
                                         .number = token->number,
                                         .ends_ms = active ? token->over - model.now : 0,
                                         .lease_ms = active ? token->lease - model.now : 0};
        count++;
    }
    cursor.part = 3;
    if (queue_store_load(redis, shown, rows, count, &cursor, true) != QUEUE_OK ||
        queue_store_rebuilt(redis, shown, model.last, model.serving) != QUEUE_OK)
        fail("the answer", "load");
}

/* One key goes, as by an eviction. Whether it was there. */
static bool
lose_a_key(void)
{
    static const char *const names[] = {"meta",   "tokens", "users",  "waiting",
                                        "called", "active", "missed", "ended"};
    const char *name = names[below(sizeof names / sizeof names[0])];
    redisReply *reply = redisCommand(redis->link.context, "UNLINK {c%d}:%s", CONCERT, name);
    bool was_there = reply != NULL && reply->integer == 1;
    freeReplyObject(reply);
    return was_there;
}

static void
lose_redis(void)
{
    struct queue_counts counts;
    reap_all();
    reap_all(); /* those that ended by that */
    for (int32_t i = model.first; i < model.count; i++)
        if (model.tokens[i].there && model.tokens[i].state >= QUEUE_TOKEN_LEFT)
            return;
    int32_t way = below(4);
    if (way == 0)
        queue_store_erase(redis, CONCERT);
    else if (way == 1)
        settings.since = ++settings.version;
    else if (!lose_a_key())
        return;
    if (queue_store_state(redis, &settings, &counts) != QUEUE_REBUILD)
        fail("the answer", "lost");
    load(&settings);
    model_lose(&model, &settings);
    losses++;
}

static int32_t entries;

static void
compare_entry(void *context, const struct queue_brief *brief)
{
    (void)context;
    const struct model_token *token = model_find(&model, read_token(brief->token));
    if (token == NULL || token->state != brief->state || token->saved != brief->saved ||
        token->number != brief->number)
        fail("an entry", "scan");
    entries++;
}

static void
compare_all(void)
{
    uint64_t cursor = 0;
    int32_t there = 0;
    entries = 0;
    do {
        /* with settings that are in force already: looking must not change anything */
        if (queue_store_scan(redis, &model.settings, &cursor, compare_entry, NULL) != QUEUE_OK)
            fail("the answer", "scan");
    } while (cursor != 0);
    for (int32_t i = model.first; i < model.count; i++)
        there += model.tokens[i].there;
    if (entries != there)
        fail("the number of entries", "scan");
}

static void
call_any(void)
{
    int32_t person = below(MODEL_PEOPLE);
    int32_t what = below(1000);
    let_time_pass();
    if (what < 60)
        call_add_several();
    else if (what < 300 || ids[person] == 0)
        call_add(person);
    else if (what < 760)
        call_status(person);
    else if (what < 800)
        call_keep(person);
    else if (what < 860)
        call_leave(person);
    else if (what < 910)
        call_drop(ids[person]);
    else if (what < 960)
        call_state();
    else if (what < 990)
        change_settings();
    else if (what < 995)
        reap_all();
    else
        lose_redis();
}

int
main(int argc, char **argv)
{
    static struct config config = {.redis_timeout_ms = 5000};
    if (argc != 4)
        return 2;
    snprintf(config.redis_socket, sizeof config.redis_socket, "%s", argv[1]);
    srandom((unsigned)atoi(argv[2]));
    redis = redis_open(&config, NULL);
    model.now = 1000000000000;
    settings = (struct queue_settings){.concert_id = CONCERT};
    change_settings();
    settings.since = 1;
    let_time_pass();
    load(&settings);
    model_lose(&model, &settings);
    for (calls = 1; calls <= atoll(argv[3]); calls++) {
        call_any();
        if (calls % CHECK_EVERY == 0)
            compare_all();
    }
    printf("%" PRId64 " calls, %d numbers, %d losses of Redis: all as the model\n", calls - 1,
           (int)model.last, (int)losses);
    redis_close(redis);
    return 0;
}
