#include "limit_statements.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "domain/queue/queue_entry.h"
#include "domain/sale/payment.h"
#include "mysql/concert/concert_table.h"
#include "mysql/queue/token_table.h"
#include "mysql/sale/point_table.h"
#include "mysql/sale/reservation_table.h"
#include "mysql/transaction.h"

enum {
    HALL_CONCERT = 10,
    HALL_ITEM = 1002,
    HELD_CONCERT = 12,
    TAKEN_ITEM = 1201,
    HELD_ITEM = 1202,
    NONE_CONCERT = 14,
    NONE_ITEM = 14001,
    HELD_SEATS = 100000,
    HOT_SEATS = 50,
    FIRST_HELD_RESERVATION = 2000001,
    QUEUE_CONCERT = 21,
    PURSES = 10000,
    AMOUNT = 1000,
    LEASE_MS = 600000,
    SPREAD = 7919, /* no divisor of HELD_SEATS: steps over all of them */
};

/* Ends the transaction as the route would. */
static bool
finish(struct database *db, enum db_result result)
{
    if (result == DB_OK)
        return transaction_commit(db) == COMMIT_DONE;
    transaction_rollback(db);
    return false;
}

/* ---- POST /reservation ---- */

static enum db_result
look(struct database *db, int32_t concert_id, int32_t item_id, int32_t seat_id, const char *user_id,
     struct concert *concert, struct seat *seat)
{
    struct item item;
    size_t found;
    bool has_held;
    enum db_result result = seat_table_look(db, concert_id, item_id, &seat_id, 1, user_id, concert,
                                            &item, seat, &found, &has_held);
    return result == DB_OK && found == 1 ? DB_OK : DB_FAILED;
}

static enum db_result
hold(struct database *db, const struct concert *concert, int32_t seat_id, const char *user_id)
{
    struct seat seats[SEATS_AT_ONCE];
    size_t found;
    int64_t now = 0;
    enum db_result result = seat_table_lock(db, HALL_ITEM, &seat_id, 1, seats, &found, &now);
    struct reservation made = {.concert_id = HALL_CONCERT,
                               .item_id = HALL_ITEM,
                               .status = RESERVATION_HELD,
                               .seat_count = 1,
                               .total_price = seats[0].price,
                               .created_at = now,
                               .expires_at = now + (int64_t)concert->hold_seconds * 1000};
    made.seats[0] = seats[0];
    snprintf(made.user_id, sizeof made.user_id, "%s", user_id);
    if (result == DB_OK)
        result = reservation_table_insert(db, &(struct reservation *){&made}, 1, 0);
    if (result == DB_OK)
        result = seat_table_hold(db, HALL_ITEM, seats, 1, made.reservation_id, made.expires_at);
    return result;
}

static bool
step_fresh(struct services *services, int64_t number)
{
    struct database *db = services->db;
    struct concert concert;
    struct seat seat;
    char user[USER_ID_SIZE];
    int32_t seat_id = (int32_t)number + 1;
    snprintf(user, sizeof user, "limit-%d", (int)seat_id);
    if (look(db, HALL_CONCERT, HALL_ITEM, seat_id, user, &concert, &seat) != DB_OK)
        return false;
    enum db_result result = transaction_begin(db);
    if (result == DB_OK)
        result = hold(db, &concert, seat_id, user);
    return finish(db, result);
}

/* The same as one call of test/bench/procedure.sql. */
static bool
step_fresh_procedure(struct services *services, int64_t number)
{
    static const struct query call = {"CALL bench_fresh(?, ?)"};
    char user[USER_ID_SIZE];
    snprintf(user, sizeof user, "procedure-%lld", (long long)number);
    return db_execute(services->db, &call, PARAMETERS(DB_INTEGER(number + 1), DB_TEXT(user))) ==
           DB_OK;
}

static bool
look_at_taken(struct database *db, int32_t seat_id)
{
    struct concert concert;
    struct seat seat;
    return look(db, HELD_CONCERT, TAKEN_ITEM, seat_id, "nobody", &concert, &seat) == DB_OK &&
           seat.status != SEAT_AVAILABLE;
}

