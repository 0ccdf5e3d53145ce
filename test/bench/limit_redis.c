/* limit_redis: the calls to Redis of a route, in a loop with one connection a worker. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "domain/concert/concert.h"
#include "domain/queue/line_place.h"
#include "limit_loop.h"

enum { LINE_CONCERT = 22 };

/* The line's settings; once it is sure that Redis has the line. */
static const struct line_settings *
line_of_concert(struct services *services)
{
    static struct line_settings settings;
    struct concert concert;
    struct line_state state;
    struct problem problem;
    if (settings.concert_id != 0)
        return &settings;
    if (concert_find(services->db, LINE_CONCERT, &concert, &problem) != ERROR_NONE ||
        line_state(services, &concert, &state, &problem) != ERROR_NONE)
        return NULL;
    settings = line_settings_of(services, &concert);
    return &settings;
}

/* POST /token/add where a line is kept: takes a place, and says that MySQL has the last one's row.
 */
static bool
step_token_line(struct services *services, int64_t number)
{
    const struct line_settings *settings = line_of_concert(services);
    static struct line_place last;
    uint8_t fresh[TOKEN_SIZE];
    char user[USER_ID_SIZE];
    struct line_place place;
    if (settings == NULL || getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
        return false;
    snprintf(user, sizeof user, "limit-%lld", (long long)number);
    if (line_store_add(services->redis, settings, fresh, user, last.token, &place) != LINE_OK)
        return false;
    last = place;
    return true;
}

int
main(int argc, char **argv)
{
    static const struct limit limits[] = {{"token-line", step_token_line}};
    return limit_loop_main(argc, argv, limits, 1);
}
