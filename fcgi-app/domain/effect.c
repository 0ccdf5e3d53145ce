#include "domain/effect.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "mysql/transaction.h"

enum { MAX_ATTEMPTS = 8, FIRST_PAUSE_MS = 4, MAX_PAUSE_MS = 100 };

/* What became of one attempt. */
enum attempt {
    ATTEMPT_DONE,    /* committed, or answered from the store */
    ATTEMPT_REFUSED, /* nothing changed; the problem says why */
    ATTEMPT_AGAIN,   /* nothing changed, by no fault of the caller's */
    ATTEMPT_UNKNOWN, /* the COMMIT's answer was lost */
};

/* Reads a stored answer: ATTEMPT_DONE with its bytes, ATTEMPT_AGAIN where there is none. */
static enum attempt
replay(struct services *services, const struct effect *effect, struct buffer *body,
       struct problem *problem)
{
    uint8_t fingerprint[FINGERPRINT_BYTES];
    buffer_clear(body);
    enum db_result result =
        idempotency_table_find(services->db, effect->caller, effect->key, fingerprint, body);
    if (result == DB_NONE)
        return ATTEMPT_AGAIN;
    if (result != DB_OK)
        refuse_db(problem, result);
    else if (memcmp(fingerprint, effect->fingerprint, FINGERPRINT_BYTES) != 0)
        refuse(problem, ERROR_IDEMPOTENCY_KEY_REUSED);
    else
        return ATTEMPT_DONE;
    return ATTEMPT_REFUSED;
}

static enum error
look(struct services *services, const struct effect *effect, struct problem *problem)
{
    return effect->look != NULL ? effect->look(services, effect->state, problem) : ERROR_NONE;
}

/* Changes, renders the answer and stores it with the claim. */
static enum error
change(struct services *services, const struct effect *effect, struct buffer *body,
       struct problem *problem)
{
    enum error error = effect->run(services, effect->state, problem);
    if (error != ERROR_NONE)
        return error;
    buffer_clear(body);
    if (effect->render != NULL)
        effect->render(effect->state, body);
    if (effect->key == NULL)
        return ERROR_NONE;
    return refuse_db(problem, idempotency_table_store(services->db, effect->caller, effect->key,
                                                      effect->effect_id(effect->state), body));
}

/* No seat is being taken any more: while this one pauses, others may have them. */
static enum attempt
rolled_back(struct services *services, const struct problem *problem)
{
    transaction_rollback(services->db);
    if (services->place != NULL)
        occupancy_leave_seats(services->place);
    return problem->error == ERROR_BUSY ? ATTEMPT_AGAIN : ATTEMPT_REFUSED;
}

static enum attempt
commit(struct services *services, struct problem *problem)
{
    switch (transaction_commit(services->db)) {
    case COMMIT_DONE:
        return ATTEMPT_DONE;
    case COMMIT_UNKNOWN:
        return ATTEMPT_UNKNOWN;
    case COMMIT_ROLLED_BACK:
        break;
    }
    refuse(problem, ERROR_BUSY);
    return ATTEMPT_AGAIN;
}

/*
 * With a key the claim comes before a refusal of look() counts: a duplicate of a call that is
 * under way must wait for it and get its bytes, not see "seat taken" by itself.
 */
static enum attempt
attempt(struct services *services, const struct effect *effect, struct buffer *body, bool *replayed,
        struct problem *problem)
{
    enum error seen = look(services, effect, problem);
    if (seen != ERROR_NONE && (effect->key == NULL || seen == ERROR_MYSQL_UNAVAILABLE))
        return seen == ERROR_BUSY ? ATTEMPT_AGAIN : ATTEMPT_REFUSED;

    enum db_result result = transaction_begin(services->db);
    if (result == DB_OK && effect->key != NULL)
        result = idempotency_table_claim(services->db, effect->caller, effect->key,
                                         effect->fingerprint, effect->kind);
    if (result == DB_DUPLICATE) {
        transaction_rollback(services->db);
        *replayed = true;
        return replay(services, effect, body, problem);
    }
    if (result != DB_OK) {
        refuse_db(problem, result);
        return rolled_back(services, problem);
    }
    if (seen != ERROR_NONE || change(services, effect, body, problem) != ERROR_NONE)
        return rolled_back(services, problem);
    return commit(services, problem);
}

