#include "domain/queue/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "domain/concert/concert.h"
#include "domain/queue/line_open.h"
#include "domain/queue/line_place.h"
#include "domain/queue/line_rebuild.h"

/* In one call: after each the two stores have come closer. */
enum { ATTEMPTS = 5, OPEN_POLL_SECONDS = 10 };

enum { PATIENCE_MS = 60000, PAUSE_MS = 20 }; /* while a line is being loaded */

bool
line_read_token(const char *text, int32_t *concert_id, uint8_t token[TOKEN_SIZE])
{
    int64_t id = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && id <= INT32_MAX; at++)
        id = id * 10 + (*at - '0');
    if (text[0] == '0' || at == text || id > INT32_MAX || *at != '-')
        return false;
    *concert_id = (int32_t)id;
    return hex_read(at + 1, token, TOKEN_SIZE);
}

void
line_write_token(int32_t concert_id, const uint8_t token[TOKEN_SIZE],
                 char text[LINE_TOKEN_TEXT_SIZE])
{
    int length = snprintf(text, LINE_TOKEN_TEXT_SIZE, "%" PRId32 "-", concert_id);
    hex_write(token, TOKEN_SIZE, text + length);
}

/* The ticket of a token that MySQL has as active. */
static void
fill_active(struct line_ticket *ticket, const struct token_row *row)
{
    *ticket = (struct line_ticket){
        .concert_id = row->concert_id,
        .active = true,
        .eta_known = true,
        .poll_after_seconds = OPEN_POLL_SECONDS,
        .expires_at = row->lease_until,
        .may_idle = token_may_idle(row),
    };
    memcpy(ticket->token, row->token, TOKEN_SIZE);
    snprintf(ticket->user_id, sizeof ticket->user_id, "%s", row->user_id);
}

static void
fill_ticket(struct line_ticket *ticket, const struct line_settings *settings,
            const struct line_place *place, const struct token_row *row)
{
    if (place->state == LINE_TOKEN_ACTIVE) {
        fill_active(ticket, row);
    } else {
        *ticket = (struct line_ticket){
            .concert_id = settings->concert_id,
            .position = place->position,
            .eta_known = place->eta_seconds >= 0,
            .eta_seconds = place->eta_seconds,
            .eta_seconds_high = place->eta_seconds_high,
            .expires_at = CLOCK_NEVER,
        };
        memcpy(ticket->token, place->token, TOKEN_SIZE);
        snprintf(ticket->user_id, sizeof ticket->user_id, "%s", place->user_id);
    }
    ticket->number = place->number > 0 ? place->shown : 0;
    ticket->poll_after_seconds = place->poll_seconds;
}

static void
note_moved_by(struct services *services, const struct line_settings *settings,
              const struct line_place *place)
{
    line_note_serving(services, settings->concert_id,
                      (struct line_moved){place->serving, place->serving_raised});
}

/*
 * The row of a new or newly active token that was itself the highest one called tells MySQL so
 * when it is written; any other call is noted apart.
 */
static enum line_outcome
settle(struct services *services, const struct line_settings *settings, struct line_place *place,
       int64_t asked_ms, bool look, struct token_row *row, struct problem *problem)
{
    bool own = place->shown == place->serving && place->state == LINE_TOKEN_ACTIVE &&
               place->saved < LINE_SAVED_LEASE;
    if (!own) {
        note_moved_by(services, settings, place);
        place->serving_raised = false;
    }
    return line_settle(services, settings, place, asked_ms, look, row, problem);
}

/* A call about the line, which may take several attempts. */
struct line_call {
    const char *user_id;       /* "": whoever has the token */
    uint8_t token[TOKEN_SIZE]; /* asked about, or the bytes of a new one */
    int attempts;              /* before this one */
    struct line_ticket ticket;
};

typedef enum line_outcome attempt_function(struct services *services, const struct concert *concert,
                                           struct line_call *call, struct problem *problem);

/*
 * Makes attempts until both stores agree, each by the concert as it is then: it may be switched
 * from one kind of token to the other at any moment.
 */
