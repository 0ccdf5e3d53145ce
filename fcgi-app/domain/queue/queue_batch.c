/*
 * The part of queue in which several users take places together: by one read of the concert, one
 * call of Redis and one INSERT. Whoever is not new, or need not wait, is left to the way of a
 * single one; Redis then gives what it gave here, and a row that was written here is found there.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "domain/concert/concert.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"
#include "mysql/draw/draw_table.h"
#include "mysql/transaction.h"

static_assert((int)QUEUE_ADDS_MAX == (int)DB_ROWS_MAX, "one statement takes all");
static_assert((int)QUEUE_ADDS_MAX == (int)QUEUE_TOKENS_MAX, "Redis hears of all together");

/* The tokens that are about to be written, and whose they are. */
struct batch {
    struct token_row rows[QUEUE_ADDS_MAX];
    size_t of[QUEUE_ADDS_MAX]; /* which of the adds */
    size_t count;
};

/* Who asks twice is in it once. */
static void
add_row(struct batch *batch, size_t of, const char *user_id, const struct token_row *row)
{
    for (size_t i = 0; i < batch->count; i++)
        if (strcmp(batch->rows[i].user_id, user_id) == 0)
            return;
    batch->of[batch->count] = of;
    batch->rows[batch->count] = *row;
    snprintf(batch->rows[batch->count].user_id, USER_ID_SIZE, "%s", user_id);
    batch->count++;
}

/* Leaves out who has a live token that Redis lost or never heard of, or from another period. */
static enum db_result
leave_out_owners(struct services *services, int32_t concert_id, struct batch *batch)
{
    const char *user_ids[QUEUE_ADDS_MAX];
    bool has_live[QUEUE_ADDS_MAX] = {false};
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        user_ids[i] = batch->rows[i].user_id;
    if (batch->count == 0)
        return DB_OK;
    enum db_result result =
        token_table_mark_live(services->db, concert_id, user_ids, batch->count, has_live);
    for (size_t i = 0; i < batch->count; i++) {
        if (has_live[i])
            continue;
        batch->rows[kept] = batch->rows[i];
        batch->of[kept++] = batch->of[i];
    }
    batch->count = kept;
    return result;
}

static void
refuse_all(struct queue_add *adds, size_t count, const struct problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        adds[i].end = QUEUE_ADD_REFUSED;
        adds[i].problem = *problem;
    }
}

/* Where MySQL is away, it is so for all. Whatever else it says is left to single ones. */
static void
refuse_rows(struct database *db, const struct batch *batch, struct queue_add *adds,
            enum db_result result)
{
    struct problem problem;
    if (result != DB_GONE || db_is_connected(db))
        return;
    refuse_db(&problem, result);
    for (size_t i = 0; i < batch->count; i++)
        refuse_all(&adds[batch->of[i]], 1, &problem);
}

static void
list_rows(const struct batch *batch, const struct token_row *rows[QUEUE_ADDS_MAX])
{
    for (size_t i = 0; i < batch->count; i++)
        rows[i] = &batch->rows[i];
}

/* ---- where a queue is kept ---- */

static bool
is_new_and_waits(const struct queue_applicant *applicant)
{
    const struct queue_entry *entry = &applicant->entry;
    return applicant->answer == QUEUE_OK && entry->state == QUEUE_TOKEN_WAITING &&
           entry->saved == QUEUE_SAVED_NOWHERE && entry->replaced_state == 0 &&
           memcmp(entry->token, applicant->fresh, TOKEN_SIZE) == 0;
}

/* Redis gives the numbers. */
static enum queue_answer
take_numbers(struct services *services, const struct queue_settings *settings,
             const struct queue_add *adds, size_t count, struct queue_applicant *applicants)
{
    for (size_t i = 0; i < count; i++) {
        applicants[i].user_id = adds[i].user_id;
        random_fill(applicants[i].fresh, TOKEN_SIZE);
    }
    const struct queue_tokens *saved = queue_news_to_take_along(services, settings);
    enum queue_answer answer =
        queue_store_add_several(services->redis, settings, applicants, count, saved);
    if (answer != QUEUE_OK)
        return answer;
    if (saved != NULL)
        services->news.what = QUEUE_NO_NEWS;
    struct queue_moved moved = {.serving_raised = false}; /* the last one says how far */
    for (size_t i = 0; i < count; i++)
        if (applicants[i].answer == QUEUE_OK)
            moved = (struct queue_moved){applicants[i].entry.serving,
                                         applicants[i].entry.serving_raised};
    queue_note_serving(services, settings->concert_id, moved);
    return QUEUE_OK;
}

/* Writes the rows of those who are new. Anything but DB_OK: nothing is written, or so it seems. */
static enum db_result
write_waiting(struct services *services, int32_t concert_id, struct batch *batch)
{
    const struct token_row *rows[QUEUE_ADDS_MAX];
    enum db_result result = leave_out_owners(services, concert_id, batch);
    if (result != DB_OK || batch->count == 0)
        return result;
    list_rows(batch, rows);
    return token_table_insert_waiting(services->db, rows, batch->count);
}