/* That nothing is left is remembered: only concert and item are read. */
static bool
step_none(struct services *services, int64_t number)
{
    struct concert concert;
    struct item item;
    bool has_held;
    (void)number;
    return concert_table_find_with_item(services->db, NONE_CONCERT, NONE_ITEM, "nobody", &concert,
                                        &item, &has_held) == DB_OK &&
           item.item_id == NONE_ITEM;
}

static bool
step_taken(struct services *services, int64_t number)
{
    return look_at_taken(services->db, (int32_t)(number * SPREAD % HELD_SEATS) + 1);
}

static bool
step_hot(struct services *services, int64_t number)
{
    return look_at_taken(services->db, (int32_t)(number % HOT_SEATS) + 1);
}

/* ---- POST /token/add ---- */

static void
make_token(uint8_t token[TOKEN_SIZE])
{
    if (getrandom(token, TOKEN_SIZE, 0) != TOKEN_SIZE)
        memset(token, 0, TOKEN_SIZE);
}

static bool
step_token(struct services *services, int64_t number)
{
    struct concert concert;
    struct token_row row;
    uint8_t fresh[TOKEN_SIZE];
    char user[USER_ID_SIZE];
    snprintf(user, sizeof user, "limit-%lld", (long long)number);
    make_token(fresh);
    if (concert_table_find(services->db, HELD_CONCERT, &concert) != DB_OK)
        return false;
    struct token_period period = queue_period_of(&concert);
    return token_table_renew_unqueued(services->db, &period, user, fresh, concert.now, LEASE_MS,
                                      &row) == DB_OK;
}

/* One that has to wait, as nearly all do in a rush. */
static bool
step_token_queue(struct services *services, int64_t number)
{
    struct concert concert;
    struct token_row row = {.kind = TOKEN_QUEUE,
                            .concert_id = QUEUE_CONCERT,
                            .number = (int32_t)number + 1,
                            .status = TOKEN_WAITING};
    snprintf(row.user_id, sizeof row.user_id, "limit-%lld", (long long)number);
    make_token(row.token);
    return concert_table_find(services->db, QUEUE_CONCERT, &concert) == DB_OK &&
           token_table_insert(services->db, &row, 0) == DB_OK;
}

/* ---- points and payments ---- */

static enum db_result
move_points(struct database *db, const char *user, int64_t amount, struct point_entry *entry)
{
    int64_t balance = 0;
    enum db_result result = point_table_lock(db, user, &balance, &entry->created_at);
    entry->user_id = user;
    entry->amount = amount;
    entry->balance_after = balance + amount;
    return result == DB_OK ? point_table_move(db, &entry, 1, 0) : result;
}

static bool
step_charge(struct services *services, int64_t number)
{
    struct point_entry entry = {.kind = POINT_CHARGE};
    char user[USER_ID_SIZE];
    snprintf(user, sizeof user, "held-%d", FIRST_HELD_RESERVATION + (int)(number % PURSES));
    enum db_result result = transaction_begin(services->db);
    if (result == DB_OK)
        result = move_points(services->db, user, AMOUNT, &entry);
    return finish(services->db, result);
}

static enum db_result
sell(struct database *db, const struct reservation *reservation, int64_t now)
{
    struct payment payment = {.reservation_id = reservation->reservation_id,
                              .amount = reservation->total_price,
                              .status = PAYMENT_PAID,
                              .paid_at = now};
    memcpy(payment.user_id, reservation->user_id, sizeof payment.user_id);
    enum db_result result = reservation_table_sell(db, &reservation, 1, now);
    return result == DB_OK ? payment_table_insert(db, &(struct payment *){&payment}, 1, 0) : result;
}

static bool
step_payment(struct services *services, int64_t number)
{
    struct database *db = services->db;
    struct reservation reservation;
    struct concert concert;
    struct token_row row;
    int64_t now;
    int32_t id = FIRST_HELD_RESERVATION + (int32_t)number;
    uint8_t token[TOKEN_SIZE] = {[12] = (uint8_t)(id >> 24),
                                 [13] = (uint8_t)(id >> 16),
                                 [14] = (uint8_t)(id >> 8),
                                 [15] = (uint8_t)id};
    if (reservation_table_find_with_concert(db, id, &reservation, &concert) != DB_OK)
        return false;
    enum db_result result = transaction_begin(db);
    if (result == DB_OK)
        result = reservation_table_lock_hold(db, &reservation, &now);
    if (result == DB_OK)
        result = token_table_find(db, token, &row);
    if (result == DB_OK)
        result = sell(db, &reservation, now);
    struct point_entry entry = {.kind = POINT_PAYMENT, .reservation_id = id};
    if (result == DB_OK)
        result = move_points(db, reservation.user_id, -reservation.total_price, &entry);
    return finish(db, result);
}

