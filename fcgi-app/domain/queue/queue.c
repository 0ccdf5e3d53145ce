#include "domain/queue/queue.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "domain/concert/concert.h"
#include "domain/queue/challenge.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"
#include "domain/queue/unqueued_token.h"

/* In one call: after each the two stores have come closer. */
enum { ATTEMPTS = 5 };

/*
 * The row of a new or newly active token that was itself the highest one called tells MySQL so
 * when it is written, whichever call raised it; any other call is noted apart.
 */
static enum queue_outcome
settle(struct services *services, const struct queue_settings *settings, struct queue_entry *entry,
       int64_t asked_ms, bool look, struct token_row *row, struct problem *problem)
{
    bool own = entry->shown == entry->serving && entry->state == QUEUE_TOKEN_ACTIVE &&
               entry->saved < QUEUE_SAVED_LEASE;
    if (!own)
        queue_note_serving(services, settings->concert_id,
                           (struct queue_moved){entry->serving, entry->serving_raised});
    entry->serving_raised = own;
    return queue_settle(services, settings, entry, asked_ms, look, row, problem);
}

/* A call about the queue, which may take several attempts. */
struct queue_call {
    const char *user_id;       /* "": whoever has the token */
    const char *proof;         /* of work, of one who asks for a place */
    uint8_t token[TOKEN_SIZE]; /* asked about, or the bytes of a new one */
    int attempts;              /* before this one */
    struct queue_position position;
};

typedef enum queue_outcome attempt_function(struct services *services,
                                            const struct concert *concert, struct queue_call *call,
                                            struct problem *problem);

/*
 * Makes attempts until both stores agree, each by the concert as it is then: it may be switched
 * from one kind of token to the other at any moment.
 */
static enum error
make_call(struct services *services, const struct concert *concert, attempt_function *attempt,
          struct queue_call *call, struct problem *problem)
{
    struct concert now = *concert;
    for (; call->attempts < ATTEMPTS && services_has_time(services); call->attempts++) {
        enum queue_outcome outcome = attempt(services, &now, call, problem);
        if (outcome == QUEUE_SETTLED)
            return ERROR_NONE;
        if (outcome == QUEUE_REFUSED)
            return problem->error;
        if (outcome == QUEUE_SWITCHED &&
            concert_find(services->db, concert->concert_id, &now, problem) != ERROR_NONE)
            return problem->error;
    }
    return queue_refuse(problem, QUEUE_BUSY);
}

/* One attempt to take a place. OVER: the token that Redis gave has ended in MySQL. */
static enum queue_outcome
try_add(struct services *services, const struct concert *concert, struct queue_call *call,
        struct problem *problem)
{
    struct queue_settings settings = queue_settings_of(services, concert);
    struct queue_entry entry;
    struct token_row row;
    enum queue_outcome outcome;
    if (concert_require_service(concert, problem) != ERROR_NONE ||
        concert_require_queue(concert, concert->now, problem) != ERROR_NONE)
        return QUEUE_REFUSED;
    if (call->attempts == 0 && /* it is spent once */
        challenge_require(services, concert, call->user_id, call->proof, problem) != ERROR_NONE)
        return QUEUE_REFUSED;
    if (!concert->queued) {
        outcome = unqueued_token_add(services, concert, call->user_id, call->token, &row, problem);
        if (outcome == QUEUE_SETTLED)
            queue_fill_active(&call->position, &row);
        return outcome;
    }
    const struct queue_tokens *saved = queue_news_to_take_along(services, &settings);
    int64_t asked_ms = clock_monotonic();
    enum queue_answer answer =
        queue_store_add(services->redis, &settings, call->token, call->user_id, saved, &entry);
    if (saved != NULL && answer == QUEUE_OK)
        services->news.what = QUEUE_NO_NEWS;
    if (answer == QUEUE_FULL) {
        refuse(problem, ERROR_QUEUE_FULL);
        return QUEUE_REFUSED;
    }
    if (answer != QUEUE_OK)
        return queue_recover(services, &settings, answer, call->token, call->user_id, problem);
    if (entry.replaced_state != 0) {
        outcome =
            queue_record_end(services, &settings, entry.replaced, entry.replaced_state, problem);
        if (outcome != QUEUE_OVER)
            return outcome;
    }
    outcome = settle(services, &settings, &entry, asked_ms, true, &row, problem);
    if (outcome == QUEUE_SETTLED)
        queue_fill_position(&call->position, &settings, &entry, &row);
    return outcome;
}

