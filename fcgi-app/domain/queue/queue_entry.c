#include "domain/queue/queue_entry.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/queue/queue_rebuild.h"
#include "mysql/draw/draw_table.h"
#include "mysql/queue/queue_table.h"

static enum queue_outcome
refused_by_db(struct problem *problem, enum db_result result)
{
    refuse_db(problem, result);
    return QUEUE_REFUSED;
}

enum queue_outcome
queue_record_end(struct services *services, const struct queue_settings *settings,
                 const uint8_t token[TOKEN_SIZE], enum queue_token_state state,
                 struct problem *problem)
{
    struct token_period period = queue_period_of_settings(settings);
    struct token_row row;
    enum db_result result = token_table_find(services->db, token, &row);
    bool is_live = result == DB_OK && token_is_live(&row);
    if (is_live || (result == DB_OK && row.status == TOKEN_LAPSED))
        result =
            queue_table_end(services->db, &period, row.kind, (const uint8_t(*)[TOKEN_SIZE])token, 1,
                            state == QUEUE_TOKEN_LEFT ? TOKEN_LEFT : TOKEN_LAPSED);
    if (result == DB_OK && is_live && db_changed_rows(services->db) == 0)
        return QUEUE_SWITCHED;
    if (result != DB_OK && result != DB_NONE)
        return refused_by_db(problem, result);
    queue_forget(services, settings, token);
    return QUEUE_OVER;
}

/* What is left of a place as Redis told it at *told_ms, counted from now on. */
static void
let_pass(struct queue_entry *entry, int64_t *told_ms)
{
    int64_t now = clock_monotonic();
    entry->ends_ms -= now - *told_ms;
    entry->lease_ms -= now - *told_ms;
    *told_ms = now;
}

/* Inserts the row of a new token. */
static enum db_result
insert_row(struct services *services, const struct queue_settings *settings,
           const struct queue_entry *entry, struct token_row *row)
{
    bool active = entry->state == QUEUE_TOKEN_ACTIVE;
    *row = (struct token_row){
        .kind = TOKEN_QUEUE,
        .concert_id = settings->concert_id,
        .number = entry->number,
        .status = active ? TOKEN_ACTIVE : TOKEN_WAITING,
        .lease_until = CLOCK_NEVER,
        .ends_ms = entry->ends_ms,
        .lease_ms = entry->lease_ms,
    };
    memcpy(row->token, entry->token, TOKEN_SIZE);
    snprintf(row->user_id, sizeof row->user_id, "%s", entry->user_id);
    int32_t serving = entry->serving_raised ? entry->serving : 0;
    if (settings->draw)
        return draw_table_insert_token(services->db, row, serving);
    return token_table_insert(services->db, row, serving);
}

/*
 * Makes MySQL's row say what Redis said, and reads it. DB_NONE: there is no row of this token, and
 * none can be made as its number is another one's, or the user has another live token.
 */
static enum db_result
write_row(struct services *services, const struct queue_settings *settings,
          const struct queue_entry *entry, struct token_row *row)
{
    bool active = entry->state == QUEUE_TOKEN_ACTIVE;
    bool numbered = entry->number > 0;
    struct token_period period = queue_period_of_settings(settings);
    enum db_result result = DB_DUPLICATE;
    if (numbered && entry->saved == QUEUE_SAVED_NOWHERE)
        result = insert_row(services, settings, entry, row);
    if (result == DB_OK && !active)
        return DB_OK;
    if (result == DB_DUPLICATE) { /* there already, or so it should be */
        result = DB_OK;
        if (numbered && active && entry->saved < QUEUE_SAVED_LEASE)
            result =
                token_table_activate(services->db, &period, entry->token, entry->ends_ms,
                                     entry->lease_ms, entry->serving_raised ? entry->serving : 0);
    }
    return result == DB_OK ? token_table_find(services->db, entry->token, row) : result;
}