static enum error
make_call(struct services *services, const struct concert *concert, attempt_function *attempt,
          struct line_call *call, struct problem *problem)
{
    struct concert now = *concert;
    for (; call->attempts < ATTEMPTS && services_has_time(services); call->attempts++) {
        enum line_outcome outcome = attempt(services, &now, call, problem);
        if (outcome == LINE_SETTLED)
            return ERROR_NONE;
        if (outcome == LINE_REFUSED)
            return problem->error;
        if (outcome == LINE_SWITCHED &&
            concert_find(services->db, concert->concert_id, &now, problem) != ERROR_NONE)
            return problem->error;
    }
    return line_refuse(problem, LINE_BUSY);
}

/* The token of which a call about this line can tell that MySQL has its row; NULL: none. */
static const uint8_t *
news_to_take_along(const struct services *services, const struct line_settings *settings)
{
    const struct line_news *news = &services->news;
    bool fits = news->what == LINE_NEWS_SAVED && news->concert_id == settings->concert_id;
    return fits ? news->token : NULL;
}

/* One attempt to take a place. OVER: the token that Redis gave has ended in MySQL. */
static enum line_outcome
try_add(struct services *services, const struct concert *concert, struct line_call *call,
        struct problem *problem)
{
    struct line_settings settings = line_settings_of(services, concert);
    struct line_place place;
    struct token_row row;
    enum line_outcome outcome;
    if (concert_require_line(concert, concert->now, problem) != ERROR_NONE)
        return LINE_REFUSED;
    if (concert->no_line) {
        outcome = line_open_add(services, concert, call->user_id, call->token, &row, problem);
        if (outcome == LINE_SETTLED)
            fill_active(&call->ticket, &row);
        return outcome;
    }
    const uint8_t *saved = news_to_take_along(services, &settings);
    int64_t asked_ms = clock_monotonic();
    enum line_answer answer =
        line_store_add(services->redis, &settings, call->token, call->user_id, saved, &place);
    if (saved != NULL && answer == LINE_OK)
        services->news.what = LINE_NO_NEWS;
    if (answer == LINE_FULL) {
        refuse(problem, ERROR_QUEUE_FULL);
        return LINE_REFUSED;
    }
    if (answer != LINE_OK)
        return line_recover(services, &settings, answer, call->token, call->user_id, problem);
    if (place.replaced_state != 0) {
        outcome = line_bury(services, &settings, place.replaced, place.replaced_state, problem);
        if (outcome != LINE_OVER)
            return outcome;
    }
    outcome = settle(services, &settings, &place, asked_ms, true, &row, problem);
    if (outcome == LINE_SETTLED)
        fill_ticket(&call->ticket, &settings, &place, &row);
    return outcome;
}

enum error
line_add(struct services *services, const struct concert *concert, const char *user_id,
         struct line_ticket *ticket, struct problem *problem)
{
    struct line_call call = {.user_id = user_id};
    if (getrandom(call.token, TOKEN_SIZE, 0) != (ssize_t)TOKEN_SIZE)
        abort();
    enum error error = make_call(services, concert, try_add, &call, problem);
    *ticket = call.ticket;
    return error;
}

/* What a token that has ended is to who calls with it. */
static enum line_outcome
refuse_ended(enum line_outcome outcome, struct problem *problem)
{
    if (outcome != LINE_OVER)
        return outcome;
    refuse(problem, ERROR_TOKEN_INVALID);
    return LINE_REFUSED;
}

