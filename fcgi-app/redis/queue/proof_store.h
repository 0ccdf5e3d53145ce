/* proof_store: which proofs of work were spent, as Redis keeps it (queue_proof.lua). */
#ifndef FRONTROW_REDIS_PROOF_STORE_H
#define FRONTROW_REDIS_PROOF_STORE_H

#include "base/proof.h"
#include "redis/queue/queue_store.h"

/*
 * Spends a proof, of which nothing is known `life_ms` later, unless `limit` others were spent in
 * that time. OK; ENDED: it was spent already; FULL: the others were; NO_ROOM, GONE, FAILED.
 */
enum queue_answer proof_store_spend(struct redis *redis, int32_t concert_id,
                                    const uint8_t name[PROOF_NAME_BYTES], int64_t life_ms,
                                    int64_t limit) MUST_CHECK;

/* How many were spent in the last `life_ms`. OK, GONE, FAILED. */
enum queue_answer proof_store_count(struct redis *redis, int32_t concert_id, int64_t life_ms,
                                    int64_t *count) MUST_CHECK;

#endif
