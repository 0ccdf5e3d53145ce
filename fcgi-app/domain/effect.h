/*
 * effect: the one place that runs a changing call: precheck, begin, reserve the Idempotency-Key,
 * execute, render the answer, store it with the key, commit; with retries of deadlocks, with an end
 * for the COMMIT whose answer was lost, and with the stored answer for a repetition.
 */
#ifndef FRONTROW_DOMAIN_EFFECT_H
#define FRONTROW_DOMAIN_EFFECT_H

#include "base/tally.h"
#include "domain/services.h"
#include "mysql/sale/idempotency_table.h"

/*
 * One changing call. The functions get `state`, the call's own struct. An error that precheck() or
 * execute() returns is in *problem too; ERROR_BUSY from MySQL means: try the whole again.
 */
struct effect {
    enum effect_kind kind;
    const char *caller; /* whose the key is: a user, or an operator (request->key_owner) */
    const char *key;    /* Idempotency-Key, NULL: none */
    uint8_t fingerprint[FINGERPRINT_BYTES];
    int64_t deadline; /* clock_monotonic() after which nothing is tried again */
    void *state;

    /*
     * Checks what can be checked by plain reads, without a lock and outside the transaction, so
     * that the common refusals are cheap. What it saw may be over when execute() locks. May be
     * NULL.
     */
    enum error (*precheck)(struct services *services, void *state, struct problem *problem);

    /* The change, inside the transaction. May be executed several times. */
    enum error (*execute)(struct services *services, void *state, struct problem *problem);

    /*
     * After a COMMIT whose answer was lost, without a key: was it committed? DB_OK or DB_NONE. It
     * must read the changed row FOR UPDATE, because our own transaction may still be open in the
     * server.
     */
    enum db_result (*was_committed)(struct services *services, void *state);

    /* The id that goes with a stored answer. */
    int64_t (*effect_id)(const void *state);

    /* Writes the answer's body. NULL: it stays empty; not with a key. */
    void (*render)(const void *state, struct buffer *body);

    /* Counts what was committed, for monitoring. May be NULL. */
    void (*count)(const void *state, struct tally *tally);
};

/* How far one of several effects is that are applied together. */
enum effect_course {
    EFFECT_WAITING, /* not looked at yet */
    EFFECT_SHARED,  /* in the transaction that is made up now */
    EFFECT_ALONE,   /* nothing changed: it is to be applied by itself */
    EFFECT_REFUSED, /* nothing changed: the problem says why */
    EFFECT_DONE,    /* its answer is in `body` */
};

struct effect_call {
    struct effect effect;
    struct buffer *body; /* borrowed */
    struct problem problem;
    enum effect_course course;

    /*
     * Told that the precheck refuses, before the others' transaction begins; NULL: need not know.
     * After it nobody may touch the effect's caller, key and state.
     */
    void (*refused)(struct effect_call *call);
    void *listener; /* refused()'s own */
};

enum { EFFECTS_AT_ONCE = 16 };

/* Those that are in one transaction, in the order in which they came. */
struct effect_group {
    struct effect_call *calls[EFFECTS_AT_ONCE];
    size_t count;
};

/* Takes those out of the group that are not EFFECT_SHARED any more. */
void effect_group_shrink(struct effect_group *group);

/*
 * How effects of one kind share a transaction. Its functions change the course of some: what is not
 * plainly possible becomes EFFECT_ALONE, so that the rule stands where a single call is carried
 * out. Anything but DB_OK ends the transaction.
 */
struct effect_batch {
    /* Makes those EFFECT_WAITING ones EFFECT_SHARED that can go together; returns how many. */
    size_t (*gather)(struct effect_call *calls, size_t count);

    /*
     * As those of one effect, for all of a group, which has one call at least; the precheck, which
     * may be NULL, may also refuse. They may shrink the group, and need not.
     */
    enum db_result (*precheck)(struct services *services, struct effect_group *group);
    enum db_result (*execute)(struct services *services, struct effect_group *group);
};

/* The gather() of effects of which any can go together. */
size_t effect_gather_all(struct effect_call *calls, size_t count);

/*
 * Applies up to EFFECTS_AT_ONCE effects, those that go together in one transaction, and each of
 * them wholly or not at all. None is left EFFECT_WAITING or EFFECT_SHARED. Nothing is tried twice,
 * and a duplicate of a key or a conflict leaves all of a transaction to be applied alone.
 */
void effect_apply_together(struct services *services, const struct effect_batch *batch,
                           struct effect_call *calls, size_t count);

/*
 * Applies the effect. On ERROR_NONE the answer's bytes are in `body` and *replayed tells whether
 * they are a stored answer's; otherwise nothing changed (but for ERROR_OUTCOME_UNKNOWN).
 */
enum error effect_apply(struct services *services, const struct effect *effect, struct buffer *body,
                        bool *replayed, struct problem *problem) MUST_CHECK;

/*
 * The same for an effect whose answer nobody waits for: without a key and render(), tried again for
 * `patience_ms`.
 */
enum error effect_apply_unasked(struct services *services, struct effect *effect, int patience_ms,
                                struct problem *problem) MUST_CHECK;

#endif
