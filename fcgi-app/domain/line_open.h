/*
 * line_open: tokens of a concert that keeps no line: all are active, and Redis has no part in it.
 */
#ifndef FRONTROW_DOMAIN_LINE_OPEN_H
#define FRONTROW_DOMAIN_LINE_OPEN_H

#include "domain/line.h"

/* The user's token with a new lease; tokens from when a line was kept go on. */
enum error line_open_add(struct services *services, const struct concert *concert,
                         const char *user_id, struct token_row *row, struct problem *problem);

/* A token of this user ("": anybody), or token_invalid. One that waited in a line gets a lease. */
enum error line_open_find(struct services *services, const struct concert *concert,
                          const uint8_t token[TOKEN_SIZE], const char *user_id,
                          struct token_row *row, struct problem *problem);

/* Ends it. */
enum error line_open_leave(struct services *services, const struct concert *concert,
                           const uint8_t token[TOKEN_SIZE], const char *user_id,
                           struct problem *problem);

#endif
