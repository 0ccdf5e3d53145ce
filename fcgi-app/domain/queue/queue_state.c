/* The part of queue that everybody may see. */
#include <unistd.h>

#include "base/clock.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"
#include "mysql/queue/queue_table.h"

enum { PATIENCE_MS = 60000, PAUSE_MS = 20 }; /* while a queue is being loaded */

enum error
queue_state(struct services *services, const struct concert *concert, struct queue_state *state,
            struct problem *problem)
{
    struct queue_settings settings = queue_settings_of(services, concert);
    struct queue_counts counts;
    *state = (struct queue_state){
        .refresh_seconds = UNQUEUED_POLL_SECONDS, .eta_seconds = -1, .eta_seconds_high = -1};
    bool was_ever_queued = concert->queue_version != concert->queue_since;
    if (!concert->queued && !was_ever_queued)
        return ERROR_NONE;
    if (!concert->queued) /* numbers go on where they were, should a queue be kept again */
        return refuse_db(problem, queue_table_find_highest(services->db, concert->concert_id,
                                                           &state->last_number, &state->serving));
    enum queue_answer answer = queue_store_state(services->redis, &settings, &counts);
    if (answer == QUEUE_REBUILD && queue_rebuild(services, &settings, problem) != ERROR_NONE)
        return problem->error;
    if (answer == QUEUE_REBUILD)
        answer = queue_store_state(services->redis, &settings, &counts);
    if (answer != QUEUE_OK)
        return queue_refuse(problem, answer);
    queue_note_serving(services, settings.concert_id, counts.moved);
    *state = (struct queue_state){
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
        .entered = counts.entered,
        .missed = counts.missed,
        .eta_seconds = counts.eta_seconds,
        .eta_seconds_high = counts.eta_seconds_high,
    };
    return ERROR_NONE;
}

enum error
queue_await_state(struct services *services, const struct concert *concert,
                  struct queue_state *state, struct problem *problem)
{
    int64_t deadline = clock_monotonic() + PATIENCE_MS;
    enum error error;
    while ((error = queue_state(services, concert, state, problem)) == ERROR_QUEUE_UNAVAILABLE &&
           problem->retry_after > 0 && clock_monotonic() < deadline)
        usleep(PAUSE_MS * 1000);
    return error;
}
