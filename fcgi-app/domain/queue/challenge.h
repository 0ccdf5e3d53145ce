/*
 * challenge: a proof of work in front of the queue, where a concert asks for one. A token then
 * costs processor time, the more the more come; a fan's phone pays it once, a robot for each of its
 * users.
 */
#ifndef FRONTROW_DOMAIN_CHALLENGE_H
#define FRONTROW_DOMAIN_CHALLENGE_H

#include "base/proof.h"
#include "domain/concert/concert.h"

/* A challenge as it is handed out: the same for everybody who asks in this second. */
struct challenge {
    char text[PROOF_CHALLENGE_SIZE]; /* "": the concert asks for none, and nothing else is set */
    int32_t bits;
    int64_t expires_at;
};

/* Refuses with queue_unavailable: Redis knows how many come. */
enum error challenge_make(struct services *services, const struct concert *concert,
                          struct challenge *challenge, struct problem *problem) MUST_CHECK;

/*
 * Spends a user's proof ("": there is none), or what a gateway signed in its place, where the
 * concert asks for one. Refuses with challenge_required, or with queue_unavailable.
 */
enum error challenge_require(struct services *services, const struct concert *concert,
                             const char *user_id, const char *proof, struct problem *problem)
    MUST_CHECK;

/* Gives a concert its key that asks from now on; one that asked before keeps it. */
void challenge_change(const struct concert *before, struct concert *after);

#endif
