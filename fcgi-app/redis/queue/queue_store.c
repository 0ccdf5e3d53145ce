#include "redis/queue/queue_store.h"

#include <arpa/inet.h>
#include <string.h>

#include "redis/queue/queue_reply.h"

/* A brief of queue.lua: token, state, saved, number. */
enum { BRIEF_SIZE = TOKEN_SIZE + 1 + 1 + 4 };

static void
add_token(struct redis *redis, const uint8_t token[TOKEN_SIZE])
{
    command_add(&redis->rest, token, TOKEN_SIZE);
}

/* `saved` may be NULL. */
static void
add_saved(struct redis *redis, const struct queue_tokens *saved)
{
    for (size_t i = 0; saved != NULL && i < saved->count; i++)
        add_token(redis, saved->list[i]);
}

static void
read_entry(const redisReply *reply, struct queue_entry *entry)
{
    queue_reply_bytes(reply, 1, entry->token, TOKEN_SIZE);
    queue_reply_text(reply, 2, entry->user_id, sizeof entry->user_id);
    entry->state = (enum queue_token_state)queue_reply_integer(reply, 3);
    entry->saved = (enum queue_saved)queue_reply_integer(reply, 4);
    entry->number = (int32_t)queue_reply_integer(reply, 5);
    entry->ends_ms = queue_reply_integer(reply, 6);
    entry->position = (int32_t)queue_reply_integer(reply, 7);
    entry->poll_seconds = (int32_t)queue_reply_integer(reply, 8);
    entry->eta_seconds = queue_reply_integer(reply, 9);
    entry->eta_seconds_high = queue_reply_integer(reply, 10);
    entry->serving = (int32_t)queue_reply_integer(reply, 11);
    entry->serving_raised = queue_reply_integer(reply, 12) != 0;
    queue_reply_bytes(reply, 13, entry->replaced, TOKEN_SIZE);
    entry->replaced_state = (enum queue_token_state)queue_reply_integer(reply, 14);
    entry->shown = (int32_t)queue_reply_integer(reply, 15);
    entry->lease_ms = queue_reply_integer(reply, 16);
}

