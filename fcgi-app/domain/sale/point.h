/* point: a user's prepaid points: charge, use, and the ledger that proves the balance. */
#ifndef FRONTROW_DOMAIN_POINT_H
#define FRONTROW_DOMAIN_POINT_H

#include "base/tally.h"
#include "domain/effect.h"
#include "domain/services.h"
#include "mysql/sale/point_table.h"

#define POINT_BALANCE_LIMIT INT64_C(10000000000)
#define POINT_AMOUNT_LIMIT INT64_C(1000000000)

/* The state of a charge or a use (domain/effect.h): the caller fills the first three. */
struct point_change {
    const char *user_id;
    enum point_kind kind; /* POINT_CHARGE or POINT_USE */
    int64_t amount;       /* 1..POINT_AMOUNT_LIMIT */
    struct point_entry entry;
};

/* Run of the effect: locks the purse, changes it and writes the ledger. */
enum error point_change_execute(struct services *services, void *point_change,
                                struct problem *problem) MUST_CHECK;
/* The same of up to EFFECTS_AT_ONCE changes, each of another user. */
enum db_result point_change_execute_batch(struct services *services, struct effect_group *group)
    MUST_CHECK;

enum db_result point_change_was_committed(struct services *services, void *point_change) MUST_CHECK;
int64_t point_change_id(const void *point_change);
void point_change_count(const void *point_change, struct tally *tally);

/*
 * Moves `amount` (signed) in a purse inside a running transaction and writes the ledger row into
 * *entry (its kind and reservation_id are set by the caller). Refuses with insufficient_points
 * when the balance would fall below 0. Locks the point row: last in the lock order.
 */
enum error point_move(struct services *services, const char *user_id, int64_t amount,
                      struct point_entry *entry, struct problem *problem) MUST_CHECK;

/* Whether the entry is in the ledger of its user, as it was written; locks it. */
enum db_result point_entry_was_committed(struct services *services, const char *user_id,
                                         const struct point_entry *wanted) MUST_CHECK;

/* The balance of a user; 0 for one who was never seen. */
enum error point_balance(struct services *services, const char *user_id, int64_t *balance,
                         struct problem *problem) MUST_CHECK;

/* A page of a user's ledger, newest first, with ids below `before`. */
enum error point_history(struct services *services, const char *user_id, int64_t before,
                         int32_t limit, struct point_entry *list, size_t *count,
                         struct problem *problem) MUST_CHECK;

#endif
