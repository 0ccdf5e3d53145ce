/*
 * unqueued_token: tokens of a concert that keeps no queue. All are active, and Redis has no part in
 * it.
 */
#ifndef FRONTROW_DOMAIN_UNQUEUED_TOKEN_H
#define FRONTROW_DOMAIN_UNQUEUED_TOKEN_H

#include "domain/queue/queue_entry.h"

/*
 * The user's token with a new lease; tokens from when a queue was kept go on. A new one has `fresh`
 * as its bytes. SETTLED, SWITCHED, REFUSED.
 */
enum queue_outcome unqueued_token_add(struct services *services, const struct concert *concert,
                                      const char *user_id, const uint8_t fresh[TOKEN_SIZE],
                                      struct token_row *row, struct problem *problem) MUST_CHECK;

/*
 * A token of this user ("": anybody), or token_invalid. One that waited in a queue gets a lease.
 * The same outcomes.
 */
enum queue_outcome unqueued_token_find(struct services *services, const struct concert *concert,
                                       const uint8_t token[TOKEN_SIZE], const char *user_id,
                                       struct token_row *row, struct problem *problem) MUST_CHECK;

/* Ends it. The same outcomes. */
enum queue_outcome unqueued_token_leave(struct services *services, const struct concert *concert,
                                        const uint8_t token[TOKEN_SIZE], const char *user_id,
                                        struct problem *problem) MUST_CHECK;

#endif