/* One attempt to hear how a token stands. After the first the row is looked at in any case. */
static enum line_outcome
try_status(struct services *services, const struct concert *concert, struct line_call *call,
           struct problem *problem)
{
    struct line_settings settings = line_settings_of(services, concert);
    struct line_place place;
    struct token_row row;
    enum line_outcome outcome = LINE_OVER;
    if (concert->no_line) {
        outcome = line_open_find(services, concert, call->token, call->user_id, &row, problem);
        if (outcome == LINE_SETTLED)
            fill_active(&call->ticket, &row);
        return outcome;
    }
    int64_t asked_ms = clock_monotonic();
    const uint8_t *saved = news_to_take_along(services, &settings);
    enum line_answer answer =
        line_store_status(services->redis, &settings, call->token, call->user_id, saved, &place);
    if (saved != NULL && answer == LINE_OK)
        services->news.what = LINE_NO_NEWS;
    if (answer == LINE_OK)
        outcome = settle(services, &settings, &place, asked_ms, call->attempts > 0, &row, problem);
    else if (answer == LINE_ENDED)
        outcome = line_bury(services, &settings, call->token, place.state, problem);
    else if (answer != LINE_FOREIGN)
        outcome = line_recover(services, &settings, answer, call->token, call->user_id, problem);
    if (outcome == LINE_SETTLED)
        fill_ticket(&call->ticket, &settings, &place, &row);
    return refuse_ended(outcome, problem);
}

static enum error
ask_line(struct services *services, const struct concert *concert, const uint8_t token[TOKEN_SIZE],
         const char *user_id, struct line_ticket *ticket, struct problem *problem)
{
    struct line_call call = {.user_id = user_id};
    memcpy(call.token, token, TOKEN_SIZE);
    enum error error = make_call(services, concert, try_status, &call, problem);
    *ticket = call.ticket;
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
    if (!line_read_token(text, &concert_id, token))
        return refuse(problem, ERROR_TOKEN_INVALID);
    enum error error = concert_find(services->db, concert_id, concert, problem);
    return error == ERROR_CONCERT_NOT_FOUND ? refuse(problem, ERROR_TOKEN_INVALID) : error;
}

enum error
line_status(struct services *services, const char *text, const char *caller,
            struct line_ticket *ticket, struct problem *problem)
{
    struct concert concert = {0};
    uint8_t token[TOKEN_SIZE];
    enum error error = find_concert(services, text, &concert, token, problem);
    if (error != ERROR_NONE)
        return error;
    return ask_line(services, &concert, token, caller, ticket, problem);
}

enum error
line_admit(struct services *services, const struct concert *concert, const char *user_id,
           const char *text, struct line_ticket *ticket, struct problem *problem)
{
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    if (text == NULL)
        return refuse(problem, ERROR_TOKEN_MISSING);
    if (!line_read_token(text, &concert_id, token) || concert_id != concert->concert_id)
        return refuse(problem, ERROR_TOKEN_INVALID);
    enum error error = ask_line(services, concert, token, user_id, ticket, problem);
    if (error != ERROR_NONE || ticket->active)
        return error;
    return refuse(problem, ERROR_TOKEN_NOT_ACTIVE);
}

void
line_renew(struct services *services, const struct concert *concert, const char *user_id,
           const char *text)
{
    struct line_ticket ticket;
    struct token_row row;
    struct problem problem;
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    if (!concert->no_line && concert->idle_seconds > 0 &&
        line_read_token(text, &concert_id, token) && concert_id == concert->concert_id &&
        token_table_find(services->db, token, &row) == DB_OK && token_may_idle(&row))
        ask_line(services, concert, token, user_id, &ticket, &problem);
}

void
line_keep(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE],
          int64_t ms)
{
    line_note_news(services, LINE_NEWS_KEPT, concert_id, token);
    services->news.kept_ms = ms;
}

void
line_finish(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE])
{
    line_note_news(services, LINE_NEWS_DONE, concert_id, token);
}

bool
line_tell(struct services *services)
{
    struct line_news *news = &services->news;
    if (news->what == LINE_NEWS_SAVED && !news->is_old) {
        news->is_old = true;
        return true;
    }
    line_tell_now(services);
    return false;
}

/*
 * Redis has the token as left; MySQL gets it written, unless a call that met it there was quicker.
 * Where MySQL had it ended in another way, there was nothing to leave.
 */
static enum line_outcome
write_leave(struct services *services, const struct line_settings *settings,
            const uint8_t token[TOKEN_SIZE], struct problem *problem)
{
    struct token_row row;
    enum db_result result = token_table_find(services->db, token, &row);
    bool was_live = result == DB_NONE || (result == DB_OK && token_is_live(&row));
    if (result == DB_OK && was_live)
        result = token_table_end(services->db, row.kind, token, TOKEN_LEFT);
    if (result != DB_OK && result != DB_NONE) {
        refuse_db(problem, result);
        return LINE_REFUSED;
    }
    line_forget(services, settings, token);
    bool has_left = was_live || row.status == TOKEN_LEFT;
    return has_left ? LINE_SETTLED : LINE_OVER;
}