/* After an answer of Redis that says nothing of a token: the queue is loaded, or it is refused. */
static enum queue_outcome
reload(struct services *services, const struct queue_settings *settings, enum queue_answer answer,
       struct problem *problem)
{
    enum error error = answer == QUEUE_REBUILD ? queue_rebuild(services, settings, problem)
                                               : queue_refuse(problem, answer);
    return error == ERROR_NONE ? QUEUE_AGAIN : QUEUE_REFUSED;
}

/* Puts a live token of MySQL back into Redis. */
static enum queue_outcome
put_back(struct services *services, const struct queue_settings *settings,
         const struct token_row *row, struct problem *problem)
{
    struct queue_row queue_row = {
        .token = row->token,
        .user_id = row->user_id,
        .number = row->number,
        .ends_ms = row->ends_ms,
        .lease_ms = row->lease_ms,
    };
    if (settings->draw) {
        struct draw_page page = {.concert_id = row->concert_id, .chunk = -1};
        enum db_result ranked =
            draw_table_page_rank(services->db, &page, row->number, &queue_row.rank);
        if (ranked != DB_OK)
            return refused_by_db(problem, ranked);
    }
    enum queue_answer answer = queue_store_restore(services->redis, settings, &queue_row);
    if (answer == QUEUE_OK) {
        log_info("put number %d of concert %d back into the queue", (int)row->number,
                 (int)row->concert_id);
        return QUEUE_AGAIN;
    }
    if (answer != QUEUE_CONFLICT)
        return reload(services, settings, answer, problem);
    /* Two adds of its owner at once made two rows: the one that was told of lives on. */
    enum db_result result = token_table_end(services->db, row->kind, row->token, TOKEN_LAPSED);
    return result == DB_OK ? QUEUE_OVER : refused_by_db(problem, result);
}

/*
 * Redis moves the end of a place at each sign of life, MySQL when seats are held: the later one
 * holds in both. A step of a second or more is worth a write; MySQL's may be so much earlier.
 */
static enum db_result
agree_on_end(struct services *services, const struct queue_settings *settings,
             const struct queue_entry *entry, struct token_row *row)
{
    enum { STEP_MS = 1000 };
    enum queue_token_state state;
    int64_t ahead_ms = entry->ends_ms - row->ends_ms;
    if (row->lease_ms - row->ends_ms < ahead_ms)
        ahead_ms = row->lease_ms - row->ends_ms;
    if (ahead_ms >= STEP_MS) {
        enum db_result result =
            token_table_prolong(services->db, row->token, row->lease_until + ahead_ms);
        return result == DB_OK ? token_table_find(services->db, entry->token, row) : result;
    }
    /* Where Redis does not answer, the next sign of life does it. */
    if (ahead_ms <= -STEP_MS && entry->ends_ms < entry->lease_ms)
        queue_store_keep(services->redis, settings, row->token, row->ends_ms, &state);
    return DB_OK;
}

/*
 * Tells Redis what MySQL has of a token; of one who waits after the answer, as Redis gives it
 * show_up_ms until then.
 */
static enum queue_outcome
mark_saved(struct services *services, const struct queue_settings *settings,
           const struct queue_entry *entry, const struct token_row *row, struct problem *problem)
{
    bool active = entry->state == QUEUE_TOKEN_ACTIVE;
    enum queue_token_state state;
    if (entry->saved >= (active ? QUEUE_SAVED_LEASE : QUEUE_SAVED_ROW))
        return QUEUE_SETTLED;
    if (!active) {
        struct queue_tokens one = {.count = 1};
        memcpy(one.list[0], entry->token, TOKEN_SIZE);
        queue_note_saved(services, settings->concert_id, &one);
        return QUEUE_SETTLED;
    }
    enum queue_answer answer =
        queue_store_saved(services->redis, settings, entry->token, QUEUE_SAVED_LEASE, &state);
    if (answer == QUEUE_OK)
        return state != QUEUE_TOKEN_ACTIVE ? QUEUE_AGAIN : QUEUE_SETTLED;
    if (answer == QUEUE_UNKNOWN)
        return put_back(services, settings, row, problem);
    return reload(services, settings, answer, problem);
}

/*
 * MySQL has no row of this token and none can be made. Where the user has a live one that Redis
 * lost or never heard of, that is the user's.
 */
