/*
 * line_open: tokens of a concert that keeps no line: all are active, and Redis has no part in it.
 */
#ifndef FRONTROW_DOMAIN_LINE_OPEN_H
#define FRONTROW_DOMAIN_LINE_OPEN_H

#include "domain/queue/line_place.h"

/*
 * The user's token with a new lease; tokens from when a line was kept go on. A new one has `fresh`
 * as its bytes. SETTLED, SWITCHED, REFUSED.
 */
enum line_outcome line_open_add(struct services *services, const struct concert *concert,
                                const char *user_id, const uint8_t fresh[TOKEN_SIZE],
                                struct token_row *row, struct problem *problem);

/*
 * A token of this user ("": anybody), or token_invalid. One that waited in a line gets a lease. The
 * same outcomes.
 */
enum line_outcome line_open_find(struct services *services, const struct concert *concert,
                                 const uint8_t token[TOKEN_SIZE], const char *user_id,
                                 struct token_row *row, struct problem *problem);

/* Ends it. The same outcomes. */
enum line_outcome line_open_leave(struct services *services, const struct concert *concert,
                                  const uint8_t token[TOKEN_SIZE], const char *user_id,
                                  struct problem *problem);

#endif