/* The same of users of a draw: it is not sealed meanwhile, as whoever is in must be in its list. */
static enum db_result
write_into_draw(struct services *services, int32_t concert_id, struct batch *batch)
{
    enum db_result result;
    if ((result = transaction_begin(services->db)) != DB_OK ||
        (result = draw_table_hold_open(services->db, concert_id, batch->rows[0].number)) != DB_OK ||
        (result = write_waiting(services, concert_id, batch)) != DB_OK)
        return result;
    return transaction_commit(services->db) == COMMIT_DONE ? DB_OK : DB_RETRY;
}

static void
add_to_queue(struct services *services, const struct concert *concert, struct queue_add *adds,
             size_t count)
{
    struct queue_settings settings = queue_settings_of(services, concert);
    struct queue_applicant applicants[QUEUE_ADDS_MAX];
    struct batch batch = {.count = 0};
    struct problem problem;
    enum queue_answer answer = take_numbers(services, &settings, adds, count, applicants);
    if (answer == QUEUE_GONE) {
        queue_refuse(&problem, answer);
        refuse_all(adds, count, &problem);
    }
    if (answer != QUEUE_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!is_new_and_waits(&applicants[i]))
            continue;
        struct token_row row = {.concert_id = concert->concert_id,
                                .number = applicants[i].entry.number};
        memcpy(row.token, applicants[i].fresh, TOKEN_SIZE);
        add_row(&batch, i, adds[i].user_id, &row);
    }
    if (batch.count == 0)
        return;
    enum db_result result = concert->draw ? write_into_draw(services, concert->concert_id, &batch)
                                          : write_waiting(services, concert->concert_id, &batch);
    transaction_rollback(services->db); /* where one was not committed */
    if (result != DB_OK || batch.count == 0) {
        refuse_rows(services->db, &batch, adds, result);
        return;
    }
    struct queue_tokens saved = {.count = batch.count};
    for (size_t i = 0; i < batch.count; i++) {
        struct queue_add *add = &adds[batch.of[i]];
        queue_fill_position(&add->position, &settings, &applicants[batch.of[i]].entry, NULL);
        memcpy(saved.list[i], batch.rows[i].token, TOKEN_SIZE);
        add->end = QUEUE_ADD_DONE;
    }
    queue_note_saved(services, concert->concert_id, &saved);
}

/* ---- where none is kept ---- */

/* Anything but DB_OK: nothing is written, or so it seems. */
static enum db_result
write_unqueued(struct services *services, const struct token_period *period, struct batch *batch)
{
    const struct token_row *rows[QUEUE_ADDS_MAX];
    enum db_result result;
    if ((result = transaction_begin(services->db)) != DB_OK ||
        (result = token_table_hold_period(services->db, period)) != DB_OK ||
        (result = leave_out_owners(services, period->concert_id, batch)) != DB_OK)
        return result;
    list_rows(batch, rows);
    if (batch->count > 0)
        result = token_table_insert_unqueued(services->db, rows, batch->count);
    if (result != DB_OK)
        return result;
    return transaction_commit(services->db) == COMMIT_DONE ? DB_OK : DB_RETRY;
}

static void
add_unqueued(struct services *services, const struct concert *concert, struct queue_add *adds,
             size_t count)
{
    struct token_period period = queue_period_of(concert);
    struct batch batch = {.count = 0};
    int64_t lease_ms = (int64_t)concert->active_seconds * 1000;
    for (size_t i = 0; i < count; i++) {
        struct token_row row = {.kind = TOKEN_UNQUEUED,
                                .concert_id = concert->concert_id,
                                .status = TOKEN_ACTIVE,
                                .lease_until = concert->now + lease_ms,
                                .ends_ms = lease_ms,
                                .lease_ms = lease_ms};
        random_fill(row.token, TOKEN_SIZE);
        add_row(&batch, i, adds[i].user_id, &row);
    }
    enum db_result result = write_unqueued(services, &period, &batch);
    if (result != DB_OK) {
        transaction_rollback(services->db);
        refuse_rows(services->db, &batch, adds, result);
        return;
    }
    for (size_t i = 0; i < batch.count; i++) {
        queue_fill_active(&adds[batch.of[i]].position, &batch.rows[i]);
        adds[batch.of[i]].end = QUEUE_ADD_DONE;
    }
}

void
queue_add_together(struct services *services, int32_t concert_id, struct queue_add *adds,
                   size_t count)
{
    struct concert concert;
    struct problem problem;
    assert(count >= 2 && count <= QUEUE_ADDS_MAX);
    if (concert_find(services->db, concert_id, &concert, &problem) != ERROR_NONE ||
        concert_require_service(&concert, &problem) != ERROR_NONE ||
        concert_require_queue(&concert, concert.now, &problem) != ERROR_NONE)
        refuse_all(adds, count, &problem);
    else if (concert.challenged || concert_presale_runs(&concert, concert.now))
        return; /* a proof that is spent here could not be handed to queue_add(); each has a code */
    else if (!concert.queued)
        add_unqueued(services, &concert, adds, count);
    else
        add_to_queue(services, &concert, adds, count);
}
