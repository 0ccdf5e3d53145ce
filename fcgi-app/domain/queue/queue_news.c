/*
 * The part of queue that tells one store what the other has of a token. Redis is told after the
 * answer, as nobody waits for it; one piece of news at a time, which may be of several new tokens.
 */
#include <string.h>

#include "domain/queue/queue_entry.h"

void
queue_note_serving(struct services *services, int32_t concert_id, struct queue_moved moved)
{
    /* A failure is not this call's: it only matters should Redis be lost as well, right now. */
    if (moved.serving_raised)
        token_table_note_serving(services->db, concert_id, moved.serving);
}

void
queue_forget(struct services *services, const struct queue_settings *settings,
             const uint8_t token[TOKEN_SIZE])
{
    uint8_t tokens[1][TOKEN_SIZE];
    struct queue_moved moved;
    memcpy(tokens[0], token, TOKEN_SIZE);
    if (queue_store_drop(services->redis, settings, (const uint8_t(*)[TOKEN_SIZE])tokens, 1,
                         &moved) == QUEUE_OK)
        queue_note_serving(services, settings->concert_id, moved);
}

static void
tell_now(struct services *services)
{
    const struct queue_news news = services->news;
    /* Without the concert's row: settings of version 0 are never taken. */
    struct concert concert = {.concert_id = news.concert_id};
    struct queue_settings settings = queue_settings_of(services, &concert);
    enum queue_token_state state;
    services->news.what = QUEUE_NO_NEWS;
    if (news.what == QUEUE_NEWS_SAVED)
        queue_store_saved_rows(services->redis, &settings, &news.tokens);
    else if (news.what == QUEUE_NEWS_KEPT)
        queue_store_keep(services->redis, &settings, news.tokens.list[0], news.kept_ms, &state);
    else if (news.what == QUEUE_NEWS_DONE)
        queue_forget(services, &settings, news.tokens.list[0]);
}

void
queue_note_saved(struct services *services, int32_t concert_id, const struct queue_tokens *tokens)
{
    tell_now(services);
    services->news =
        (struct queue_news){.what = QUEUE_NEWS_SAVED, .concert_id = concert_id, .tokens = *tokens};
}

const struct queue_tokens *
queue_news_to_take_along(const struct services *services, const struct queue_settings *settings)
{
    const struct queue_news *news = &services->news;
    bool fits = news->what == QUEUE_NEWS_SAVED && news->concert_id == settings->concert_id;
    return fits ? &news->tokens : NULL;
}

/* Of one token. */
static void
note(struct services *services, enum queue_news_kind what, int32_t concert_id,
     const uint8_t token[TOKEN_SIZE])
{
    tell_now(services);
    services->news = (struct queue_news){.what = what, .concert_id = concert_id, .tokens.count = 1};
    memcpy(services->news.tokens.list[0], token, TOKEN_SIZE);
}

void
queue_keep(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE],
           int64_t ms)
{
    note(services, QUEUE_NEWS_KEPT, concert_id, token);
    services->news.kept_ms = ms;
}

void
queue_finish(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE])
{
    note(services, QUEUE_NEWS_DONE, concert_id, token);
}

bool
queue_tell(struct services *services)
{
    struct queue_news *news = &services->news;
    if (news->what == QUEUE_NEWS_SAVED && !news->is_old) {
        news->is_old = true;
        return true;
    }
    tell_now(services);
    return false;
}
