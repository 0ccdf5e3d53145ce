/*
 * reservation: a hold on seats, from the first lock to its end: held -> paid | expired | cancelled.
 */
#ifndef FRONTROW_DOMAIN_RESERVATION_H
#define FRONTROW_DOMAIN_RESERVATION_H

#include "domain/concert/concert.h"
#include "domain/effect.h"
#include "domain/sale/hall.h"
#include "domain/sale/presale.h"
#include "domain/sale/refund.h"
#include "mysql/sale/reservation_table.h"

/*
 * What is shown: a held one whose time is over is expired, whether or not the sweeper ran; a live
 * hold of a concert or an item that is cancelled is cancelled.
 */
enum reservation_status reservation_shown(const struct reservation *reservation, bool is_cancelled,
                                          int64_t now);

/* "held", "paid", "expired" or "cancelled". */
const char *reservation_status_name(enum reservation_status status);

/* What seats are reserved of. */
struct offer {
    struct concert concert;
    struct item item;
    struct presale_way way; /* of one call: those that go together come without a code */
};

/* The state of a reserving call (domain/effect.h). The caller fills the first part. */
struct reservation_create {
    const char *user_id;
    int32_t concert_id;
    int32_t item_id;
    int32_t seat_ids[SEATS_AT_ONCE]; /* ascending, no two the same; none with a wish */
    size_t seat_count;
    const char *seats_field; /* the member of the call that names them */
    struct hall_wish wish;   /* best available; its count is 0 where the seats are named */
    const char *token;       /* text of the queue token, NULL: none */
    const char *code;        /* of a presale, "": none */
    struct offer *offer;     /* read by the precheck; calls that go together share one */

    int32_t tries;    /* so far */
    bool keeps_place; /* the place in the queue, which might end by idleness, lasts as long */
    bool has_held;    /* seats of this concert before, under its seat limit */
    struct reservation made;
};

enum error reservation_create_precheck(struct services *services, void *create,
                                       struct problem *problem) MUST_CHECK;
enum error reservation_create_execute(struct services *services, void *create,
                                      struct problem *problem) MUST_CHECK;

/* The same of several, for effect_apply_together(). */
size_t reservation_create_gather(struct effect_call *calls, size_t count);
enum db_result reservation_create_precheck_batch(struct services *services,
                                                 struct effect_group *group) MUST_CHECK;
enum db_result reservation_create_execute_batch(struct services *services,
                                                struct effect_group *group) MUST_CHECK;

enum db_result reservation_create_was_committed(struct services *services, void *create) MUST_CHECK;
int64_t reservation_create_id(const void *create);
void reservation_create_count(const void *create, struct tally *tally);

/* After the commit: Redis is to hear how long the owner's place in the queue is kept. */
void reservation_create_finish(struct services *services, const struct reservation_create *create);

/* The state of a cancelling call. The caller fills the first four. */
struct reservation_cancel {
    const char *user_id;
    int64_t reservation_id;
    const int32_t *seat_ids; /* that are given back, ascending (domain/sale/seat_return.h) */
    size_t seat_count;       /* 0: all that it has */

    struct reservation reservation; /* with its seats, after the cancel */
    bool released;                  /* by an operator: it was a live hold */
    bool refunded;
    struct refund refund; /* where it is */
};

enum error reservation_cancel_execute(struct services *services, void *cancel,
                                      struct problem *problem) MUST_CHECK;
enum db_result reservation_cancel_was_committed(struct services *services, void *cancel) MUST_CHECK;
int64_t reservation_cancel_id(const void *cancel);
void reservation_cancel_count(const void *cancel, struct tally *tally);

/*
 * To be called before the answer of a call that freed seats, or may have done so: from now on best
 * available finds them, and who waits for them has them. Also before a stored answer is repeated:
 * the worker of the first call may have been killed before it came here. Then `repeated` is true,
 * and the reservation is that of the user's `key`; whoever repeats an old one has nobody look at
 * the seats anew.
 */
void reservation_seats_freed(struct services *services, const char *user_id,
                             const struct reservation *reservation, const char *key, bool repeated);

