/* limit_redis: the calls to Redis of a route, in a loop with one connection a worker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "domain/concert/concert.h"
#include "domain/queue/queue_entry.h"
#include "limit_loop.h"

enum { QUEUE_CONCERT = 22 };

/* The queue's settings; once it is sure that Redis has the queue. */
static const struct queue_settings *
queue_of_concert(struct services *services)
{
    static struct queue_settings settings;
    struct concert concert;
    struct queue_state state;
    struct problem problem;
    if (settings.concert_id != 0)
        return &settings;
    if (concert_find(services->db, QUEUE_CONCERT, &concert, &problem) != ERROR_NONE ||
        queue_state(services, &concert, &state, &problem) != ERROR_NONE)
        return NULL;
    settings = queue_settings_of(services, &concert);
    return &settings;
}

/* POST /token/add where a queue is kept: takes a place, and says that MySQL has the last one's row.
 */
static bool
step_token_queue(struct services *services, int64_t number)
{
    const struct queue_settings *settings = queue_of_concert(services);
    static struct queue_tokens last = {.count = 1};
    uint8_t fresh[TOKEN_SIZE];
    char user[USER_ID_SIZE];
    struct queue_entry entry;
    if (settings == NULL || getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
        return false;
    snprintf(user, sizeof user, "limit-%lld", (long long)number);
    if (queue_store_add(services->redis, settings, fresh, user, &last, &entry) != QUEUE_OK)
        return false;
    memcpy(last.list[0], entry.token, TOKEN_SIZE);
    return true;
}

int
main(int argc, char **argv)
{
    static const struct limit limits[] = {{"token-queue", step_token_queue, 1}};
    return limit_loop_main(argc, argv, limits, 1);
}
