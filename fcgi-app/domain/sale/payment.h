/* payment: points for a held reservation. */
#ifndef FRONTROW_DOMAIN_PAYMENT_H
#define FRONTROW_DOMAIN_PAYMENT_H

#include "domain/sale/reservation.h"
#include "mysql/sale/point_table.h"

/* The state of a paying call (domain/effect.h). The caller fills the first three. */
struct payment_create {
    const char *user_id;
    int64_t reservation_id;
    const char *token; /* text of the queue token, NULL: none */

    bool found; /* and this user's: concert and reservation are filled */
    struct concert concert;
    struct reservation reservation; /* without its seats */
    struct payment made;
    int64_t balance;
    bool takes_token;     /* else it needs none */
    bool takes_any_token; /* of this user, not that of the reservation */
    bool ends_token;      /* and the place in the queue with it */
    uint8_t token_bytes[TOKEN_SIZE];
};

enum error payment_create_precheck(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;
enum error payment_create_execute(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;

/* The same of several, for effect_apply_together(). */
enum db_result payment_create_precheck_batch(struct services *services, struct effect_group *group)
    MUST_CHECK;
enum db_result payment_create_execute_batch(struct services *services, struct effect_group *group)
    MUST_CHECK;

enum db_result payment_create_was_committed(struct services *services, void *create) MUST_CHECK;
int64_t payment_create_id(const void *create);
void payment_create_count(const void *create, struct tally *tally);

/* After the commit: the place in the queue becomes free once the buyer has the answer. */
void payment_create_finish(struct services *services, const struct payment_create *create);

/* After a refusal (4xx): the owner of the place in the queue is there, and goes on. */
void payment_create_refused(struct services *services, const struct payment_create *create);

/* "paid" or "refunded"; "other" for one that only a newer build has. */
const char *payment_status_name(enum payment_status status);

/* "points", "box_office" or "guest"; "other" as above. */
const char *payment_method_name(enum payment_method method);

/* Of a list's row: whether the order was paid, with points or otherwise. */
bool payment_exists(const struct payment *payment);

/* A page of a user's payments, newest first, with ids below `before`. */
enum error payment_list(struct services *services, const char *user_id, int64_t before,
                        int32_t limit, struct payment *list, size_t *count, struct problem *problem)
    MUST_CHECK;

#endif
