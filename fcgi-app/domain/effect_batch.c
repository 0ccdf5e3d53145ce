/*
 * Several effects of one kind in one transaction. What is not plainly possible here is left to the
 * way of a single one, in effect.c.
 */
#include "base/shared.h"
#include "domain/effect_attempt.h"
#include "mysql/transaction.h"

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
        enum attempt outcome = effect_settle(services, &call->effect, call->body, &call->problem);
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

/*
 * Who is refused does not wait until the others have their locks and their COMMIT, nor is anything
 * done for that user from then on.
 */
static void
tell_refused(struct services *services, struct effect_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct effect_call *call = group->calls[i];
        if (call->course != EFFECT_REFUSED)
            continue;
        occupancy_leave_user(services->slot, call->effect.caller);
        if (call->refused != NULL)
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
    tell_refused(services, group);
    if (result != DB_OK || group->count == 0)
        return result;
    struct group_keys list = list_keys(group);
    result = transaction_begin(services->db);
    if (result == DB_OK && list.count > 0)
        result = idempotency_table_begin_batch(services->db, list.keys, list.count);
    if (result == DB_OK)
        result = execute_together(services, batch, group);
    return result == DB_OK ? answer_together(services, group) : result;
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
            effect_count(services, &calls[i].effect);
}
