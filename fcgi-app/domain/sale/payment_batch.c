/*
 * Several paying calls in one transaction, of any concerts, each of another user. All that they
 * change is locked first, without a wait for anybody. Whatever is not plainly possible is left to
 * the way of a single call.
 */
#include "domain/sale/payment_create.h"

#include <string.h>

#include "domain/event.h"
#include "domain/sale/quota.h"

static struct payment_create *
create_of(const struct effect_call *call)
{
    return call->effect.state;
}

/*
 * Of an item that has started it is not known here whether its concert is over. A hold of a presale
 * has more to be sold than its seats.
 */
static bool
is_plain(struct payment_create *create)
{
    struct problem problem;
    return create->reservation.presale_id == 0 &&
           create->concert.now < create->concert.last_starts_at &&
           payment_create_check(create, DB_OK, &problem) == ERROR_NONE;
}

enum db_result
payment_create_precheck_batch(struct services *services, struct effect_group *group)
{
    struct reservation *reservations[EFFECTS_AT_ONCE];
    struct concert *concerts[EFFECTS_AT_ONCE];
    bool found[EFFECTS_AT_ONCE];
    for (size_t i = 0; i < group->count; i++) {
        struct payment_create *create = create_of(group->calls[i]);
        create->reservation.reservation_id = create->reservation_id;
        reservations[i] = &create->reservation;
        concerts[i] = &create->concert;
    }
    enum db_result result =
        reservation_table_find_batch(services->db, reservations, concerts, group->count, found);
    for (size_t i = 0; i < group->count && result == DB_OK; i++)
        if (!found[i] || !is_plain(create_of(group->calls[i])))
            group->calls[i]->course = EFFECT_ALONE;
    return result;
}

static enum db_result
lock_users(struct services *services, const struct effect_group *group)
{
    struct concert_user users[EFFECTS_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct payment_create *create = create_of(group->calls[i]);
        if (payment_create_needs_mutex(create))
            users[count++] = (struct concert_user){create->reservation.concert_id, create->user_id};
    }
    return quota_lock(services, users, count);
}

/* The reservations that are held, with their seats. */
static enum db_result
lock_holds(struct services *services, struct effect_group *group, int64_t *now)
{
    struct reservation *reservations[EFFECTS_AT_ONCE];
    bool locked[EFFECTS_AT_ONCE];
    struct problem problem;
    for (size_t i = 0; i < group->count; i++)
        reservations[i] = &create_of(group->calls[i])->reservation;
    enum db_result result =
        reservation_table_lock_holds(services->db, reservations, group->count, locked, now);
    for (size_t i = 0; i < group->count && result == DB_OK; i++)
        if (!locked[i] ||
            payment_create_check_held(create_of(group->calls[i]), *now, &problem) != ERROR_NONE)
            group->calls[i]->course = EFFECT_ALONE;
    effect_group_shrink(group);
    return result;
}

/* Some tokens of a group, and whose they are. */
struct token_list {
    struct effect_call *calls[EFFECTS_AT_ONCE];
    const uint8_t *tokens[EFFECTS_AT_ONCE];
    size_t count;
};

static void
add_token(struct token_list *list, struct effect_call *call)
{
    list->calls[list->count] = call;
    list->tokens[list->count++] = create_of(call)->token_bytes;
}

/* Those that the payments end. */
static struct token_list
list_ended(const struct effect_group *group)
{
    struct token_list list = {.count = 0};
    for (size_t i = 0; i < group->count; i++)
        if (create_of(group->calls[i])->ends_token)
            add_token(&list, group->calls[i]);
    return list;
}

