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

void
effect_group_shrink(struct effect_group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        if (group->calls[i]->course == EFFECT_SHARED)
            group->calls[count++] = group->calls[i];
    group->count = count;
}

size_t
effect_gather_all(struct effect_call *calls, size_t count)
{
    size_t gathered = 0;
    for (size_t i = 0; i < count; i++) {
        if (calls[i].course != EFFECT_WAITING)
            continue;
        calls[i].course = EFFECT_SHARED;
        gathered++;
    }
    return gathered;
}

static void
end_group(struct effect_group *group, enum effect_course course)
{
    effect_group_shrink(group);
    for (size_t i = 0; i < group->count; i++)
        group->calls[i]->course = course;
}

/* Nothing is changed. Where MySQL is away, and not only refuses this statement, it is so for all.
 */
static void
leave_together(struct services *services, enum db_result result, struct effect_group *group)
{
    bool is_away = result == DB_GONE && !db_is_connected(services->db);
    transaction_rollback(services->db);
    effect_group_shrink(group);
    for (size_t i = 0; i < group->count && is_away; i++)
        refuse_db(&group->calls[i]->problem, result);
    end_group(group, is_away ? EFFECT_REFUSED : EFFECT_ALONE);
}

/* The keys of a group. */
struct group_keys {
    struct key_reservation keys[EFFECTS_AT_ONCE];
    int64_t effect_ids[EFFECTS_AT_ONCE];
    const struct buffer *bodies[EFFECTS_AT_ONCE];
    size_t count;
};

static struct group_keys
list_keys(const struct effect_group *group)
{
    struct group_keys list = {.count = 0};
    for (size_t i = 0; i < group->count; i++) {
        const struct effect *effect = &group->calls[i]->effect;
        if (effect->key == NULL)
            continue;
        list.keys[list.count] = (struct key_reservation){effect->caller, effect->key,
                                                         effect->fingerprint, effect->kind};
        list.effect_ids[list.count] = effect->effect_id(effect->state);
        list.bodies[list.count++] = group->calls[i]->body;
    }
    return list;
}

static enum db_result
reserve_keys(struct services *services, const struct effect_group *group)
{
    struct group_keys list = list_keys(group);
    return list.count > 0 ? idempotency_table_begin_batch(services->db, list.keys, list.count)
                          : DB_OK;
}

/* Executes all; the keys of those that are left out are free for the call that they make alone. */
static enum db_result
execute_together(struct services *services, const struct effect_batch *batch,
                 struct effect_group *group)
{
    const struct effect_group all = *group;
    enum db_result result = batch->execute(services, group);
    effect_group_shrink(group);
    for (size_t i = 0; i < all.count && result == DB_OK; i++) {
        const struct effect_call *call = all.calls[i];
        if (call->course != EFFECT_SHARED && call->effect.key != NULL)
            result =
                idempotency_table_withdraw(services->db, call->effect.caller, call->effect.key);
    }
    return result;
}

/* Renders the answers and stores them with their keys. */
static enum db_result
answer_together(struct services *services, const struct effect_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct effect_call *call = group->calls[i];
        buffer_clear(call->body);
        call->effect.render(call->effect.state, call->body);
    }
    struct group_keys list = list_keys(group);
    return list.count > 0 ? idempotency_table_store_batch(services->db, list.keys, list.effect_ids,
                                                          list.bodies, list.count)
                          : DB_OK;
}

/*
 * The COMMIT's answer was lost: all of them happened or none, but each is asked for by itself, as
 * long as MySQL tells. If it does not, all have the same wait behind them.
 */
static void
settle_together(struct services *services, const struct effect_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct effect_call *call = group->calls[i];
        if (i > 0 && group->calls[i - 1]->course == EFFECT_REFUSED) {
            call->problem = group->calls[i - 1]->problem;
            call->course = EFFECT_REFUSED;
            continue;
        }
        enum attempt outcome = settle(services, &call->effect, call->body, &call->problem);
        call->course = outcome == ATTEMPT_DONE    ? EFFECT_DONE
                       : outcome == ATTEMPT_AGAIN ? EFFECT_ALONE
                                                  : EFFECT_REFUSED;
    }
}

/* For whom a call is under way already, here or elsewhere: the rest is not to wait for its locks.
 */
static void
leave_out_busy_users(struct services *services, struct effect_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!occupancy_join(&services->shared->occupancy, services->slot,
                            group->calls[i]->effect.caller))
            group->calls[i]->course = EFFECT_ALONE;
    effect_group_shrink(group);
}

/* Who is refused does not wait until the others have their locks and their COMMIT. */
static void
tell_refused(struct effect_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct effect_call *call = group->calls[i];
        if (call->course == EFFECT_REFUSED && call->refused != NULL)
            call->refused(call);
    }
    effect_group_shrink(group);
}

/* All but the COMMIT. */
static enum db_result
prepare_together(struct services *services, const struct effect_batch *batch,
                 struct effect_group *group)
{
    enum db_result result = batch->precheck != NULL ? batch->precheck(services, group) : DB_OK;
    tell_refused(group);
    if (result != DB_OK || group->count == 0)
        return result;
    if ((result = transaction_begin(services->db)) != DB_OK ||
        (result = reserve_keys(services, group)) != DB_OK ||
        (result = execute_together(services, batch, group)) != DB_OK)
        return result;
    return answer_together(services, group);
}

/* One way through: precheck, begin, reserve the keys, execute, answer, commit. */
static void
attempt_together(struct services *services, const struct effect_batch *batch,
                 struct effect_group *group)
{
    enum db_result result = prepare_together(services, batch, group);
    if (result != DB_OK || group->count == 0) {
        leave_together(services, result, group);
        return;
    }
    switch (transaction_commit(services->db)) {
    case COMMIT_DONE:
        end_group(group, EFFECT_DONE);
        break;
    case COMMIT_UNKNOWN:
        settle_together(services, group);
        break;
    case COMMIT_ROLLED_BACK:
        end_group(group, EFFECT_ALONE);
        break;
    }
}

void
effect_apply_together(struct services *services, const struct effect_batch *batch,
                      struct effect_call *calls, size_t count)
{
    while (batch->gather(calls, count) > 0) {
        struct effect_group group = {.count = count};
        for (size_t i = 0; i < count; i++)
            group.calls[i] = &calls[i];
        effect_group_shrink(&group);
        leave_out_busy_users(services, &group);
        if (group.count > 1)
            attempt_together(services, batch, &group);
        end_group(&group, EFFECT_ALONE);
        occupancy_leave(services->slot);
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
