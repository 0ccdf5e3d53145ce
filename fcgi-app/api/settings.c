/* GET /settings */
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/config.h"
#include "domain/services.h"

/*
 * How the pages sign in. A provider that serves several shops learns for which one a token is
 * wanted (RFC 8707), which must be an address.
 */
static void
render_signin(struct json *json, const struct config *config)
{
    if (config->signin_client[0] == '\0')
        return;
    json_begin_object(json, "signIn");
    json_write_string(json, "issuer", config->jwt_issuer);
    json_write_string(json, "clientId", config->signin_client);
    json_write_string(json, "scope", config->signin_scope);
    if (strstr(config->jwt_audience, "://") != NULL)
        json_write_string(json, "resource", config->jwt_audience);
    json_end_object(json);
}

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
    render_signin(&json, config);
    json_end_object(&json);
    char hash[API_HASH_SIZE];
    api_hash(response->body.data, response->body.length, hash);
    api_cache_public(response, hash, started);
}