/* The retries of many workers must not meet again: exponential, with jitter. */
static bool
pause_before_retry(const struct effect *effect, int attempts)
{
    int pause = FIRST_PAUSE_MS << attempts;
    if (pause > MAX_PAUSE_MS)
        pause = MAX_PAUSE_MS;
    pause = pause / 2 + rand() % (pause / 2 + 1);
    if (attempts + 1 >= MAX_ATTEMPTS || clock_monotonic() + pause >= effect->deadline)
        return false;
    usleep((useconds_t)pause * 1000);
    return true;
}

/*
 * Whether the transaction whose COMMIT was lost took place: DB_OK or DB_NONE. With a key, its claim
 * tells. To claim it anew waits for that transaction, and what is found is what was stored, be it
 * by a duplicate of this call.
 */
static enum db_result
happened(struct services *services, const struct effect *effect, struct buffer *body)
{
    uint8_t fingerprint[FINGERPRINT_BYTES];
    if (effect->key == NULL)
        return effect->happened(services, effect->state);
    enum db_result result = idempotency_table_claim(services->db, effect->caller, effect->key,
                                                    effect->fingerprint, effect->kind);
    if (result != DB_DUPLICATE)
        return result == DB_OK ? DB_NONE : result;
    buffer_clear(body);
    result = idempotency_table_find(services->db, effect->caller, effect->key, fingerprint, body);
    if (result == DB_OK && memcmp(fingerprint, effect->fingerprint, FINGERPRINT_BYTES) != 0)
        return DB_NONE; /* another call's: the next attempt says so */
    return result;
}

/* The COMMIT's answer was lost: asks MySQL, on a new connection, whether it happened. */
static enum attempt
settle(struct services *services, const struct effect *effect, struct buffer *body,
       struct problem *problem)
{
    enum db_result result;
    int attempts = 0;
    do {
        result = transaction_begin(services->db);
        if (result == DB_OK)
            result = happened(services, effect, body);
        transaction_rollback(services->db);
    } while ((result == DB_RETRY || result == DB_GONE) && pause_before_retry(effect, attempts++));
    if (result == DB_OK) {
        log_warn("the answer to a COMMIT was lost; it had been carried out");
        return ATTEMPT_DONE;
    }
    if (result == DB_NONE) {
        log_warn("the answer to a COMMIT was lost; nothing had happened");
        refuse(problem, ERROR_BUSY);
        return ATTEMPT_AGAIN;
    }
    log_error("the answer to a COMMIT was lost; whether it happened is not known");
    refuse_because(problem, ERROR_OUTCOME_UNKNOWN,
                   "The connection to the database was lost: ask again with the same "
                   "Idempotency-Key");
    return ATTEMPT_REFUSED;
}

/* Attempts it until there is an outcome, and no longer than its deadline allows. */
static enum attempt
carry_out(struct services *services, const struct effect *effect, struct buffer *body,
          bool *replayed, struct problem *problem)
{
    for (int attempts = 0;; attempts++) {
        *replayed = false;
        enum attempt outcome = attempt(services, effect, body, replayed, problem);
        if (outcome == ATTEMPT_UNKNOWN)
            outcome = settle(services, effect, body, problem);
        if (outcome != ATTEMPT_AGAIN)
            return outcome;
        if (!pause_before_retry(effect, attempts)) {
            refuse(problem, ERROR_BUSY);
            return ATTEMPT_REFUSED;
        }
    }
}

/* A quarter of the workers is kept free of any one user. Tools and the admin are no users. */
static bool
enter(struct services *services, const struct effect *effect)
{
    int workers = services->config->workers;
    return services->place == NULL || effect->caller[0] == '\0' ||
           occupancy_enter(&services->shared->occupancy, services->place, effect->caller,
                           workers - workers / 4);
}

/* A few calls are repetitions; most of those are answered here, without a transaction. */
static enum attempt
replay_or_carry_out(struct services *services, const struct effect *effect, struct buffer *body,
                    bool *replayed, struct problem *problem)
{
    enum attempt outcome = ATTEMPT_AGAIN;
    if (effect->key != NULL)
        outcome = replay(services, effect, body, problem);
    *replayed = outcome == ATTEMPT_DONE;
    return outcome == ATTEMPT_AGAIN ? carry_out(services, effect, body, replayed, problem)
                                    : outcome;
}

enum error
effect_apply(struct services *services, const struct effect *effect, struct buffer *body,
             bool *replayed, struct problem *problem)
{
    *replayed = false;
    if (!enter(services, effect))
        return refuse(problem, ERROR_BUSY);
    enum attempt outcome = replay_or_carry_out(services, effect, body, replayed, problem);
    if (services->place != NULL)
        occupancy_leave(services->place);
    if (outcome == ATTEMPT_DONE)
        return ERROR_NONE;
    *replayed = false;
    return problem->error;
}