/* Leaves out those that come with any token of theirs, if it is not found to fit. */
static enum db_result
check_any_tokens(struct services *services, const struct effect_group *group)
{
    struct token_list list = {.count = 0};
    bool fits[EFFECTS_AT_ONCE] = {false};
    struct token_row row;
    for (size_t i = 0; i < group->count; i++)
        if (create_of(group->calls[i])->takes_any_token)
            add_token(&list, group->calls[i]);
    if (list.count == 0)
        return DB_OK;
    enum db_result result = token_table_list(services->db, list.tokens, list.count, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        for (size_t i = 0; i < list.count; i++)
            fits[i] = fits[i] || (memcmp(list.tokens[i], row.token, TOKEN_SIZE) == 0 &&
                                  payment_create_fits_token(create_of(list.calls[i]), &row));
    for (size_t i = 0; i < list.count; i++)
        if (!fits[i])
            list.calls[i]->course = EFFECT_ALONE;
    return result == DB_NONE ? DB_OK : result;
}

/* In a concert with a queue only an active token of the reservation's own is a plain one. */
static enum db_result
check_tokens(struct services *services, struct effect_group *group, int64_t now)
{
    struct problem problem;
    for (size_t i = 0; i < group->count; i++) {
        struct payment_create *create = create_of(group->calls[i]);
        if (payment_create_check_token(create, now, &problem) != ERROR_NONE)
            group->calls[i]->course = EFFECT_ALONE;
        create->ends_token = create->takes_token && create->concert.queued;
        if (create->ends_token && !create->reservation.has_active_token)
            group->calls[i]->course = EFFECT_ALONE;
    }
    effect_group_shrink(group);
    enum db_result result = check_any_tokens(services, group);
    effect_group_shrink(group);
    return result;
}

/* Leaves out whose token has ended meanwhile or is locked: nobody waits for it with purses. */
static enum db_result
lock_tokens(struct services *services, struct effect_group *group)
{
    struct token_list list = list_ended(group);
    bool locked[EFFECTS_AT_ONCE];
    if (list.count == 0)
        return DB_OK;
    enum db_result result = token_table_lock_free(services->db, list.tokens, list.count, locked);
    for (size_t i = 0; i < list.count && result == DB_OK; i++)
        if (!locked[i])
            list.calls[i]->course = EFFECT_ALONE;
    effect_group_shrink(group);
    return result;
}

/* The purses that have enough, while the holds are not over. */
static enum db_result
lock_purses(struct services *services, struct effect_group *group, int64_t *now, int64_t *id_step)
{
    const char *user_ids[EFFECTS_AT_ONCE];
    int64_t balances[EFFECTS_AT_ONCE];
    if (group->count == 0)
        return DB_OK;
    for (size_t i = 0; i < group->count; i++)
        user_ids[i] = create_of(group->calls[i])->user_id;
    enum db_result result =
        point_table_lock_free(services->db, user_ids, group->count, balances, now, id_step);
    for (size_t i = 0; i < group->count && result == DB_OK; i++) {
        struct payment_create *create = create_of(group->calls[i]);
        create->balance = balances[i] - create->reservation.total_price;
        if (create->balance < 0 || *now >= create->reservation.expires_at)
            group->calls[i]->course = EFFECT_ALONE;
    }
    effect_group_shrink(group);
    return result;
}

static enum db_result
end_tokens(struct services *services, const struct effect_group *group)
{
    struct token_list list = list_ended(group);
    if (list.count == 0)
        return DB_OK;
    enum db_result result = token_table_end_all_active(services->db, list.tokens, list.count);
    return result == DB_NONE ? db_lock_lost(services->db, "a token was ended by two") : result;
}

static enum db_result
write_payments(struct services *services, const struct effect_group *group, int64_t paid_at,
               int64_t moved_at, int64_t id_step)
{
    const struct reservation *sold[EFFECTS_AT_ONCE];
    struct payment *made[EFFECTS_AT_ONCE];
    struct point_entry entries[EFFECTS_AT_ONCE], *moved[EFFECTS_AT_ONCE];
    for (size_t i = 0; i < group->count; i++) {
        struct payment_create *create = create_of(group->calls[i]);
        payment_create_fill(create, paid_at);
        event_add_payment(services, &create->reservation);
        sold[i] = &create->reservation;
        made[i] = &create->made;
        moved[i] = &entries[i];
        entries[i] = (struct point_entry){
            .user_id = create->user_id,
            .kind = POINT_PAYMENT,
            .amount = -create->reservation.total_price,
            .balance_after = create->balance,
            .reservation_id = create->reservation.reservation_id,
            .created_at = moved_at,
        };
    }
    enum db_result result = reservation_table_sell(services->db, sold, group->count, paid_at);
    if (result == DB_NONE)
        return db_lock_lost(services->db, "a hold was settled by two");
    if (result == DB_OK)
        result = payment_table_insert(services->db, made, group->count, id_step);
    if (result == DB_OK)
        result = end_tokens(services, group);
    return result == DB_OK ? point_table_move(services->db, moved, group->count, id_step) : result;
}

/*
 * The same story of all of them. As in that of one the hold is judged when it is locked, and again
 * by the time after the last lock.
 */
enum db_result
payment_create_execute_batch(struct services *services, struct effect_group *group)
{
    int64_t paid_at = 0, moved_at = 0, id_step = 0;
    enum db_result result = lock_users(services, group);
    if (result != DB_OK || (result = lock_holds(services, group, &paid_at)) != DB_OK ||
        (result = check_tokens(services, group, paid_at)) != DB_OK ||
        (result = lock_tokens(services, group)) != DB_OK ||
        (result = lock_purses(services, group, &moved_at, &id_step)) != DB_OK || group->count == 0)
        return result;
    return write_payments(services, group, paid_at, moved_at, id_step);
}
