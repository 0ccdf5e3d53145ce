#include "domain/services.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "domain/concert/layout.h"
#include "redis/redis.h"

struct services *
services_open(const struct config *config, struct shared *shared)
{
    struct services *services = calloc(1, sizeof *services);
    if (services == NULL)
        log_abort("no memory");
    services->config = config;
    services->shared = shared;
    if (shared != NULL)
        services->slot = occupancy_take(&shared->occupancy);
    services->db = db_open(config, config->mysql_timeout_ms, shared);
    services->admin_db = db_open_for_operators(config, shared);
    services->redis = redis_open(config, shared);
    services->layouts = layouts_open();
    return services;
}

void
services_close(struct services *services)
{
    if (services->slot != NULL)
        occupancy_free(services->slot);
    layouts_close(services->layouts);
    redis_close(services->redis);
    db_close(services->admin_db);
    db_close(services->db);
    free(services);
}

struct services
services_for_operator(const struct services *services, int64_t read_deadline)
{
    struct services copy = *services;
    copy.db = services->admin_db;
    copy.deadline = 0; /* of a buyer's call before */
    db_limit_reads(copy.db, read_deadline);
    return copy;
}

bool
services_probe(struct services *services)
{
    bool mysql_away = db_probe(services->db);
    bool redis_away = redis_probe(services->redis);
    return mysql_away || redis_away;
}

bool
services_has_time(const struct services *services)
{
    return services->deadline == 0 || clock_monotonic() < services->deadline;
}

enum error
refuse_db(struct problem *problem, enum db_result result)
{
    switch (result) {
    case DB_OK:
        return ERROR_NONE;
    case DB_RETRY:
        return refuse(problem, ERROR_BUSY);
    case DB_TOO_LONG:
        return refuse_because(problem, ERROR_MYSQL_UNAVAILABLE,
                              "MySQL ended this read because it took too long; ask for less at "
                              "once, or later");
    case DB_GONE:
        return refuse(problem, ERROR_MYSQL_UNAVAILABLE);
    case DB_NONE:
    case DB_DUPLICATE:
    case DB_FAILED:
        break;
    }
    return refuse(problem, ERROR_INTERNAL_ERROR);
}
