#include "domain/sale/point.h"

/* The limit is for charges only: a refund is never refused by it. */
static enum error
check_balance(const struct point_entry *entry, int64_t balance, int64_t amount,
              struct problem *problem)
{
    if (balance + amount < 0) {
        refuse(problem, ERROR_INSUFFICIENT_POINTS);
        problem->has_balance = true;
        problem->balance = balance;
        return ERROR_INSUFFICIENT_POINTS;
    }
    if (entry->kind == POINT_CHARGE && balance + amount > POINT_BALANCE_LIMIT)
        return refuse_because(problem, ERROR_BALANCE_LIMIT,
                              "The balance would be above 10,000,000,000 points");
    return ERROR_NONE;
}

enum error
point_move(struct services *services, const char *user_id, int64_t amount,
           struct point_entry *entry, struct problem *problem)
{
    int64_t balance;
    enum error error =
        refuse_db(problem, point_table_lock(services->db, user_id, &balance, &entry->created_at));
    if (error == ERROR_NONE)
        error = check_balance(entry, balance, amount, problem);
    if (error != ERROR_NONE)
        return error;
    entry->user_id = user_id;
    entry->amount = amount;
    entry->balance_after = balance + amount;
    return refuse_db(problem, point_table_move(services->db, &entry, 1, 0));
}

static int64_t
signed_amount(const struct point_change *change)
{
    return change->kind == POINT_CHARGE ? change->amount : -change->amount;
}

enum error
point_change_execute(struct services *services, void *point_change, struct problem *problem)
{
    struct point_change *change = point_change;
    change->entry = (struct point_entry){.kind = change->kind};
    return point_move(services, change->user_id, signed_amount(change), &change->entry, problem);
}

static struct point_change *
change_of(const struct effect_call *call)
{
    return call->effect.state;
}

/*
 * Locks the purses that nobody else has locked; one that is missing is made first, to be charged.
 * The balance of any other is -1.
 */
static enum db_result
lock_purses(struct services *services, const struct effect_group *group, int64_t balances[],
            int64_t *now, int64_t *id_step)
{
    const char *user_ids[EFFECTS_AT_ONCE], *unlocked[EFFECTS_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        user_ids[i] = change_of(group->calls[i])->user_id;
    enum db_result result =
        point_table_lock_free(services->db, user_ids, group->count, balances, now, id_step);
    for (size_t i = 0; i < group->count; i++)
        if (balances[i] < 0 && change_of(group->calls[i])->kind == POINT_CHARGE)
            unlocked[count++] = user_ids[i];
    if (result != DB_OK || count == 0)
        return result;
    result = point_table_make(services->db, unlocked, count);
    if (result == DB_OK)
        result =
            point_table_lock_free(services->db, user_ids, group->count, balances, now, id_step);
    return result == DB_NONE ? DB_OK : result;
}

/* The same of all of them. Nobody waits here for a purse that is there. */
enum db_result
point_change_execute_batch(struct services *services, struct effect_group *group)
{
    struct point_entry *entries[EFFECTS_AT_ONCE];
    int64_t balances[EFFECTS_AT_ONCE], now = 0, id_step = 0;
    struct problem problem;
    enum db_result result = lock_purses(services, group, balances, &now, &id_step);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < group->count; i++) {
        struct point_change *change = change_of(group->calls[i]);
        int64_t amount = signed_amount(change);
        change->entry = (struct point_entry){.user_id = change->user_id,
                                             .kind = change->kind,
                                             .amount = amount,
                                             .balance_after = balances[i] + amount,
                                             .created_at = now};
        if (balances[i] < 0 ||
            check_balance(&change->entry, balances[i], amount, &problem) != ERROR_NONE)
            group->calls[i]->course = EFFECT_ALONE;
    }
    effect_group_shrink(group);
    for (size_t i = 0; i < group->count; i++)
        entries[i] = &change_of(group->calls[i])->entry;
    return group->count > 0 ? point_table_move(services->db, entries, group->count, id_step)
                            : DB_OK;
}

enum db_result
point_entry_was_committed(struct services *services, const char *user_id,
                          const struct point_entry *wanted)
{
    /* An id that a crash rolled back may have been given again: the row must be ours in full. */
    struct point_entry found;
    enum db_result result =
        point_table_lock_entry(services->db, wanted->history_id, user_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.kind == wanted->kind && found.amount == wanted->amount &&
                found.balance_after == wanted->balance_after &&
                found.reservation_id == wanted->reservation_id &&
                found.created_at == wanted->created_at;
    return ours ? DB_OK : DB_NONE;
}

enum db_result
point_change_was_committed(struct services *services, void *point_change)
{
    const struct point_change *change = point_change;
    return point_entry_was_committed(services, change->user_id, &change->entry);
}

int64_t
point_change_id(const void *point_change)
{
    return ((const struct point_change *)point_change)->entry.history_id;
}

void
point_change_count(const void *point_change, struct tally *tally)
{
    const struct point_change *change = point_change;
    tally_add(tally, change->kind == POINT_CHARGE ? TALLY_POINTS_CHARGED : TALLY_POINTS_USED,
              change->amount);
}

enum error
point_balance(struct services *services, const char *user_id, int64_t *balance,
              struct problem *problem)
{
    return refuse_db(problem, point_table_balance(services->db, user_id, balance));
}

enum error
point_history(struct services *services, const char *user_id, int64_t before, int32_t limit,
              struct point_entry *list, size_t *count, struct problem *problem)
{
    return refuse_db(problem,
                     point_table_history(services->db, user_id, before, limit, list, count));
}