enum error
queue_add(struct services *services, const struct concert *concert, const char *user_id,
          const char *proof, struct queue_position *position, struct problem *problem)
{
    struct queue_call call = {.user_id = user_id, .proof = proof};
    random_fill(call.token, TOKEN_SIZE);
    enum error error = make_call(services, concert, try_add, &call, problem);
    *position = call.position;
    return error;
}

/* What a token that has ended is to who calls with it. */
static enum queue_outcome
refuse_ended(enum queue_outcome outcome, struct problem *problem)
{
    if (outcome != QUEUE_OVER)
        return outcome;
    refuse(problem, ERROR_TOKEN_INVALID);
    return QUEUE_REFUSED;
}

/* One attempt to hear how a token stands. After the first the row is looked at in any case. */
static enum queue_outcome
try_status(struct services *services, const struct concert *concert, struct queue_call *call,
           struct problem *problem)
{
    struct queue_settings settings = queue_settings_of(services, concert);
    struct queue_entry entry;
    struct token_row row;
    enum queue_outcome outcome = QUEUE_OVER;
    if (!concert->queued) {
        outcome = unqueued_token_find(services, concert, call->token, call->user_id, &row, problem);
        if (outcome == QUEUE_SETTLED)
            queue_fill_active(&call->position, &row);
        return outcome;
    }
    int64_t asked_ms = clock_monotonic();
    const struct queue_tokens *saved = queue_news_to_take_along(services, &settings);
    enum queue_answer answer =
        queue_store_status(services->redis, &settings, call->token, call->user_id, saved, &entry);
    if (saved != NULL && answer == QUEUE_OK)
        services->news.what = QUEUE_NO_NEWS;
    if (answer == QUEUE_OK)
        outcome = settle(services, &settings, &entry, asked_ms, call->attempts > 0, &row, problem);
    else if (answer == QUEUE_ENDED)
        outcome = queue_record_end(services, &settings, call->token, entry.state, problem);
    else if (answer != QUEUE_FOREIGN)
        outcome = queue_recover(services, &settings, answer, call->token, call->user_id, problem);
    if (outcome == QUEUE_SETTLED)
        queue_fill_position(&call->position, &settings, &entry, &row);
    return refuse_ended(outcome, problem);
}

static enum error
ask_queue(struct services *services, const struct concert *concert, const uint8_t token[TOKEN_SIZE],
          const char *user_id, struct queue_position *position, struct problem *problem)
{
    struct queue_call call = {.user_id = user_id};
    memcpy(call.token, token, TOKEN_SIZE);
    enum error error = make_call(services, concert, try_status, &call, problem);
    *position = call.position;
    return error;
}

/* Reads a token's text and its concert; whatever does not fit is token_invalid. */
static enum error
find_concert(struct services *services, const char *text, struct concert *concert,
             uint8_t token[TOKEN_SIZE], struct problem *problem)
{
    int32_t concert_id;
    if (text == NULL)
        return refuse(problem, ERROR_TOKEN_MISSING);
    if (!queue_read_token(text, &concert_id, token))
        return refuse(problem, ERROR_TOKEN_INVALID);
    enum error error = concert_find(services->db, concert_id, concert, problem);
    return error == ERROR_CONCERT_NOT_FOUND ? refuse(problem, ERROR_TOKEN_INVALID) : error;
}