/* ---- sixteen requests together, as effect_apply_together() has them, without keys ---- */

static bool
apply_together(struct services *services, const struct effect_batch *batch,
               struct effect_call calls[EFFECTS_AT_ONCE])
{
    struct effect_group group = {.count = EFFECTS_AT_ONCE};
    for (size_t i = 0; i < EFFECTS_AT_ONCE; i++)
        group.calls[i] = &calls[i];
    if (batch->gather(calls, EFFECTS_AT_ONCE) < EFFECTS_AT_ONCE ||
        batch->precheck(services, &group) != DB_OK)
        return false;
    enum db_result result = transaction_begin(services->db);
    if (result == DB_OK)
        result = batch->execute(services, &group);
    effect_group_shrink(&group);
    return finish(services->db, result) && group.count == EFFECTS_AT_ONCE;
}

static bool
step_fresh_batch(struct services *services, int64_t number)
{
    static const struct effect_batch batch = {.gather = reservation_create_gather,
                                              .precheck = reservation_create_precheck_batch,
                                              .execute = reservation_create_execute_batch};
    static struct reservation_create creates[EFFECTS_AT_ONCE];
    struct effect_call calls[EFFECTS_AT_ONCE] = {0};
    char users[EFFECTS_AT_ONCE][USER_ID_SIZE];
    struct offer offer = {0};
    for (size_t i = 0; i < EFFECTS_AT_ONCE; i++) {
        int32_t seat_id = (int32_t)number + (int32_t)i + 1;
        snprintf(users[i], sizeof users[i], "limit-%d", (int)seat_id);
        creates[i] = (struct reservation_create){.user_id = users[i],
                                                 .concert_id = HALL_CONCERT,
                                                 .item_id = HALL_ITEM,
                                                 .seat_ids = {seat_id},
                                                 .seat_count = 1,
                                                 .wish.section = "",
                                                 .offer = &offer};
        calls[i].effect.state = &creates[i];
    }
    return apply_together(services, &batch, calls);
}

static bool
step_payment_batch(struct services *services, int64_t number)
{
    static const struct effect_batch batch = {.gather = effect_gather_all,
                                              .precheck = payment_create_precheck_batch,
                                              .execute = payment_create_execute_batch};
    static struct payment_create creates[EFFECTS_AT_ONCE];
    struct effect_call calls[EFFECTS_AT_ONCE] = {0};
    char users[EFFECTS_AT_ONCE][USER_ID_SIZE], tokens[EFFECTS_AT_ONCE][QUEUE_TOKEN_TEXT_SIZE];
    for (size_t i = 0; i < EFFECTS_AT_ONCE; i++) {
        int id = FIRST_HELD_RESERVATION + (int)number + (int)i;
        snprintf(users[i], sizeof users[i], "held-%d", id);
        snprintf(tokens[i], sizeof tokens[i], "%d-%032x", HELD_CONCERT, (unsigned)id);
        creates[i] =
            (struct payment_create){.user_id = users[i], .reservation_id = id, .token = tokens[i]};
        calls[i].effect.state = &creates[i];
    }
    return apply_together(services, &batch, calls);
}

const struct limit limit_statements[LIMIT_STATEMENTS] = {
    {"fresh", step_fresh, 1},
    {"fresh-procedure", step_fresh_procedure, 1},
    {"fresh-batch", step_fresh_batch, EFFECTS_AT_ONCE},
    {"taken", step_taken, 1},
    {"hot", step_hot, 1},
    {"token", step_token, 1},
    {"token-queue", step_token_queue, 1},
    {"charge", step_charge, 1},
    {"payment", step_payment, 1},
    {"payment-batch", step_payment_batch, EFFECTS_AT_ONCE},
    {"none", step_none, 1},
};
