/* GET /health, /health/ready */
#include "api/api.h"
#include "api/handlers.h"
#include "domain/readiness.h"

void
health_live(void *services, const struct request *request, struct response *response)
{
    (void)services;
    (void)request;
    buffer_text(&response->body, "{\"status\":\"ok\"}");
}

static void
write_dependency(struct json *json, const char *name, bool up, int64_t latency_us)
{
    json_begin_object(json, name);
    json_write_string(json, "status", up ? "up" : "down");
    json_write_optional_integer(json, "latencyMs", up, latency_us / 1000);
    json_end_object(json);
}

/*
 * Without Redis no queue moves, but all else goes on: degraded. Without MySQL nothing can be sold.
 */
void
health_ready(void *services, const struct request *request, struct response *response)
{
    (void)request;
    int64_t mysql_us, redis_us;
    bool mysql = readiness_check_mysql(services, &mysql_us);
    bool redis = readiness_check_redis(services, &redis_us);
    struct json json;
    if (mysql) {
        json = json_writer(&response->body);
        json_begin_object(&json, NULL);
        json_write_string(&json, "status", redis ? "ready" : "degraded");
    } else {
        struct problem problem = {.error = ERROR_MYSQL_UNAVAILABLE};
        json = response_begin_problem(response, &problem);
    }
    json_begin_object(&json, "dependencies");
    write_dependency(&json, "mysql", mysql, mysql_us);
    write_dependency(&json, "redis", redis, redis_us);
    json_end_object(&json);
    json_end_object(&json);
}