static enum queue_outcome
give_way(struct services *services, const struct queue_settings *settings,
         const struct queue_entry *entry, struct problem *problem)
{
    struct token_row row;
    enum db_result result =
        token_table_find_live(services->db, settings->concert_id, entry->user_id, &row);
    if (result != DB_OK && result != DB_NONE)
        return refused_by_db(problem, result);
    queue_forget(services, settings, entry->token);
    return result == DB_OK ? put_back(services, settings, &row, problem) : QUEUE_OVER;
}

/*
 * The row of a live token says otherwise than Redis. One that Redis has as active could not be made
 * so, as the queue was switched meanwhile. One that waits was made active by a call that did not
 * see that Redis was being loaded, and so told nobody; or by one that is quicker than this, which
 * Redis says when it is asked again.
 */
static enum queue_outcome
agree_on_status(struct services *services, const struct queue_settings *settings,
                const struct token_row *row, struct problem *problem)
{
    struct token_period period = queue_period_of_settings(settings);
    if (row->status == TOKEN_WAITING)
        return QUEUE_SWITCHED;
    enum db_result result = token_table_take_back(services->db, &period, row->token);
    if (result != DB_OK)
        return refused_by_db(problem, result);
    return db_changed_rows(services->db) == 0 ? QUEUE_SWITCHED : QUEUE_AGAIN;
}

enum queue_outcome
queue_settle(struct services *services, const struct queue_settings *settings,
             struct queue_entry *entry, int64_t asked_ms, bool look, struct token_row *row,
             struct problem *problem)
{
    bool active = entry->state == QUEUE_TOKEN_ACTIVE;
    if (!active && !look && entry->saved != QUEUE_SAVED_NOWHERE)
        return QUEUE_SETTLED;
    let_pass(entry, &asked_ms);
    enum db_result result = write_row(services, settings, entry, row);
    bool lacks_row = result == DB_NONE && entry->saved != QUEUE_SAVED_NOWHERE;
    bool lacks_lease = result == DB_OK && active && entry->saved == QUEUE_SAVED_LEASE &&
                       row->status == TOKEN_WAITING;
    if (lacks_row || lacks_lease) { /* Redis believed too much, as where MySQL was restored */
        entry->saved = lacks_row ? QUEUE_SAVED_NOWHERE : QUEUE_SAVED_ROW;
        result = write_row(services, settings, entry, row);
    }
    if (result == DB_NONE)
        return give_way(services, settings, entry, problem);
    bool agreed = result == DB_OK && active == (row->status == TOKEN_ACTIVE);
    if (agreed && active) {
        let_pass(entry, &asked_ms);
        result = agree_on_end(services, settings, entry, row);
    }
    if (result != DB_OK)
        return refused_by_db(problem, result);
    if (!token_is_live(row)) {
        queue_forget(services, settings, entry->token);
        return QUEUE_OVER;
    }
    if (row->number != entry->number) { /* Redis forgot it and gave it a number anew */
        queue_forget(services, settings, entry->token);
        return put_back(services, settings, row, problem);
    }
    if (!agreed)
        return agree_on_status(services, settings, row, problem);
    return mark_saved(services, settings, entry, row, problem);
}

enum queue_outcome
queue_recover(struct services *services, const struct queue_settings *settings,
              enum queue_answer answer, const uint8_t token[TOKEN_SIZE], const char *user_id,
              struct problem *problem)
{
    if (answer != QUEUE_UNKNOWN)
        return reload(services, settings, answer, problem);
    struct token_row row;
    enum db_result result = token_table_find(services->db, token, &row);
    if (result != DB_OK && result != DB_NONE)
        return refused_by_db(problem, result);
    bool good = result == DB_OK && token_is_live(&row) && row.concert_id == settings->concert_id &&
                (user_id[0] == '\0' || strcmp(row.user_id, user_id) == 0);
    if (good)
        return put_back(services, settings, &row, problem);
    refuse(problem, ERROR_TOKEN_INVALID);
    return QUEUE_REFUSED;
}
