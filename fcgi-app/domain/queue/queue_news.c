/*
 * The part of queue that tells one store what the other has of a token. Redis is told after the
 * answer, as nobody waits for it: of tokens that are done, and of one other piece of news at a
 * time, which may be of several new tokens.
 */
#include <string.h>

#include "domain/queue/queue_entry.h"
#include "mysql/queue/queue_table.h"

void
queue_note_serving(struct services *services, int32_t concert_id, struct queue_moved moved)
{
    /* A failure is not this call's: it only matters should Redis be lost as well, right now. */
    if (moved.serving_raised)
        queue_table_note_serving(services->db, concert_id, moved.serving);
}

static void
forget_all(struct services *services, const struct queue_settings *settings,
           const struct queue_tokens *tokens)
{
    struct queue_moved moved;
    if (queue_store_drop(services->redis, settings, tokens->list, tokens->count, &moved) ==
        QUEUE_OK)
        queue_note_serving(services, settings->concert_id, moved);
}

void
queue_forget(struct services *services, const struct queue_settings *settings,
             const uint8_t token[TOKEN_SIZE])
{
    struct queue_tokens one = {.count = 1};
    memcpy(one.list[0], token, TOKEN_SIZE);
    forget_all(services, settings, &one);
}

/* Without the concert's row: settings of version 0 are never taken. */
static struct queue_settings
settings_for_news(const struct services *services, int32_t concert_id)
{
    struct concert concert = {.concert_id = concert_id};
    return queue_settings_of(services, &concert);
}

static void
tell_now(struct services *services)
{
    const struct queue_news news = services->news;
    struct queue_settings settings = settings_for_news(services, news.concert_id);
    enum queue_token_state state;
    services->news.what = QUEUE_NO_NEWS;
    if (news.what == QUEUE_NEWS_SAVED)
        queue_store_saved_rows(services->redis, &settings, &news.tokens);
    else if (news.what == QUEUE_NEWS_KEPT)
        queue_store_keep(services->redis, &settings, news.tokens.list[0], news.kept_ms, &state);
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

void
queue_keep(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE],
           int64_t ms)
{
    tell_now(services);
    services->news = (struct queue_news){
        .what = QUEUE_NEWS_KEPT, .concert_id = concert_id, .tokens.count = 1, .kept_ms = ms};
    memcpy(services->news.tokens.list[0], token, TOKEN_SIZE);
}

void
queue_finish(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE])
{
    struct queue_done *done = services->done;
    size_t at = 0;
    while (at < services->done_count &&
           (done[at].concert_id != concert_id || done[at].tokens.count == QUEUE_TOKENS_MAX))
        at++;
    if (at == QUEUE_TOKENS_MAX) {
        queue_tell_done(services);
        at = 0;
    }
    if (at == services->done_count)
        done[services->done_count++] = (struct queue_done){.concert_id = concert_id};
    memcpy(done[at].tokens.list[done[at].tokens.count++], token, TOKEN_SIZE);
}

void
queue_tell_done(struct services *services)
{
    for (size_t i = 0; i < services->done_count; i++) {
        const struct queue_done *done = &services->done[i];
        struct queue_settings settings = settings_for_news(services, done->concert_id);
        forget_all(services, &settings, &done->tokens);
    }
    services->done_count = 0;
}

bool
queue_tell(struct services *services)
{
    struct queue_news *news = &services->news;
    queue_tell_done(services);
    if (news->what == QUEUE_NEWS_SAVED && !news->is_old) {
        news->is_old = true;
        return true;
    }
    tell_now(services);
    return false;
}
