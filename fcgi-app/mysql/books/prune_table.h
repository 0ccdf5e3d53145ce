/*
 * prune_table: the SQL of frontrowctl prune: rows that nobody needs any more, a batch at a time,
 * each found and deleted by a key.
 */
#ifndef FRONTROW_MYSQL_PRUNE_TABLE_H
#define FRONTROW_MYSQL_PRUNE_TABLE_H

#include "mysql/queue/token_table.h"

enum { PRUNE_BATCH = 1000 /* rows that a statement looks at, and locks at most */ };

/* A concert that ended before the cutoff. */
struct prune_concert {
    int32_t concert_id;
    int32_t draw_last;   /* numbers up to it are those of its draw, which can be computed again */
    int32_t last_number; /* these two rows tell a rebuilt queue where it stood */
    int32_t serving_number;
    int64_t cutoff;
};

/* The kinds of rows of a concert. */
enum prune_kind { PRUNE_QUEUE_TOKENS, PRUNE_OPEN_TOKENS, PRUNE_SEAT_QUOTAS };

/* Where in the order of a kind's key: queue tokens go by number, the others by user. */
struct prune_cursor {
    int32_t number;
    char user_id[USER_ID_SIZE];
};

/* The rows above `after` and up to `until`. */
struct prune_range {
    struct prune_cursor after;
    struct prune_cursor until;
    int32_t rows; /* all of them; PRUNE_BATCH: more may follow */
    int64_t over; /* those of them that are to go */
};

/*
 * The next concert above `after` that is cancelled, or whose sale closed or last item began before
 * `cutoff`: DB_OK or DB_NONE. One that is only closed by hand may go on.
 */
enum db_result prune_table_next_concert(struct database *db, int32_t after, int64_t cutoff,
                                        struct prune_concert *concert) MUST_CHECK;

/* Whether a hold of the concert can still be paid. */
enum db_result prune_table_has_live_hold(struct database *db, int32_t concert_id, bool *has_one)
    MUST_CHECK;

/* Sets last_number and serving_number; 0 where there is no queue token. */
enum db_result prune_table_read_kept(struct database *db, struct prune_concert *concert) MUST_CHECK;

/* Moves on to the range behind range->until. Nothing is locked. */
enum db_result prune_table_look_on(struct database *db, const struct prune_concert *concert,
                                   enum prune_kind kind, struct prune_range *range) MUST_CHECK;

/* Ends those queue tokens of the range that are still live and older than the cutoff. */
enum db_result prune_table_lapse(struct database *db, const struct prune_concert *concert,
                                 const struct prune_range *range) MUST_CHECK;

/* Deletes those of the range that are to go; db_changed_rows() counts them. */
enum db_result prune_table_delete(struct database *db, const struct prune_concert *concert,
                                  enum prune_kind kind, const struct prune_range *range) MUST_CHECK;

/* How many stored answers are older than this; idempotency_table_delete_old() deletes them. */
enum db_result prune_table_count_answers(struct database *db, int64_t cutoff, int64_t *count)
    MUST_CHECK;

/* The same for the audit log, and one batch of it. */
enum db_result prune_table_count_log(struct database *db, int64_t cutoff, int64_t *count)
    MUST_CHECK;
enum db_result prune_table_delete_log(struct database *db, int64_t cutoff, int64_t *deleted)
    MUST_CHECK;

#endif
