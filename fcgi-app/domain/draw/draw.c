#include "domain/draw/draw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "domain/concert/concert.h"
#include "domain/draw/draw_list.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"

/* How long after the freeze an add that got its number before may still come to its row. */
enum { SEAL_MARGIN_MS = 1000 };

enum draw_state
draw_state(const struct concert *concert, const struct draw *draw)
{
    if (draw->drawn_at != CLOCK_NEVER)
        return concert->now >= concert->opens_at ? DRAW_REVEALED : DRAW_DRAWN;
    if (draw->listed)
        return DRAW_LISTED;
    return concert->now >= concert_freezes_at(concert) ? DRAW_FROZEN : DRAW_COLLECTING;
}

const char *
draw_state_name(enum draw_state state)
{
    static const char *const names[] = {"collecting", "frozen", "listed", "drawn", "revealed"};
    return names[state];
}

enum error
draw_find_state(struct services *services, const struct concert *concert, enum draw_state *state,
                struct problem *problem)
{
    struct draw draw;
    enum db_result result = draw_table_find(services->db, concert->concert_id, &draw);
    if (result != DB_OK)
        return refuse_db(problem, result);
    *state = draw_state(concert, &draw);
    return ERROR_NONE;
}

enum error
draw_find(struct services *services, struct concert *concert, struct draw *draw,
          struct problem *problem)
{
    enum db_result result = draw_table_find(services->db, concert->concert_id, draw);
    if (result == DB_OK)
        result = concert_table_find_whole(services->db, draw->concert_id, concert);
    return refuse_db(problem, result); /* DB_NONE is a bug: the draw's row comes with the switch */
}

enum error
draw_note_frozen(struct services *services, const struct queue_state *queue, struct draw *draw,
                 struct problem *problem)
{
    if (draw->frozen || !queue->frozen)
        return ERROR_NONE;
    enum db_result result = draw_table_freeze(services->db, draw->concert_id, queue->frozen_last);
    if (result == DB_OK)
        result = draw_table_find(services->db, draw->concert_id, draw);
    return refuse_db(problem, result);
}

/* What the steps work on. */
struct run {
    struct services *services;
    struct concert concert;
    struct draw draw;
    bool unwritten; /* the list's file is missing */
};

/* The first call that finds the freeze due freezes the queue: this is one. */
static enum error
freeze(struct run *run, struct problem *problem)
{
    struct queue_state queue;
    if (run->draw.frozen || run->concert.now < concert_freezes_at(&run->concert))
        return ERROR_NONE;
    enum error error = queue_await_state(run->services, &run->concert, &queue, problem);
    if (error != ERROR_NONE)
        return error;
    return draw_note_frozen(run->services, &queue, &run->draw, problem);
}

static enum error
seal(struct run *run, struct problem *problem)
{
    int64_t settled =
        concert_freezes_at(&run->concert) + run->services->config->request_ms + SEAL_MARGIN_MS;
    if (!run->draw.frozen || run->draw.sealed_at != CLOCK_NEVER || run->concert.now < settled)
        return ERROR_NONE;
    return refuse_db(problem, draw_table_seal(run->services->db, run->concert.concert_id));
}

/* Reads the list; where its hash is published already, it must be that one. */
static enum error
read_list(struct run *run, struct draw_list *list, uint8_t hash[DRAW_BYTES],
          struct problem *problem)
{
    enum error error = refuse_db(problem, draw_list_read(run->services->db, &run->draw, list));
    if (error != ERROR_NONE)
        return error;
    draw_list_hash(list, hash);
    if (!run->draw.listed || memcmp(hash, run->draw.list_hash, DRAW_BYTES) == 0)
        return ERROR_NONE;
    log_error("the draw of concert %d: its tokens are not those of the list that was published",
              (int)run->concert.concert_id);
    return refuse(problem, ERROR_INTERNAL_ERROR);
}

/* Any host may write the file, and again; without it the sale goes on. */
static enum error
publish(struct run *run, struct problem *problem)
{
    const char *folder = run->services->config->draw_folder;
    int32_t id = run->concert.concert_id;
    struct draw_list list = {0};
    uint8_t hash[DRAW_BYTES];
    if (run->draw.sealed_at == CLOCK_NEVER ||
        (run->draw.listed && draw_list_is_written(folder, id)))
        return ERROR_NONE;
    enum error error = read_list(run, &list, hash, problem);
    run->unwritten = error == ERROR_NONE && !draw_list_write(&list, folder, id);
    if (error == ERROR_NONE && !run->draw.listed) {
        error = refuse_db(problem,
                          draw_table_publish(run->services->db, id, hash, (int32_t)list.count));
        if (error == ERROR_NONE)
            log_info("the draw of concert %d: %zu are in, the list is published", (int)id,
                     list.count);
    }
    draw_list_free(&list);
    return error;
}

/* From now on the beacon is what it is. */
static enum error
decide(struct run *run, struct problem *problem)
{
    const struct concert *concert = &run->concert;
    int64_t deadline = concert->opens_at - (int64_t)concert->draw_lead_seconds * 1000 / 5;
    bool due =
        concert->beacon[0] != '\0' || concert->beacon_source[0] == '\0' || concert->now >= deadline;
    if (!run->draw.listed || run->draw.decided_at != CLOCK_NEVER || !due)
        return ERROR_NONE;
    return refuse_db(problem, draw_table_decide(run->services->db, concert->concert_id));
}