static enum line_outcome
try_leave(struct services *services, const struct concert *concert, struct line_call *call,
          struct problem *problem)
{
    struct line_settings settings = line_settings_of(services, concert);
    struct line_moved moved;
    enum line_outcome outcome = LINE_OVER;
    if (concert->no_line)
        return line_open_leave(services, concert, call->token, call->user_id, problem);
    enum line_answer answer =
        line_store_leave(services->redis, &settings, call->token, call->user_id, &moved);
    if (answer == LINE_OK) {
        line_note_serving(services, settings.concert_id, moved);
        outcome = write_leave(services, &settings, call->token, problem);
    } else if (answer == LINE_ENDED) {
        outcome = line_bury(services, &settings, call->token, LINE_TOKEN_LAPSED, problem);
    } else if (answer != LINE_FOREIGN) {
        outcome = line_recover(services, &settings, answer, call->token, call->user_id, problem);
    }
    return refuse_ended(outcome, problem);
}

enum error
line_leave(struct services *services, const char *text, const char *caller, struct problem *problem)
{
    struct concert concert = {0};
    struct line_call call = {.user_id = caller};
    enum error error = find_concert(services, text, &concert, call.token, problem);
    if (error != ERROR_NONE)
        return error;
    return make_call(services, &concert, try_leave, &call, problem);
}

/* Numbers go on where they were, should a line be kept again; without one Redis is not asked. */
static enum error
kept_numbers(struct services *services, const struct concert *concert, struct line_state *state,
             struct problem *problem)
{
    if (concert->line_version == concert->line_since) /* no line was ever kept */
        return ERROR_NONE;
    return refuse_db(problem, token_table_highest(services->db, concert->concert_id,
                                                  &state->last_number, &state->serving));
}

enum error
line_state(struct services *services, const struct concert *concert, struct line_state *state,
           struct problem *problem)
{
    struct line_settings settings = line_settings_of(services, concert);
    struct line_counts counts;
    *state = (struct line_state){
        .refresh_seconds = OPEN_POLL_SECONDS, .eta_seconds = -1, .eta_seconds_high = -1};
    if (concert->no_line)
        return kept_numbers(services, concert, state, problem);
    enum line_answer answer = line_store_state(services->redis, &settings, &counts);
    if (answer == LINE_REBUILD && line_rebuild(services, &settings, problem) != ERROR_NONE)
        return problem->error;
    if (answer == LINE_REBUILD)
        answer = line_store_state(services->redis, &settings, &counts);
    if (answer != LINE_OK)
        return line_refuse(problem, answer);
    line_note_serving(services, settings.concert_id, counts.moved);
    *state = (struct line_state){
        .serving = counts.moved.serving,
        .last_number = counts.last,
        .waiting = counts.waiting,
        .active = counts.active,
        .capacity = counts.capacity,
        .paused = counts.paused,
        .admitted_per_minute = counts.admitted_per_minute,
        .refresh_seconds = counts.refresh_seconds,
        .frozen = counts.frozen.frozen,
        .frozen_last = counts.frozen.last,
        .ranked_last = counts.frozen.ranked_last,
        .eta_seconds = counts.eta_seconds,
        .eta_seconds_high = counts.eta_seconds_high,
    };
    return ERROR_NONE;
}

enum error
line_await_state(struct services *services, const struct concert *concert, struct line_state *state,
                 struct problem *problem)
{
    int64_t deadline = clock_monotonic() + PATIENCE_MS;
    enum error error;
    while ((error = line_state(services, concert, state, problem)) == ERROR_QUEUE_UNAVAILABLE &&
           problem->retry_after > 0 && clock_monotonic() < deadline)
        usleep(PAUSE_MS * 1000);
    return error;
}