/* Of the refunds that a user may ask for; its name is NULL where there is no limit. */
struct rate_limit reservation_refund_limit(const struct services *services);

/*
 * When the user may ask for the next refund, by the limit of refunds in a day; CLOCK_NEVER: now.
 * Without a lock.
 */
enum error reservation_find_refund_pause(struct services *services, const char *user_id,
                                         int64_t *until, struct problem *problem) MUST_CHECK;

enum { RESERVATIONS_AT_ONCE = 16 };

/* The state of ending reservations for an operator. The caller fills `count` and the ids. */
struct reservation_end {
    size_t count;
    struct reservation_cancel list[RESERVATIONS_AT_ONCE]; /* by ascending reservation_id */
};

/*
 * Cancels all of them or none, whoever's they are, and whether or not their items have started.
 * Those that are over, in whichever way, are left alone: neither released nor refunded is set.
 */
enum error reservation_end_execute(struct services *services, void *end, struct problem *problem)
    MUST_CHECK;
enum db_result reservation_end_was_committed(struct services *services, void *end) MUST_CHECK;

/* After a read: refuses with reservation_not_found or forbidden. */
enum error reservation_check_owner(enum db_result result, const struct reservation *reservation,
                                   const char *user_id, struct problem *problem) MUST_CHECK;

/*
 * A seat of a locked reservation names it no more. Where that was settled after it was read, the
 * lock did not hold: busy, to be tried anew. Otherwise a sold seat is a bug of ours, and a held one
 * was taken over before the clock was set back: the hold reads as expired, what is lost stays lost.
 */
enum error reservation_lose_seat(struct services *services, struct reservation *reservation,
                                 struct problem *problem) MUST_CHECK;

/*
 * Reads a reservation of this user with its seats; its status is as shown at *now. Refuses with
 * reservation_not_found or forbidden.
 */
enum error reservation_find(struct services *services, const char *user_id, int64_t id,
                            struct reservation *reservation, struct problem *problem) MUST_CHECK;

/* A page of a user's reservations with their seats, newest first, statuses as shown now. */
enum error reservation_list(struct services *services, const char *user_id, int64_t before,
                            int32_t limit, struct reservation *list, size_t *count,
                            struct problem *problem) MUST_CHECK;

/*
 * Locks a reservation of this user and its seats, for a change: refuses with
 * reservation_not_found or forbidden. The status is as shown at *now, which is read after the
 * locks.
 */
enum error reservation_lock(struct services *services, const char *user_id, int64_t id,
                            struct reservation *reservation, int64_t *now, struct problem *problem)
    MUST_CHECK;

/*
 * The same, and locks listed seats of the same item with those of the reservation, all by number:
 * `more` are those that are there and are not the reservation's, as they were read.
 */
enum error reservation_lock_with(struct services *services, const char *user_id, int64_t id,
                                 const struct seat_list *list, struct reservation *reservation,
                                 struct seat more[SEATS_AT_ONCE], size_t *more_count, int64_t *now,
                                 struct problem *problem) MUST_CHECK;

/* A reservation's seats, those that leave it and those that it keeps, each in their order. */
struct reservation_split {
    struct seat leaving[SEATS_AT_ONCE];
    struct seat kept[SEATS_AT_ONCE];
    size_t leaving_count;
    int32_t kept_count;
    int64_t price; /* of those that leave */
};

/* Splits a reservation whose seats were read by the numbers of those that leave. */
void reservation_split(const struct reservation *reservation, const int32_t *seat_ids, size_t count,
                       struct reservation_split *split);

/* Leaves it with those that it keeps. */
void reservation_lessen(struct reservation *reservation, const struct reservation_split *split);

/* Who paid it, or its owner where nobody did: whose purse gets what is refunded. */
const char *reservation_payer(const struct reservation *reservation);

/* The seat numbers of a reservation whose seats were read. */
void reservation_seat_ids(const struct reservation *reservation, int32_t ids[SEATS_AT_ONCE]);

#endif