static enum db_result
store_ranks(struct database *db, const struct draw *draw, const struct draw_list *list,
            const int32_t *ranks)
{
    size_t at = 0;
    enum db_result result = DB_OK;
    for (int32_t first = 1; first <= draw->frozen_last && result == DB_OK;
         first += DRAW_PAGE_RANKS) {
        int32_t max = draw->frozen_last - first + 1;
        struct draw_page page = {
            .concert_id = draw->concert_id,
            .chunk = first / DRAW_PAGE_RANKS,
            .length = 4 * (size_t)(max < DRAW_PAGE_RANKS ? max : DRAW_PAGE_RANKS),
        };
        for (; at < list->count && list->numbers[at] < first + DRAW_PAGE_RANKS; at++)
            for (int byte = 0; byte < 4; byte++)
                page.ranks[4 * (list->numbers[at] - first) + byte] =
                    (uint8_t)(ranks[at] >> (24 - 8 * byte));
        result = draw_table_put_page(db, &page);
    }
    return result;
}

static enum error
draw_lots(struct run *run, struct problem *problem)
{
    struct database *db = run->services->db;
    struct draw_list list = {0};
    uint8_t hash[DRAW_BYTES];
    if (run->draw.decided_at == CLOCK_NEVER || run->draw.drawn_at != CLOCK_NEVER)
        return ERROR_NONE;
    enum error error = read_list(run, &list, hash, problem);
    if (error == ERROR_NONE) {
        int32_t *ranks = draw_list_rank(&list, &run->draw, run->concert.beacon);
        enum db_result result = store_ranks(db, &run->draw, &list, ranks);
        if (result == DB_OK)
            result = draw_table_finish(db, run->concert.concert_id);
        error = refuse_db(problem, result);
        free(ranks);
    }
    if (error == ERROR_NONE)
        log_info("the draw of concert %d: the ranks are drawn, with%s beacon",
                 (int)run->concert.concert_id, run->concert.beacon[0] != '\0' ? " the" : "out a");
    draw_list_free(&list);
    return error;
}

static enum db_result
read_ranks(struct database *db, const struct draw *draw, int32_t after, struct draw_page *page,
           struct queue_rank ranks[DRAW_CHUNK], size_t *count, int32_t *until)
{
    struct draw_token tokens[DRAW_CHUNK];
    enum db_result result =
        draw_table_tokens(db, draw->concert_id, after, draw->frozen_last, tokens, count);
    for (size_t i = 0; i < *count && result == DB_OK; i++) {
        memcpy(ranks[i].token, tokens[i].token, TOKEN_SIZE);
        result = draw_table_page_rank(db, page, tokens[i].number, &ranks[i].rank);
    }
    *until = *count < DRAW_CHUNK ? draw->frozen_last : tokens[DRAW_CHUNK - 1].number;
    return result;
}

/* Brings the ranks into the queue, from where anybody stopped. */
static enum error
load(struct run *run, struct problem *problem)
{
    const struct draw *draw = &run->draw;
    struct queue_settings settings = queue_settings_of(run->services, &run->concert);
    struct draw_page page = {.concert_id = draw->concert_id, .chunk = -1};
    struct queue_rank ranks[DRAW_CHUNK];
    struct queue_state queue;
    if (draw->drawn_at == CLOCK_NEVER)
        return ERROR_NONE;
    enum error error = queue_await_state(run->services, &run->concert, &queue, problem);
    while (error == ERROR_NONE &&
           (queue.frozen_last != draw->frozen_last || queue.ranked_last < draw->frozen_last)) {
        int32_t until;
        size_t count;
        enum db_result result =
            read_ranks(run->services->db, draw, queue.ranked_last, &page, ranks, &count, &until);
        if (result != DB_OK)
            return refuse_db(problem, result);
        enum queue_answer answer =
            queue_store_rank(run->services->redis, &settings, draw->frozen_last, until, ranks,
                             count, &queue.ranked_last);
        queue.frozen_last = draw->frozen_last;
        if (answer == QUEUE_REBUILD)
            error = queue_await_state(run->services, &run->concert, &queue, problem);
        else if (answer != QUEUE_OK)
            error = queue_refuse(problem, answer);
    }
    return error;
}

enum error
draw_run(struct services *services, int32_t concert_id, struct problem *problem)
{
    static enum error (*const steps[])(struct run *, struct problem *) = {
        freeze, seal, publish, decide, draw_lots, load};
    struct run run = {.services = services, .concert.concert_id = concert_id};
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && error == ERROR_NONE; i++) {
        error = draw_find(services, &run.concert, &run.draw, problem);
        if (error == ERROR_NONE)
            error = steps[i](&run, problem);
    }
    if (error == ERROR_NONE && run.unwritten)
        return refuse(problem, ERROR_INTERNAL_ERROR);
    return error;
}

enum db_result
draw_sweep(struct services *services, struct draw_sweep_report *report)
{
    int32_t concert_id = 0;
    struct problem problem;
    enum db_result result;
    *report = (struct draw_sweep_report){0};
    while ((result = draw_table_next(services->db, concert_id, &concert_id)) == DB_OK) {
        enum error error = draw_run(services, concert_id, &problem);
        report->redis_gone = report->redis_gone || error == ERROR_QUEUE_UNAVAILABLE;
        report->failed += error != ERROR_NONE && error != ERROR_QUEUE_UNAVAILABLE;
    }
    return result == DB_NONE ? DB_OK : result;
}
