/*
 * token_table: the tokens in MySQL: queue_token (numbered, of a concert with a queue) and
 * open_token (of one without). What a token is "now" is decided by this database's clock.
 */
#ifndef FRONTROW_MYSQL_TOKEN_TABLE_H
#define FRONTROW_MYSQL_TOKEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "mysql/database.h"
#include "mysql/live_token.h"

enum token_kind { TOKEN_QUEUE = 1, TOKEN_UNQUEUED = 2 };

/* In the order of the column's ENUM. */
enum token_status {
    TOKEN_OTHER,
    TOKEN_WAITING,
    TOKEN_ACTIVE,
    TOKEN_DONE,
    TOKEN_LEFT,
    TOKEN_LAPSED
};

struct token_row {
    enum token_kind kind;
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    int32_t number; /* 0: an unqueued one, which has none */
    char user_id[USER_ID_SIZE];
    enum token_status status; /* as of now: an active one whose lease is over reads as lapsed; an
                                 unqueued one is active, left or lapsed */
    int64_t lease_until;      /* when it ends without another sign of life; CLOCK_NEVER: waiting */
    int64_t ends_ms;          /* until then, of an active one, else 0 */
    int64_t lease_ms;         /* as far as signs of life can move that; never less */
};

/*
 * The time in which a concert kept a queue without a break, or kept none. What was read of the
 * queue in one period is not written in another: MySQL's tokens went on without Redis, or Redis'
 * without MySQL.
 */
struct token_period {
    int32_t concert_id;
    int32_t since; /* concert.line_since */
    bool queued;   /* a queue is kept */
};

/* That the user of a row has no live token, of either kind, in its concert; as a condition of an
 * INSERT ... SELECT, with the parameters that go with it. */
#define TOKEN_NONE_LIVE "NOT " HAS_LIVE_QUEUED("?") " AND NOT " HAS_LIVE_UNQUEUED("?")
#define TOKEN_NONE_LIVE_OF(row)                                                                    \
    DB_INTEGER((row)->concert_id), DB_TEXT((row)->user_id), DB_INTEGER((row)->concert_id),         \
        DB_TEXT((row)->user_id)

/* Whether the token is not ended and its lease, if it has one, not over. */
bool token_is_live(const struct token_row *row);

/* Whether it ends before its lease does where its owner gives no sign of life. */
bool token_may_idle(const struct token_row *row);

/* The token with these bytes, of either kind: DB_OK or DB_NONE. A plain read without a lock. */
enum db_result token_table_find(struct database *db, const uint8_t token[TOKEN_SIZE],
                                struct token_row *row) MUST_CHECK;

/* The same of up to DB_ROWS_MAX tokens: db_next() fills *row, in any order. */
enum db_result token_table_list(struct database *db, const uint8_t *const tokens[], size_t count,
                                struct token_row *row) MUST_CHECK;

/* The live token of a user in a concert, of either kind, a numbered one first: DB_OK or DB_NONE. */
enum db_result token_table_find_live(struct database *db, int32_t concert_id, const char *user_id,
                                     struct token_row *row) MUST_CHECK;

/* Which of 1 to DB_ROWS_MAX users have such a one: has_live[i] is set. */
enum db_result token_table_mark_live(struct database *db, int32_t concert_id,
                                     const char *const user_ids[], size_t count, bool has_live[])
    MUST_CHECK;

/*
 * Ends a token as done, left or lapsed (an unqueued one just ends). One that has ended already
 * keeps how it did. May stand inside a transaction; the row is locked then.
 */
enum db_result token_table_end(struct database *db, enum token_kind kind,
                               const uint8_t token[TOKEN_SIZE], enum token_status status)
    MUST_CHECK;

/*
 * Ends an active token of either kind as done, inside a transaction. *ended: it was active, though
 * its lease may be over. A waiting one waits on.
 */
enum db_result token_table_end_active(struct database *db, const uint8_t token[TOKEN_SIZE],
                                      bool *ended) MUST_CHECK;

/*
 * Locks those of up to DB_ROWS_MAX numbered tokens that are active and that nobody else has locked
 * just now, without a wait, and says of each whether it did.
 */
enum db_result token_table_lock_free(struct database *db, const uint8_t *const tokens[],
                                     size_t count, bool locked[]) MUST_CHECK;

/*
 * Ends up to DB_ROWS_MAX different active numbered tokens as done. DB_NONE: some of them is not
 * active.
 */
enum db_result token_table_end_all_active(struct database *db, const uint8_t *const tokens[],
                                          size_t count) MUST_CHECK;

/*
 * Inserts a numbered token: concert_id, number, token, user_id, status and, where it is active,
 * ends_ms and lease_ms of the row. DB_DUPLICATE: the number or the token is there already, or the
 * user has another live one.
 */
enum db_result token_table_insert(struct database *db, const struct token_row *row, int32_t serving)
    MUST_CHECK;

/*
 * Inserts 1 to DB_ROWS_MAX waiting ones of a concert together, all or none, without a look at what
 * else their users have: concert_id, number, token and user_id of each row.
 */
enum db_result token_table_insert_waiting(struct database *db, const struct token_row *const rows[],
                                          size_t count) MUST_CHECK;

/*
 * Makes a numbered token that has not ended active, with an end and a lease from now on, while the
 * period lasts; db_changed_rows() is 0 after it.
 */
enum db_result token_table_activate(struct database *db, const struct token_period *period,
                                    const uint8_t token[TOKEN_SIZE], int64_t ends_ms,
                                    int64_t lease_ms, int32_t serving) MUST_CHECK;

/* Makes an active numbered token a waiting one again; the same. */
enum db_result token_table_take_back(struct database *db, const struct token_period *period,
                                     const uint8_t token[TOKEN_SIZE]) MUST_CHECK;

/*
 * A live active numbered token ends at `until`, or with its lease if that is earlier; never earlier
 * than it would have. May stand inside a transaction; the row is locked then.
 */
enum db_result token_table_prolong(struct database *db, const uint8_t token[TOKEN_SIZE],
                                   int64_t until) MUST_CHECK;

/*
 * Where no queue is kept: gives the user's unqueued token a lease of `lease_ms` from `now`, with
 * `fresh` as its bytes where there is none or it has ended. Parallel calls for one user agree on
 * the token. DB_NONE: the period is over.
 */
enum db_result token_table_renew_unqueued(struct database *db, const struct token_period *period,
                                          const char *user_id, const uint8_t fresh[TOKEN_SIZE],
                                          int64_t now, int64_t lease_ms, struct token_row *row)
    MUST_CHECK;

/*
 * Inside a transaction: locks the concert's row until its end, so that the period lasts as long;
 * DB_NONE: it is over.
 */
enum db_result token_table_hold_period(struct database *db, const struct token_period *period)
    MUST_CHECK;

/*
 * Where no queue is kept, and the period is held: inserts 1 to DB_ROWS_MAX unqueued tokens of a
 * concert, all or none: concert_id, user_id, token and lease_until of each row. DB_DUPLICATE: a
 * user had one before.
 */
enum db_result token_table_insert_unqueued(struct database *db,
                                           const struct token_row *const rows[], size_t count)
    MUST_CHECK;

#endif
