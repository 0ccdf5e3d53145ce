/* GET /settings */
#include "api/api.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/config.h"
#include "domain/services.h"

/* What the pages have to know of the configuration; no store is asked. */
void
settings_show(void *services, const struct request *request, struct response *response)
{
    (void)request;
    const struct config *config = ((struct services *)services)->config;
    int64_t started = clock_monotonic_us();
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "caller", config->caller);
    json_write_string(&json, "charge", config_charge(config));
    json_end_object(&json);
    char hash[API_HASH_SIZE];
    api_hash(response->body.data, response->body.length, hash);
    api_cache_public(response, hash, started);
}
