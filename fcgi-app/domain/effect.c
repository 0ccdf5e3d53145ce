#include "domain/effect_attempt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "mysql/transaction.h"

enum { MAX_ATTEMPTS = 8, FIRST_PAUSE_MS = 4, MAX_PAUSE_MS = 100 };

/*
 * Nothing is changed. No seat is being taken any more: while this one pauses, others may have them.
 */
static enum attempt
roll_back(struct services *services, const struct problem *problem)
{
    transaction_rollback(services->db);
    if (services->slot != NULL)
        occupancy_leave_seats(services->slot);
    return problem->error == ERROR_BUSY ? ATTEMPT_AGAIN : ATTEMPT_REFUSED;
}

/* Reads the answer that is stored under the key. */
static enum attempt
replay(struct services *services, const struct effect *effect, struct buffer *body,
       struct problem *problem)
{
    uint8_t fingerprint[FINGERPRINT_BYTES];
    buffer_clear(body);
    enum db_result result =
        idempotency_table_find(services->db, effect->caller, effect->key, fingerprint, body);
    if (result == DB_NONE) /* it was a day old, and is deleted */
        return ATTEMPT_AGAIN;
    if (refuse_db(problem, result) != ERROR_NONE)
        return roll_back(services, problem);
    if (memcmp(fingerprint, effect->fingerprint, FINGERPRINT_BYTES) == 0)
        return ATTEMPT_DONE;
    refuse(problem, ERROR_IDEMPOTENCY_KEY_REUSED);
    return ATTEMPT_REFUSED;
}

/* Renders the answer, and stores it under its key. */
static enum error
answer(struct services *services, const struct effect *effect, struct buffer *body,
       struct problem *problem)
{
    buffer_clear(body);
    if (effect->render != NULL)
        effect->render(effect->state, body);
    if (effect->key == NULL)
        return ERROR_NONE;
    return refuse_db(problem, idempotency_table_store(services->db, effect->caller, effect->key,
                                                      effect->effect_id(effect->state), body));
}

/*
 * Precheck, begin, reserve the key. The key comes before a refusal of the precheck counts: a
 * repetition of a call that is under way waits for it and gets its bytes, instead of seeing "seat
 * taken" by itself, or what has changed while the first one waits.
 */
static enum attempt
begin(struct services *services, const struct effect *effect, struct buffer *body, bool *replayed,
      struct problem *problem)
{
    enum error prechecked =
        effect->precheck != NULL ? effect->precheck(services, effect->state, problem) : ERROR_NONE;
    *replayed = false;
    if (prechecked != ERROR_NONE && (effect->key == NULL || prechecked == ERROR_MYSQL_UNAVAILABLE))
        return roll_back(services, problem);
    enum db_result result = transaction_begin(services->db);
    if (result == DB_OK && effect->key != NULL)
        result = idempotency_table_begin(services->db, effect->caller, effect->key,
                                         effect->fingerprint, effect->kind);
    if (result == DB_DUPLICATE) {
        roll_back(services, problem);
        *replayed = true;
        return replay(services, effect, body, problem);
    }
    if (refuse_db(problem, result) != ERROR_NONE || prechecked != ERROR_NONE)
        return roll_back(services, problem);
    return ATTEMPT_OPEN;
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
    return roll_back(services, problem);
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
 * Whether the transaction whose COMMIT was lost took place: DB_OK or DB_NONE. With a key, its row
 * tells. To reserve it anew waits for that transaction, and what is found is what was stored, be it
 * by a duplicate of this call.
 */
static enum db_result
was_committed(struct services *services, const struct effect *effect, struct buffer *body)
{
    uint8_t fingerprint[FINGERPRINT_BYTES];
    if (effect->key == NULL)
        return effect->was_committed(services, effect->state);
    enum db_result result = idempotency_table_begin(services->db, effect->caller, effect->key,
                                                    effect->fingerprint, effect->kind);
    if (result != DB_DUPLICATE)
        return result == DB_OK ? DB_NONE : result;
    buffer_clear(body);
    result = idempotency_table_find(services->db, effect->caller, effect->key, fingerprint, body);
    if (result == DB_OK && memcmp(fingerprint, effect->fingerprint, FINGERPRINT_BYTES) != 0)
        return DB_NONE; /* another call's: the next attempt says so */
    return result;
}

enum attempt
effect_settle(struct services *services, const struct effect *effect, struct buffer *body,
              struct problem *problem)
{
    enum db_result result;
    int attempts = 0;
    do {
        result = transaction_begin(services->db);
        if (result == DB_OK)
            result = was_committed(services, effect, body);
        transaction_rollback(services->db);
    } while ((result == DB_RETRY || result == DB_GONE) && pause_before_retry(effect, attempts++));
    if (result == DB_OK) {
        log_warn("the answer to a COMMIT was lost; it had been carried out");
        return ATTEMPT_DONE;
    }
    if (result == DB_NONE) {
        log_warn("the answer to a COMMIT was lost; nothing had happened");
        return ATTEMPT_AGAIN;
    }
    log_error("the answer to a COMMIT was lost; whether it happened is not known");
    refuse_because(problem, ERROR_OUTCOME_UNKNOWN,
                   "The connection to the database was lost: repeat the call with the same "
                   "Idempotency-Key");
    return ATTEMPT_REFUSED;
}

void
effect_count(struct services *services, const struct effect *effect)
{
    if (effect->count != NULL && services->shared != NULL)
        effect->count(effect->state, &services->shared->tally);
}

/* A quarter of the workers is kept free of any one user. Tools and the admin are no users. */
static bool
enter(struct services *services, const struct effect *effect)
{
    int workers = services->config->workers;
    return services->slot == NULL || effect->caller[0] == '\0' ||
           occupancy_enter(&services->shared->occupancy, services->slot, effect->caller,
                           workers - workers / 4);
}

enum error
effect_apply(struct services *services, const struct effect *effect, struct buffer *body,
             bool *replayed, struct problem *problem)
{
    *replayed = false;
    if (!enter(services, effect))
        return refuse(problem, ERROR_BUSY);
    enum attempt outcome;
    int attempts = 0;
    do {
        outcome = begin(services, effect, body, replayed, problem);
        if (outcome == ATTEMPT_OPEN)
            outcome = effect->execute(services, effect->state, problem) == ERROR_NONE &&
                              answer(services, effect, body, problem) == ERROR_NONE
                          ? commit(services, problem)
                          : roll_back(services, problem);
        if (outcome == ATTEMPT_UNKNOWN)
            outcome = effect_settle(services, effect, body, problem);
    } while (outcome == ATTEMPT_AGAIN && pause_before_retry(effect, attempts++));
    if (outcome == ATTEMPT_AGAIN)
        refuse(problem, ERROR_BUSY);
    if (services->slot != NULL)
        occupancy_leave(services->slot);
    if (outcome == ATTEMPT_DONE && !*replayed)
        effect_count(services, effect);
    if (outcome == ATTEMPT_DONE)
        return ERROR_NONE;
    *replayed = false;
    return problem->error;
}

enum error
effect_apply_unasked(struct services *services, struct effect *effect, int patience_ms,
                     struct problem *problem)
{
    struct buffer body = {0};
    bool replayed;
    effect->deadline = clock_monotonic() + patience_ms;
    enum error error = effect_apply(services, effect, &body, &replayed, problem);
    buffer_free(&body);
    return error;
}
