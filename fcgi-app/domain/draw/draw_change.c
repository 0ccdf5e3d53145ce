/* The part of draw that keeps its promises when an operator changes a concert. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "domain/concert/concert.h"
#include "domain/draw/draw.h"
#include "mysql/queue/queue_table.h"

/* A call that still has the settings from before must not meet the freeze that they said. */
enum { LAST_CHANGE_MS = 10000 };

/* What must be so while tokens are collected. */
static enum error
check_plan(const struct concert *after, int64_t now, struct problem *problem)
{
    if (after->opens_at == CLOCK_NEVER)
        return refuse_field(problem, "draw", "A draw needs an opensAt");
    if (!after->queued)
        return refuse_field(problem, "draw", "A draw needs a queue: set admissionCapacity");
    if (concert_freezes_at(after) <= now)
        return refuse_field(problem, "draw",
                            "opensAt minus drawLeadSeconds must be in the future for a draw");
    return ERROR_NONE;
}

static enum error
begin(struct services *services, const struct concert *after, int64_t now, struct problem *problem)
{
    uint8_t seed[DRAW_BYTES];
    int32_t last, serving;
    enum error error = check_plan(after, now, problem);
    if (error != ERROR_NONE)
        return error;
    enum db_result result =
        queue_table_find_highest(services->db, after->concert_id, &last, &serving);
    if (result == DB_OK && last > 0)
        return refuse_field(problem, "draw",
                            "A draw cannot be switched on after the queue has given a number");
    random_fill(seed, sizeof seed);
    if (result == DB_OK)
        result = draw_table_begin(services->db, after->concert_id, seed);
    return refuse_db(problem, result);
}

/* From the freeze on what was promised stays: what can be changed is who may come how fast. */
static enum error
check_frozen(const struct concert *before, const struct concert *after, const struct draw *draw,
             struct problem *problem)
{
    static const char frozen[] = "The queue is frozen, or will be in 10 s: this cannot be changed";
    if (after->draw != before->draw)
        return refuse_field(problem, "draw", "%s", frozen);
    if (after->opens_at != before->opens_at)
        return refuse_field(problem, "opensAt", "%s", frozen);
    if (after->draw_lead_seconds != before->draw_lead_seconds)
        return refuse_field(problem, "drawLeadSeconds", "%s", frozen);
    if (strcmp(after->beacon_source, before->beacon_source) != 0)
        return refuse_field(problem, "beacon.source", "%s", frozen);
    if (!after->queued && before->queued && draw_state(before, draw) != DRAW_REVEALED)
        return refuse_field(problem, "admissionCapacity", "The draw is not done: it needs a queue");
    return ERROR_NONE;
}

/* Given once, when nobody can change the list any more, and before the ranks follow from it. */
static enum error
check_beacon(const struct concert *before, const struct concert *after, const struct draw *draw,
             struct problem *problem)
{
    static const char field[] = "beacon.value";
    if (strcmp(after->beacon, before->beacon) == 0)
        return ERROR_NONE;
    if (draw == NULL || !after->draw || !draw->listed)
        return refuse_field(problem, field, "The list of the draw is not published yet");
    if (before->beacon[0] != '\0')
        return refuse_field(problem, field, "The beacon's value was given already");
    if (draw->decided_at != CLOCK_NEVER)
        return refuse_field(problem, field, "The ranks are drawn already");
    if (before->beacon_source[0] == '\0')
        return refuse_field(problem, field, "No source was named before the freeze");
    return ERROR_NONE;
}

enum error
draw_change(struct services *services, const struct concert *before, const struct concert *after,
            struct problem *problem)
{
    struct draw draw = {0};
    int64_t now;
    enum db_result result = db_now(services->db, &now);
    if (result == DB_OK && before->draw)
        result = draw_table_lock(services->db, before->concert_id, &draw);
    enum error error = refuse_db(problem, result);
    if (error != ERROR_NONE)
        return error;
    if (before->draw && now >= concert_freezes_at(before) - LAST_CHANGE_MS)
        error = check_frozen(before, after, &draw, problem);
    else if (before->draw && after->draw)
        error = check_plan(after, now, problem);
    else if (after->draw)
        error = begin(services, after, now, problem);
    if (error == ERROR_NONE)
        error = check_beacon(before, after, before->draw ? &draw : NULL, problem);
    return error;
}
