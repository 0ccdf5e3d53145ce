/*
 * queue_table: the tokens of a whole queue in MySQL, many at a time: to load them into Redis, and
 * to write down what has become of them there. What one call does with a token is in token_table.
 */
#ifndef FRONTROW_MYSQL_QUEUE_TABLE_H
#define FRONTROW_MYSQL_QUEUE_TABLE_H

#include "mysql/queue/token_table.h"

enum { TOKEN_CHUNK = 2000, TOKEN_BATCH = 32 };

/* The next concert that keeps a queue, above `after`: DB_OK or DB_NONE. */
enum db_result queue_table_find_next(struct database *db, int32_t after, int32_t *concert_id)
    MUST_CHECK;

/* The highest number given and the highest one called, 0 where there is none. */
enum db_result queue_table_find_highest(struct database *db, int32_t concert_id, int32_t *last,
                                        int32_t *serving) MUST_CHECK;

/* Remembers the highest number called, in a row of its own number or the next one below. */
enum db_result queue_table_note_serving(struct database *db, int32_t concert_id, int32_t serving);

/* The parts of a concert's live tokens, in the order in which a rebuild reads them. */
enum token_part { TOKEN_PART_WAITING, TOKEN_PART_ACTIVE, TOKEN_PART_UNQUEUED, TOKEN_PART_COUNT };

/*
 * Reads up to TOKEN_CHUNK live tokens of one part into `rows`: numbered ones above `after_number`,
 * unqueued ones whose user is above `after_user`, in that order. `*count` below TOKEN_CHUNK: the
 * last.
 */
enum db_result queue_table_read_live(struct database *db, int32_t concert_id, enum token_part part,
                                     int32_t after_number, const char *after_user,
                                     struct token_row *rows, size_t *count) MUST_CHECK;

/* Writes down as lapsed up to 1,000 tokens of a concert whose lease is over; counts them. */
enum db_result queue_table_lapse(struct database *db, int32_t concert_id, int64_t *lapsed)
    MUST_CHECK;

/* As token_table_end(), of 1 to TOKEN_BATCH of one kind together, while the period lasts. */
enum db_result queue_table_end(struct database *db, const struct token_period *period,
                               enum token_kind kind, const uint8_t (*tokens)[TOKEN_SIZE],
                               size_t count, enum token_status status) MUST_CHECK;

/* How many of 1 to TOKEN_BATCH numbered tokens are there. */
enum db_result queue_table_count(struct database *db, const uint8_t (*tokens)[TOKEN_SIZE],
                                 size_t count, int32_t *there) MUST_CHECK;

/* Which of 1 to TOKEN_BATCH tokens of either kind have ended. */
enum db_result queue_table_list_ended(struct database *db, const uint8_t (*tokens)[TOKEN_SIZE],
                                      size_t count, uint8_t (*ended)[TOKEN_SIZE], size_t *found)
    MUST_CHECK;

#endif
