/* user_limits: what keeps a user from buying or giving back, as an operator asks for it. */
#ifndef FRONTROW_DOMAIN_USER_LIMITS_H
#define FRONTROW_DOMAIN_USER_LIMITS_H

#include "domain/concert/concert.h"
#include "domain/sale/quota.h"
#include "mysql/organiser/user_table.h"
#include "mysql/queue/token_table.h"

/* In one concert that is on sale, or will be. */
struct concert_limits {
    struct concert concert;
    struct quota_state quota; /* where the concert has a seat limit */
    bool has_token;           /* a live one */
    struct token_row token;
};

struct user_limits {
    struct concert_limits concerts[USER_CONCERTS_MAX]; /* the newest first */
    size_t count;
    int64_t refund_at; /* when the next refund may be asked for; CLOCK_NEVER: now */
};

/* Reads them by the rules that the calls of the user go by, without a lock. */
enum error user_limits_read(struct services *services, const char *user_id,
                            struct user_limits *limits, struct problem *problem) MUST_CHECK;

#endif
