/* queue_entry: keeps the two stores of a queue in step, one token at a time. For this folder. */
#ifndef FRONTROW_DOMAIN_QUEUE_ENTRY_H
#define FRONTROW_DOMAIN_QUEUE_ENTRY_H

#include "domain/queue/queue.h"
#include "redis/queue/queue_store.h"

enum { UNQUEUED_POLL_SECONDS = 10 }; /* one looks so often where no queue is kept */

/* Which queue, with the settings of the concert's row. */
struct queue_settings queue_settings_of(const struct services *services,
                                        const struct concert *concert);

/* The period in which the concert's row, or whoever made the settings, was read. */
struct token_period queue_period_of(const struct concert *concert);
struct token_period queue_period_of_settings(const struct queue_settings *settings);

/* Fills in the position of a token that MySQL has as active. */
void queue_fill_active(struct queue_position *position, const struct token_row *row);

/* The same of one that is waiting or active in a queue, as Redis has it; `row` of an active one. */
void queue_fill_position(struct queue_position *position, const struct queue_settings *settings,
                         const struct queue_entry *entry, const struct token_row *row);

/* Writes a `serving` that a call raised to MySQL, so that it does not fall when Redis is lost. */
void queue_note_serving(struct services *services, int32_t concert_id, struct queue_moved moved);

/* What became of a token. */
enum queue_outcome {
    QUEUE_SETTLED,  /* both stores have it as Redis said */
    QUEUE_OVER,     /* it has ended, in both stores */
    QUEUE_AGAIN,    /* Redis has it otherwise by now: ask it again */
    QUEUE_SWITCHED, /* the queue was switched on or off meanwhile: read the concert, ask again */
    QUEUE_REFUSED,  /* see the problem */
};

/*
 * Brings MySQL up to what Redis said of a token at `asked_ms` (clock_monotonic()), and tells Redis
 * so. `look`: MySQL's row is to be looked at even where Redis believes it in order. *row is MySQL's
 * row afterwards, where it was looked at or written.
 */
enum queue_outcome queue_settle(struct services *services, const struct queue_settings *settings,
                                struct queue_entry *entry, int64_t asked_ms, bool look,
                                struct token_row *row, struct problem *problem) MUST_CHECK;

/*
 * After an answer of Redis that is not QUEUE_OK, about a token of `user_id` ("": anybody): loads
 * the queue, puts the token back from MySQL, or refuses. AGAIN, OVER or REFUSED.
 */
enum queue_outcome queue_recover(struct services *services, const struct queue_settings *settings,
                                 enum queue_answer answer, const uint8_t token[TOKEN_SIZE],
                                 const char *user_id, struct problem *problem) MUST_CHECK;

/*
 * Writes to MySQL how a token ended that Redis keeps only for that, and lets Redis forget it. OVER;
 * SWITCHED where MySQL's token lives on, as Redis' is of another time; REFUSED.
 */
enum queue_outcome queue_record_end(struct services *services,
                                    const struct queue_settings *settings,
                                    const uint8_t token[TOKEN_SIZE], enum queue_token_state state,
                                    struct problem *problem) MUST_CHECK;

/* Notes that queue_tell() is to tell of these rows; what was noted before is told now. */
void queue_note_saved(struct services *services, int32_t concert_id,
                      const struct queue_tokens *tokens);

/* What of that a call about this queue can take along; NULL: nothing. */
const struct queue_tokens *queue_news_to_take_along(const struct services *services,
                                                    const struct queue_settings *settings);

/* Lets Redis forget a token. */
void queue_forget(struct services *services, const struct queue_settings *settings,
                  const uint8_t token[TOKEN_SIZE]);

#endif
