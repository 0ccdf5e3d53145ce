#include "domain/queue/queue_rebuild.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "domain/concert/concert.h"
#include "domain/queue/queue.h"
#include "mysql/draw/draw_table.h"
#include "mysql/queue/queue_table.h"
#include "mysql/queue/token_table.h"

enum { BUDGET_MS = 1000, MOMENT_MS = 5 };

enum error
queue_refuse(struct problem *problem, enum queue_answer answer)
{
    if (answer == QUEUE_FAILED)
        return refuse(problem, ERROR_INTERNAL_ERROR);
    refuse(problem, ERROR_QUEUE_UNAVAILABLE);
    if (answer != QUEUE_GONE && answer != QUEUE_NO_ROOM)
        problem->retry_after = 1; /* it is being loaded */
    return ERROR_QUEUE_UNAVAILABLE;
}

/* Where the next chunk begins, after these rows. */
static void
move_cursor(struct queue_cursor *cursor, const struct token_row *rows, size_t count)
{
    if (count < TOKEN_CHUNK) {
        *cursor = (struct queue_cursor){.part = cursor->part + 1};
        return;
    }
    cursor->number = rows[count - 1].number;
    snprintf(cursor->user_id, sizeof cursor->user_id, "%s", rows[count - 1].user_id);
}

/* With the rank of each, where there is a draw and ranks are drawn. */
static enum db_result
convert(struct services *services, const struct queue_settings *settings,
        const struct token_row *rows, size_t count, struct queue_row *out)
{
    struct draw_page page = {.concert_id = settings->concert_id, .chunk = -1};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < count && result == DB_OK; i++) {
        out[i] = (struct queue_row){
            .token = rows[i].token,
            .user_id = rows[i].user_id,
            .number = rows[i].number,
            .ends_ms = rows[i].ends_ms,
            .lease_ms = rows[i].lease_ms,
        };
        if (settings->draw)
            result = draw_table_page_rank(services->db, &page, rows[i].number, &out[i].rank);
    }
    return result;
}

/* Reads a chunk, loads it and moves the cursor. */
static enum error
load_chunk(struct services *services, const struct queue_settings *settings,
           struct queue_cursor *cursor, int64_t deadline, struct problem *problem)
{
    static struct token_row rows[TOKEN_CHUNK]; /* too large for the stack */
    static struct queue_row loaded[TOKEN_CHUNK];
    size_t count;
    enum db_result result =
        queue_table_read_live(services->db, settings->concert_id, (enum token_part)cursor->part,
                              cursor->number, cursor->user_id, rows, &count);
    if (result == DB_OK)
        result = convert(services, settings, rows, count, loaded);
    if (result != DB_OK)
        return refuse_db(problem, result);
    move_cursor(cursor, rows, count);
    bool goes_on = cursor->part == TOKEN_PART_COUNT || clock_monotonic() < deadline;
    enum queue_answer answer =
        queue_store_load(services->redis, settings, loaded, count, cursor, goes_on);
    if (answer == QUEUE_OK && goes_on)
        return ERROR_NONE;
    return queue_refuse(problem, answer == QUEUE_OK ? QUEUE_BUSY : answer);
}

static enum error
finish(struct services *services, const struct queue_settings *settings, struct problem *problem)
{
    int32_t last, serving;
    enum db_result result =
        queue_table_find_highest(services->db, settings->concert_id, &last, &serving);
    if (result != DB_OK)
        return refuse_db(problem, result);
    enum queue_answer answer = queue_store_rebuilt(services->redis, settings, last, serving);
    if (answer != QUEUE_OK)
        return queue_refuse(problem, answer);
    log_info("the queue of concert %d is loaded: last number %d, serving %d",
             (int)settings->concert_id, (int)last, (int)serving);
    if (last > 0 && services->shared != NULL) /* not a new one */
        tally_add(&services->shared->tally, TALLY_QUEUE_LOADS, 1);
    return ERROR_NONE;
}

/*
 * What MySQL has of the draw. Where Redis was lost before it could be written down who is in, it
 * is who had come to a row before the freeze: from now on, whatever other calls find.
 */
static enum db_result
read_frozen(struct services *services, const struct queue_settings *settings,
            struct queue_frozen *frozen)
{
    struct concert concert;
    struct draw draw;
    int32_t last;
    *frozen = (struct queue_frozen){0};
    if (!settings->draw)
        return DB_OK;
    enum db_result result = draw_table_find(services->db, settings->concert_id, &draw);
    if (result == DB_OK && !draw.frozen)
        result = concert_table_find(services->db, settings->concert_id, &concert);
    if (result != DB_OK)
        return result;
    if (!draw.frozen) {
        int64_t freezes_at = concert_freezes_at(&concert);
        if (freezes_at == CLOCK_NEVER || concert.now < freezes_at)
            return DB_OK;
        result = draw_table_last_before(services->db, concert.concert_id, freezes_at, &last);
        if (result == DB_OK)
            result = draw_table_freeze(services->db, concert.concert_id, last);
        if (result == DB_OK)
            result = draw_table_find(services->db, concert.concert_id, &draw);
    }
    *frozen = (struct queue_frozen){
        .frozen = true,
        .last = draw.frozen_last,
        .ranked_last = draw.drawn_at != CLOCK_NEVER ? draw.frozen_last : 0,
    };
    return result;
}

/* A long queue is not waited for: that would hold all workers. Redis says which it is. */
static enum queue_answer
begin(struct services *services, const struct queue_settings *settings, int64_t deadline,
      struct queue_cursor *cursor, struct problem *problem)
{
    enum queue_answer answer;
    struct queue_frozen frozen;
    int32_t last, serving;
    enum db_result result =
        queue_table_find_highest(services->db, settings->concert_id, &last, &serving);
    if (result == DB_OK)
        result = read_frozen(services, settings, &frozen);
    if (result != DB_OK) {
        refuse_db(problem, result);
        return QUEUE_FAILED;
    }
    do {
        answer = queue_store_rebuild(services->redis, settings, last, serving, &frozen, cursor);
        if (answer == QUEUE_WAIT)
            usleep(MOMENT_MS * 1000);
    } while (answer == QUEUE_WAIT && clock_monotonic() < deadline);
    if (answer != QUEUE_OK && answer != QUEUE_READY)
        queue_refuse(problem, answer);
    return answer;
}

enum error
queue_rebuild(struct services *services, const struct queue_settings *settings,
              struct problem *problem)
{
    int64_t deadline = clock_monotonic() + BUDGET_MS;
    if (services->deadline != 0 && services->deadline < deadline)
        deadline = services->deadline;
    struct queue_cursor cursor = {0};
    enum queue_answer answer = begin(services, settings, deadline, &cursor, problem);
    if (answer != QUEUE_OK)
        return answer == QUEUE_READY ? ERROR_NONE : problem->error;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && cursor.part < TOKEN_PART_COUNT)
        error = load_chunk(services, settings, &cursor, deadline, problem);
    return error == ERROR_NONE ? finish(services, settings, problem) : error;
}

bool
queue_erase(struct services *services, int32_t concert_id)
{
    return queue_store_erase(services->redis, concert_id);
}

int
queue_find_empty_database(struct services *services)
{
    return redis_find_empty_database(services->redis);
}
