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

/* How far one attempt came. */
enum attempt {
    ATTEMPT_OPEN,    /* its transaction has begun, and its key is reserved */
    ATTEMPT_DONE,    /* committed, or answered from the store */
    ATTEMPT_REFUSED, /* nothing changed; the problem says why */
    ATTEMPT_AGAIN,   /* nothing changed, by no fault of the caller's */
    ATTEMPT_UNKNOWN, /* the COMMIT's answer was lost */
};

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

/* The COMMIT's answer was lost: asks MySQL, on a new connection, whether it was committed. */
static enum attempt
settle(struct services *services, const struct effect *effect, struct buffer *body,
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

/* Once for each effect that was committed. Tools have nobody to tell. */
static void
count_done(struct services *services, const struct effect *effect)
{
    if (effect->count != NULL && services->shared != NULL)
        effect->count(effect->state, &services->shared->tally);
}

/* ---- several together ---- */

static void
change_course(struct effect_call *calls, size_t count, enum effect_course from,
              enum effect_course to)
{
    for (size_t i = 0; i < count; i++)
        if (calls[i].course == from)
            calls[i].course = to;
}

static bool
is_any_shared(const struct effect_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (calls[i].course == EFFECT_SHARED)
            return true;
    return false;
}

/* Nothing is changed. Where MySQL is away, it is so for all. */
static void
leave_together(struct services *services, enum db_result result, struct effect_call *calls,
               size_t count)
{
    transaction_rollback(services->db);
    for (size_t i = 0; i < count && result == DB_GONE; i++) {
        if (calls[i].course == EFFECT_SHARED) {
            refuse_db(&calls[i].problem, result);
            calls[i].course = EFFECT_REFUSED;
        }
    }
    change_course(calls, count, EFFECT_SHARED, EFFECT_ALONE);
}

/* The keys of those that are still in it. */
struct shared_keys {
    struct key_reservation keys[EFFECTS_AT_ONCE];
    int64_t effect_ids[EFFECTS_AT_ONCE];
    const struct buffer *bodies[EFFECTS_AT_ONCE];
    size_t count;
};

static void
add_key(struct shared_keys *keys, const struct effect_call *call)
{
    const struct effect *effect = &call->effect;
    if (effect->key == NULL)
        return;
    keys->keys[keys->count] =
        (struct key_reservation){effect->caller, effect->key, effect->fingerprint, effect->kind};
    keys->effect_ids[keys->count] = effect->effect_id(effect->state);
    keys->bodies[keys->count++] = call->body;
}

static enum db_result
reserve_keys(struct services *services, const struct effect_call *calls, size_t count)
{
    struct shared_keys keys = {.count = 0};
    for (size_t i = 0; i < count; i++)
        if (calls[i].course == EFFECT_SHARED)
            add_key(&keys, &calls[i]);
    return keys.count > 0 ? idempotency_table_begin_batch(services->db, keys.keys, keys.count)
                          : DB_OK;
}

/* Executes all; the keys of those that are left out are free for the call that they make alone. */
static enum db_result
execute_together(struct services *services, const struct effect_batch *batch,
                 struct effect_call *calls, size_t count)
{
    bool keyed[EFFECTS_AT_ONCE] = {false};
    for (size_t i = 0; i < count; i++)
        keyed[i] = calls[i].course == EFFECT_SHARED && calls[i].effect.key != NULL;
    enum db_result result = batch->execute(services, calls, count);
    for (size_t i = 0; i < count && result == DB_OK; i++)
        if (keyed[i] && calls[i].course != EFFECT_SHARED)
            result = idempotency_table_withdraw(services->db, calls[i].effect.caller,
                                                calls[i].effect.key);
    return result;
}

/* Renders the answers and stores them with their keys. */
static enum db_result
answer_together(struct services *services, struct effect_call *calls, size_t count)
{
    struct shared_keys keys = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        if (calls[i].course != EFFECT_SHARED)
            continue;
        buffer_clear(calls[i].body);
        calls[i].effect.render(calls[i].effect.state, calls[i].body);
        add_key(&keys, &calls[i]);
    }
    return keys.count > 0 ? idempotency_table_store_batch(services->db, keys.keys, keys.effect_ids,
                                                          keys.bodies, keys.count)
                          : DB_OK;
}

/* The COMMIT's answer was lost: all of them happened or none, but each is asked for by itself. */
static void
settle_together(struct services *services, struct effect_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct effect_call *call = &calls[i];
        if (call->course != EFFECT_SHARED)
            continue;
        enum attempt outcome = settle(services, &call->effect, call->body, &call->problem);
        call->course = outcome == ATTEMPT_DONE    ? EFFECT_DONE
                       : outcome == ATTEMPT_AGAIN ? EFFECT_ALONE
                                                  : EFFECT_REFUSED;
    }
}

/* For whom a call is under way already, here or elsewhere: the rest is not to wait for its locks.
 */
static void
leave_out_busy_users(struct services *services, struct effect_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (calls[i].course == EFFECT_SHARED &&
            !occupancy_join(&services->shared->occupancy, services->slot, calls[i].effect.caller))
            calls[i].course = EFFECT_ALONE;
}

/* All but the COMMIT. */
static enum db_result
prepare_together(struct services *services, const struct effect_batch *batch,
                 struct effect_call *calls, size_t count)
{
    enum db_result result = batch->precheck(services, calls, count);
    if (result != DB_OK || !is_any_shared(calls, count))
        return result;
    if ((result = transaction_begin(services->db)) != DB_OK ||
        (result = reserve_keys(services, calls, count)) != DB_OK ||
        (result = execute_together(services, batch, calls, count)) != DB_OK)
        return result;
    return answer_together(services, calls, count);
}

/* One way through: precheck, begin, reserve the keys, execute, answer, commit. */
static void
attempt_together(struct services *services, const struct effect_batch *batch,
                 struct effect_call *calls, size_t count)
{
    enum db_result result = prepare_together(services, batch, calls, count);
    if (result != DB_OK || !is_any_shared(calls, count)) {
        leave_together(services, result, calls, count);
        return;
    }
    switch (transaction_commit(services->db)) {
    case COMMIT_DONE:
        change_course(calls, count, EFFECT_SHARED, EFFECT_DONE);
        break;
    case COMMIT_UNKNOWN:
        settle_together(services, calls, count);
        break;
    case COMMIT_ROLLED_BACK:
        change_course(calls, count, EFFECT_SHARED, EFFECT_ALONE);
        break;
    }
}

void
effect_apply_together(struct services *services, const struct effect_batch *batch,
                      struct effect_call *calls, size_t count)
{
    size_t gathered;
    while ((gathered = batch->gather(calls, count)) > 0) {
        if (gathered > 1) {
            leave_out_busy_users(services, calls, count);
            attempt_together(services, batch, calls, count);
            occupancy_leave(services->slot);
        }
        change_course(calls, count, EFFECT_SHARED, EFFECT_ALONE);
    }
    for (size_t i = 0; i < count; i++)
        if (calls[i].course == EFFECT_DONE)
            count_done(services, &calls[i].effect);
}

/* ---- one ---- */

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
            outcome = settle(services, effect, body, problem);
    } while (outcome == ATTEMPT_AGAIN && pause_before_retry(effect, attempts++));
    if (outcome == ATTEMPT_AGAIN)
        refuse(problem, ERROR_BUSY);
    if (services->slot != NULL)
        occupancy_leave(services->slot);
    if (outcome == ATTEMPT_DONE && !*replayed)
        count_done(services, effect);
    if (outcome == ATTEMPT_DONE)
        return ERROR_NONE;
    *replayed = false;
    return problem->error;
}
