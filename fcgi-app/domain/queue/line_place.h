/* line_place: keeps the two stores of a line in step, one token at a time. For domain/line*.c. */
#ifndef FRONTROW_DOMAIN_LINE_PLACE_H
#define FRONTROW_DOMAIN_LINE_PLACE_H

#include "domain/queue/line.h"
#include "redis/queue/line_store.h"

/* Which line, with the settings of the concert's row. */
struct line_settings line_settings_of(const struct services *services,
                                      const struct concert *concert);

/* The period in which the concert's row, or whoever made the settings, was read. */
struct token_period line_period_of(const struct concert *concert);
struct token_period line_period_of_settings(const struct line_settings *settings);

/* Writes a `serving` that a call raised to MySQL, so that it does not fall when Redis is lost. */
void line_note_serving(struct services *services, int32_t concert_id, struct line_moved moved);

/* What became of a token. */
enum line_outcome {
    LINE_SETTLED,  /* both stores have it as Redis said */
    LINE_OVER,     /* it has ended, in both stores */
    LINE_AGAIN,    /* Redis has it otherwise by now: ask it again */
    LINE_SWITCHED, /* the line was switched on or off meanwhile: read the concert, ask again */
    LINE_REFUSED,  /* see the problem */
};

/*
 * Brings MySQL up to what Redis said of a token at `asked_ms` (clock_monotonic()), and tells Redis
 * so. `look`: MySQL's row is to be looked at even where Redis believes it in order. *row is MySQL's
 * row afterwards, where it was looked at or written.
 */
enum line_outcome line_settle(struct services *services, const struct line_settings *settings,
                              struct line_place *place, int64_t asked_ms, bool look,
                              struct token_row *row, struct problem *problem);

/*
 * After an answer of Redis that is not LINE_OK, about a token of `user_id` ("": anybody): loads
 * the line, puts the token back from MySQL, or refuses. AGAIN, OVER or REFUSED.
 */
enum line_outcome line_recover(struct services *services, const struct line_settings *settings,
                               enum line_answer answer, const uint8_t token[TOKEN_SIZE],
                               const char *user_id, struct problem *problem);

/*
 * Writes to MySQL how a token ended that Redis keeps only for that, and lets Redis forget it. OVER;
 * SWITCHED where MySQL's token lives on, as Redis' is of another time; REFUSED.
 */
enum line_outcome line_bury(struct services *services, const struct line_settings *settings,
                            const uint8_t token[TOKEN_SIZE], enum line_token_state state,
                            struct problem *problem);

/* Notes what line_tell() is to tell; what was noted before is told now. */
void line_note_news(struct services *services, enum line_news_kind what, int32_t concert_id,
                    const uint8_t token[TOKEN_SIZE]);

/* Tells it. */
void line_tell_now(struct services *services);

/* Lets Redis forget a token. */
void line_forget(struct services *services, const struct line_settings *settings,
                 const uint8_t token[TOKEN_SIZE]);

#endif
