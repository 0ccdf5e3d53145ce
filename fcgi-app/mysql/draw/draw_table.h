/* draw_table: the SQL of the draws before opening: concert_draw and concert_draw_rank. */
#ifndef FRONTROW_MYSQL_DRAW_TABLE_H
#define FRONTROW_MYSQL_DRAW_TABLE_H

#include "mysql/queue/token_table.h"

enum { DRAW_BYTES = 32 /* of a seed and of a hash */, DRAW_CHUNK = 1000, DRAW_PAGE_RANKS = 4000 };

/* A row of concert_draw. */
struct draw {
    int32_t concert_id;
    uint8_t seed[DRAW_BYTES];
    bool frozen; /* frozen_last is written down */
    int32_t frozen_last;
    int64_t sealed_at; /* CLOCK_NEVER: not yet, likewise the other two */
    bool listed;       /* list_hash and list_count are known */
    uint8_t list_hash[DRAW_BYTES];
    int32_t list_count;
    int64_t decided_at;
    int64_t drawn_at;
};

/* A token of the pre-queue. */
struct draw_token {
    int32_t number;
    uint8_t token[TOKEN_SIZE];
};

/* Ranks as they are stored, of the numbers from 1 + chunk * DRAW_PAGE_RANKS on. */
struct draw_page {
    int32_t concert_id;
    int32_t chunk; /* -1: nothing is read yet */
    size_t length;
    uint8_t ranks[4 * DRAW_PAGE_RANKS];
};

/* The draw of a concert: DB_OK or DB_NONE. */
enum db_result draw_table_find(struct database *db, int32_t concert_id, struct draw *draw)
    MUST_CHECK;

/* The same, locked until the transaction ends. */
enum db_result draw_table_lock(struct database *db, int32_t concert_id, struct draw *draw)
    MUST_CHECK;

/* The next concert with a draw that is not cancelled, above `after`: DB_OK or DB_NONE. */
enum db_result draw_table_next(struct database *db, int32_t after, int32_t *concert_id) MUST_CHECK;

/* Makes the row, or gives one that was switched off before its freeze another seed. */
enum db_result draw_table_begin(struct database *db, int32_t concert_id,
                                const uint8_t seed[DRAW_BYTES]) MUST_CHECK;

/* The steps, each written once: what is there already stays. */
enum db_result draw_table_freeze(struct database *db, int32_t concert_id, int32_t last) MUST_CHECK;
enum db_result draw_table_seal(struct database *db, int32_t concert_id) MUST_CHECK;
enum db_result draw_table_publish(struct database *db, int32_t concert_id,
                                  const uint8_t list_hash[DRAW_BYTES], int32_t count) MUST_CHECK;
enum db_result draw_table_decide(struct database *db, int32_t concert_id) MUST_CHECK;
enum db_result draw_table_finish(struct database *db, int32_t concert_id) MUST_CHECK;

/* The highest number whose row was made before `instant`; 0 where there is none. */
enum db_result draw_table_last_before(struct database *db, int32_t concert_id, int64_t instant,
                                      int32_t *last) MUST_CHECK;

/*
 * token_table_insert() for a concert with a draw. DB_DUPLICATE also where the number is in the
 * draw, and the draw sealed. Whoever seals waits for those that are under way.
 */
enum db_result draw_table_insert_token(struct database *db, const struct token_row *row,
                                       int32_t serving) MUST_CHECK;

/*
 * Inside a transaction: holds the draw as it is until its end, so that rows with this number or
 * higher ones may be made. DB_NONE: they may not, it is sealed.
 */
enum db_result draw_table_hold_open(struct database *db, int32_t concert_id, int32_t number)
    MUST_CHECK;

/* Up to DRAW_CHUNK tokens by number, above `after` and up to `until`, whatever became of them. */
enum db_result draw_table_tokens(struct database *db, int32_t concert_id, int32_t after,
                                 int32_t until, struct draw_token *tokens, size_t *count)
    MUST_CHECK;

/* Writes a page, all of it. */
enum db_result draw_table_put_page(struct database *db, const struct draw_page *page) MUST_CHECK;

/* The rank of a number from the page, which is read where it is another one; 0: none. */
enum db_result draw_table_page_rank(struct database *db, struct draw_page *page, int32_t number,
                                    int32_t *rank) MUST_CHECK;

#endif
