#include "server/request_log.h"

#include "base/clock.h"
#include "base/log.h"

/* A crowd that is refused must not be made slower by the log. */
enum { LINES_PER_S = 20, SECOND_MS = 1000 };

/* False: enough was said in this second. Begins the next one with what was left out. */
static bool
may_say_more(void)
{
    static int64_t second_began;
    static int lines;
    int64_t now = clock_monotonic();
    if (now - second_began >= SECOND_MS) {
        if (lines > LINES_PER_S)
            log_warn("%d more requests failed or were slow in one second", lines - LINES_PER_S);
        second_began = now;
        lines = 0;
    }
    return lines++ < LINES_PER_S;
}

void
request_log(const struct config *config, const struct route *route, const struct exchange *exchange,
            const struct spent before[DEPENDENCY_COUNT], const struct request_times *times)
{
    const struct response *response = &exchange->response;
    const char *trace = exchange->request.trace_id;
    /* maintenance and a full queue are refusals on purpose */
    bool failed = response->status >= 500 && response->error != ERROR_MAINTENANCE &&
                  response->error != ERROR_QUEUE_FULL;
    bool slow = config->slow_ms > 0 && times->took_us / 1000 >= config->slow_ms;
    if ((!failed && !slow) || !may_say_more())
        return;
    const struct spent *mysql = spent_of(DEPENDENCY_MYSQL), *redis = spent_of(DEPENDENCY_REDIS);
    const struct spent *mysql_before = &before[DEPENDENCY_MYSQL];
    const struct spent *redis_before = &before[DEPENDENCY_REDIS];
    const struct log_field fields[] = {
        {"method", exchange->request.method_name, 0},
        {"route", route != NULL ? route->pattern : "none", 0},
        {"status", NULL, response->status},
        {"code", response->error != ERROR_NONE ? error_code(response->error) : "ok", 0},
        {"ms", NULL, times->took_us / 1000},
        {"waitedMs", NULL, times->waited_us / 1000},
        {"user", exchange->request.caller, 0},
        {"mysqlStatements", NULL, (int64_t)(mysql->calls - mysql_before->calls)},
        {"mysqlMs", NULL, (int64_t)(mysql->microseconds - mysql_before->microseconds) / 1000},
        {"redisCalls", NULL, (int64_t)(redis->calls - redis_before->calls)},
        {"redisMs", NULL, (int64_t)(redis->microseconds - redis_before->microseconds) / 1000},
        {"mysqlSessions", spent_sessions(), 0},
        {"trace", trace != NULL ? trace : "-", 0},
    };
    log_write_fields(LOG_LEVEL_WARN, fields, sizeof fields / sizeof fields[0],
                     failed ? "a request failed" : "a request was slow");
}