enum error
queue_status(struct services *services, const char *text, const char *caller,
             struct queue_position *position, struct problem *problem)
{
    struct concert concert = {0};
    uint8_t token[TOKEN_SIZE];
    enum error error = find_concert(services, text, &concert, token, problem);
    if (error != ERROR_NONE)
        return error;
    return ask_queue(services, &concert, token, caller, position, problem);
}

enum error
queue_admit(struct services *services, const struct concert *concert, const char *user_id,
            const char *text, struct queue_position *position, struct problem *problem)
{
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    if (text == NULL)
        return refuse(problem, ERROR_TOKEN_MISSING);
    if (!queue_read_token(text, &concert_id, token) || concert_id != concert->concert_id)
        return refuse(problem, ERROR_TOKEN_INVALID);
    enum error error = ask_queue(services, concert, token, user_id, position, problem);
    if (error != ERROR_NONE || position->active)
        return error;
    return refuse(problem, ERROR_TOKEN_NOT_ACTIVE);
}

void
queue_renew(struct services *services, const struct concert *concert, const char *user_id,
            const char *text)
{
    struct queue_position position;
    struct token_row row;
    struct problem problem;
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    if (concert->queued && concert->idle_seconds > 0 &&
        queue_read_token(text, &concert_id, token) && concert_id == concert->concert_id &&
        token_table_find(services->db, token, &row) == DB_OK && token_may_idle(&row))
        ask_queue(services, concert, token, user_id, &position, &problem);
}

/*
 * Redis has the token as left; MySQL gets it written, unless a call that met it there was quicker.
 * Where MySQL had it ended in another way, there was nothing to leave.
 */
static enum queue_outcome
write_leave(struct services *services, const struct queue_settings *settings,
            const uint8_t token[TOKEN_SIZE], struct problem *problem)
{
    struct token_row row;
    enum db_result result = token_table_find(services->db, token, &row);
    bool was_live = result == DB_NONE || (result == DB_OK && token_is_live(&row));
    if (result == DB_OK && was_live)
        result = token_table_end(services->db, row.kind, token, TOKEN_LEFT);
    if (result != DB_OK && result != DB_NONE) {
        refuse_db(problem, result);
        return QUEUE_REFUSED;
    }
    queue_forget(services, settings, token);
    bool has_left = was_live || row.status == TOKEN_LEFT;
    return has_left ? QUEUE_SETTLED : QUEUE_OVER;
}

static enum queue_outcome
try_leave(struct services *services, const struct concert *concert, struct queue_call *call,
          struct problem *problem)
{
    struct queue_settings settings = queue_settings_of(services, concert);
    struct queue_moved moved;
    enum queue_outcome outcome = QUEUE_OVER;
    if (!concert->queued)
        return unqueued_token_leave(services, concert, call->token, call->user_id, problem);
    enum queue_answer answer =
        queue_store_leave(services->redis, &settings, call->token, call->user_id, &moved);
    if (answer == QUEUE_OK) {
        queue_note_serving(services, settings.concert_id, moved);
        outcome = write_leave(services, &settings, call->token, problem);
    } else if (answer == QUEUE_ENDED) {
        outcome = queue_record_end(services, &settings, call->token, QUEUE_TOKEN_LAPSED, problem);
    } else if (answer != QUEUE_FOREIGN) {
        outcome = queue_recover(services, &settings, answer, call->token, call->user_id, problem);
    }
    return refuse_ended(outcome, problem);
}

enum error
queue_leave(struct services *services, const char *text, const char *caller,
            struct problem *problem)
{
    struct concert concert = {0};
    struct queue_call call = {.user_id = caller};
    if (find_concert(services, text, &concert, call.token, problem) != ERROR_NONE ||
        concert_require_service(&concert, problem) != ERROR_NONE)
        return problem->error;
    return make_call(services, &concert, try_leave, &call, problem);
}