/* Makes a call with a token and a user that answers with a place, or with the state of its end. */
static enum queue_answer
call_entry(struct redis *redis, const struct queue_settings *settings, const char *function,
           const uint8_t token[TOKEN_SIZE], const char *user_id, const struct queue_tokens *saved,
           struct queue_entry *entry)
{
    redisReply *reply;
    queue_begin(redis, settings);
    add_token(redis, token);
    command_add_text(&redis->rest, user_id);
    add_saved(redis, saved);
    enum queue_answer answer = queue_call(redis, settings, function, &reply);
    if (answer == QUEUE_OK)
        read_entry(reply, entry);
    else if (answer == QUEUE_ENDED)
        entry->state = (enum queue_token_state)queue_reply_integer(reply, 1);
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_add(struct redis *redis, const struct queue_settings *settings,
                const uint8_t fresh[TOKEN_SIZE], const char *user_id,
                const struct queue_tokens *saved, struct queue_entry *entry)
{
    enum queue_answer answer = call_entry(redis, settings, "add", fresh, user_id, saved, entry);
    if (answer != QUEUE_NO_ROOM)
        return answer;
    answer = call_entry(redis, settings, "add_known", fresh, user_id, saved, entry);
    return answer == QUEUE_OK || answer == QUEUE_GONE ? answer : QUEUE_NO_ROOM;
}

enum queue_answer
queue_store_add_several(struct redis *redis, const struct queue_settings *settings,
                        struct queue_applicant *applicants, size_t count,
                        const struct queue_tokens *saved)
{
    redisReply *reply;
    queue_begin(redis, settings);
    command_add_integer(&redis->rest, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        add_token(redis, applicants[i].fresh);
        command_add_text(&redis->rest, applicants[i].user_id);
    }
    add_saved(redis, saved);
    enum queue_answer answer = queue_call(redis, settings, "add_several", &reply);
    for (size_t i = 0; i < count && answer == QUEUE_OK; i++) {
        const redisReply *one = queue_reply_element(reply, 1 + i);
        applicants[i].answer = queue_reply_answer(one);
        if (applicants[i].answer == QUEUE_OK)
            read_entry(one, &applicants[i].entry);
    }
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_status(struct redis *redis, const struct queue_settings *settings,
                   const uint8_t token[TOKEN_SIZE], const char *user_id,
                   const struct queue_tokens *saved, struct queue_entry *entry)
{
    return call_entry(redis, settings, "status", token, user_id, saved, entry);
}

/* Makes a call that answers what it moved. */
static enum queue_answer
call_moved(struct redis *redis, const struct queue_settings *settings, const char *function,
           struct queue_moved *moved)
{
    redisReply *reply;
    enum queue_answer answer = queue_call(redis, settings, function, &reply);
    if (answer == QUEUE_OK)
        *moved = (struct queue_moved){
            .serving = (int32_t)queue_reply_integer(reply, 1),
            .serving_raised = queue_reply_integer(reply, 2) != 0,
        };
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_leave(struct redis *redis, const struct queue_settings *settings,
                  const uint8_t token[TOKEN_SIZE], const char *user_id, struct queue_moved *moved)
{
    queue_begin(redis, settings);
    add_token(redis, token);
    command_add_text(&redis->rest, user_id);
    return call_moved(redis, settings, "leave", moved);
}

enum queue_answer
queue_store_drop(struct redis *redis, const struct queue_settings *settings,
                 const uint8_t (*tokens)[TOKEN_SIZE], size_t count, struct queue_moved *moved)
{
    queue_begin(redis, settings);
    for (size_t i = 0; i < count; i++)
        add_token(redis, tokens[i]);
    return call_moved(redis, settings, "drop", moved);
}

/* Makes a call with a token and a number that answers with the token's state. */
static enum queue_answer
call_state(struct redis *redis, const struct queue_settings *settings, const char *function,
           const uint8_t token[TOKEN_SIZE], int64_t number, enum queue_token_state *state)
{
    redisReply *reply;
    queue_begin(redis, settings);
    add_token(redis, token);
    command_add_integer(&redis->rest, number);
    enum queue_answer answer = queue_call(redis, settings, function, &reply);
    if (answer == QUEUE_OK)
        *state = (enum queue_token_state)queue_reply_integer(reply, 1);
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_saved(struct redis *redis, const struct queue_settings *settings,
                  const uint8_t token[TOKEN_SIZE], enum queue_saved saved,
                  enum queue_token_state *state)
{
    return call_state(redis, settings, "saved", token, saved, state);
}

enum queue_answer
queue_store_saved_rows(struct redis *redis, const struct queue_settings *settings,
                       const struct queue_tokens *saved)
{
    queue_begin(redis, settings);
    add_saved(redis, saved);
    return queue_call_plain(redis, settings, "saved_rows");
}

enum queue_answer
queue_store_keep(struct redis *redis, const struct queue_settings *settings,
                 const uint8_t token[TOKEN_SIZE], int64_t ends_ms, enum queue_token_state *state)
{
    return call_state(redis, settings, "keep", token, ends_ms, state);
}

enum queue_answer
queue_store_restore(struct redis *redis, const struct queue_settings *settings,
                    const struct queue_row *row)
{
    queue_begin(redis, settings);
    add_token(redis, row->token);
    command_add_text(&redis->rest, row->user_id);
    command_add_integer(&redis->rest, row->number);
    command_add_integer(&redis->rest, row->ends_ms);
    command_add_integer(&redis->rest, row->lease_ms);
    command_add_integer(&redis->rest, row->rank);
    return queue_call_plain(redis, settings, "restore");
}

enum queue_answer
queue_store_state(struct redis *redis, const struct queue_settings *settings,
                  struct queue_counts *counts)
{
    redisReply *reply;
    queue_begin(redis, settings);
    enum queue_answer answer = queue_call(redis, settings, "state", &reply);
    if (answer == QUEUE_OK)
        *counts = (struct queue_counts){
            .moved.serving = (int32_t)queue_reply_integer(reply, 1),
            .moved.serving_raised = queue_reply_integer(reply, 9) != 0,
            .last = (int32_t)queue_reply_integer(reply, 2),
            .waiting = (int32_t)queue_reply_integer(reply, 3),
            .active = (int32_t)queue_reply_integer(reply, 4),
            .capacity = (int32_t)queue_reply_integer(reply, 5),
            .paused = queue_reply_integer(reply, 6) != 0,
            .admitted_per_minute = (int32_t)queue_reply_integer(reply, 7),
            .refresh_seconds = (int32_t)queue_reply_integer(reply, 8),
            .more = queue_reply_integer(reply, 10) != 0,
            .overshoot_max = (int32_t)queue_reply_integer(reply, 11),
            .frozen.frozen = queue_reply_integer(reply, 12) != 0,
            .frozen.last = (int32_t)queue_reply_integer(reply, 13),
            .frozen.ranked_last = (int32_t)queue_reply_integer(reply, 14),
            .version = (int32_t)queue_reply_integer(reply, 15),
            .eta_seconds = queue_reply_integer(reply, 16),
            .eta_seconds_high = queue_reply_integer(reply, 17),
            .entered = queue_reply_integer(reply, 18),
            .missed = queue_reply_integer(reply, 19),
        };
    freeReplyObject(reply);
    return answer;
}

static struct queue_brief
read_brief(const redisReply *reply, size_t i)
{
    uint8_t packed[BRIEF_SIZE];
    uint32_t number;
    struct queue_brief brief;
    queue_reply_bytes(reply, i, packed, sizeof packed);
    memcpy(brief.token, packed, TOKEN_SIZE);
    memcpy(&number, packed + TOKEN_SIZE + 2, sizeof number);
    brief.state = (enum queue_token_state)packed[TOKEN_SIZE];
    brief.saved = (enum queue_saved)packed[TOKEN_SIZE + 1];
    brief.number = (int32_t)ntohl(number);
    return brief;
}

enum queue_answer
queue_store_list(struct redis *redis, const struct queue_settings *settings,
                 enum queue_token_state state, size_t from, size_t limit,
                 struct queue_brief *briefs, size_t *count)
{
    redisReply *reply;
    queue_begin(redis, settings);
    command_add_integer(&redis->rest, state);
    command_add_integer(&redis->rest, (int64_t)from);
    command_add_integer(&redis->rest, (int64_t)(from + limit) - 1);
    enum queue_answer answer = queue_call(redis, settings, "list", &reply);
    *count = 0;
    for (size_t i = 1; answer == QUEUE_OK && i < reply->elements && *count < limit; i++)
        briefs[(*count)++] = read_brief(reply, i);
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_scan(struct redis *redis, const struct queue_settings *settings, uint64_t *cursor,
                 void (*take)(void *context, const struct queue_brief *brief), void *context)
{
    redisReply *reply;
    queue_begin(redis, settings);
    command_add_integer(&redis->rest, (int64_t)*cursor);
    enum queue_answer answer = queue_call(redis, settings, "scan", &reply);
    if (answer == QUEUE_OK)
        *cursor = (uint64_t)queue_reply_integer(reply, 1);
    for (size_t i = 2; answer == QUEUE_OK && i < reply->elements; i++) {
        struct queue_brief brief = read_brief(reply, i);
        take(context, &brief);
    }
    freeReplyObject(reply);
    return answer;
}

static enum answer
unlink_keys(struct redis *redis, int32_t concert_id)
{
    static const char *const names[] = {"meta",   "tokens", "users",  "unsaved", "waiting",
                                        "called", "active", "missed", "ended"};
    command_clear(&redis->head);
    command_add_text(&redis->head, "UNLINK");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char key[40];
        snprintf(key, sizeof key, "{c%d}:%s", (int)concert_id, names[i]);
        command_add_text(&redis->head, key);
    }
    redisReply *reply;
    enum answer answer = redis_send(redis, false, &reply);
    freeReplyObject(reply);
    return answer;
}

bool
queue_store_erase(struct redis *redis, int32_t concert_id)
{
    enum answer answer = ANSWER_LOST;
    for (int attempt = 0; attempt < 2 && answer == ANSWER_LOST; attempt++)
        answer = redis_ensure(redis) ? unlink_keys(redis, concert_id) : ANSWER_GONE;
    return answer == ANSWER_OK;
}
