/* config: what must hold between several settings. */
#include <errno.h>
#include <string.h>

#include "base/address.h"
#include "base/config.h"
#include "base/host.h"
#include "base/time_zone.h"

/* Each step must end well before the one that waits for it, or the outer one hides the reason. */
static bool
check_ladder(const char *name, const int steps[], int count, char error[CONFIG_ERROR_SIZE])
{
    for (int i = 1; i < count; i++) {
        if (steps[i - 1] >= steps[i]) {
            snprintf(error, CONFIG_ERROR_SIZE,
                     "%s: the time-outs must rise from step to step, but step %d is %d ms and step "
                     "%d is %d ms",
                     name, i, steps[i - 1], i + 1, steps[i]);
            return false;
        }
    }
    return true;
}

/* MySQL's client counts its time-outs in seconds: what it really waits, in milliseconds. */
static int
whole_seconds(int ms)
{
    return (ms + 999) / 1000 * 1000;
}

/* The settings of one store that are about TLS. */
struct tls_settings {
    const char *store; /* how their names begin */
    const char *mode;
    const char *socket;
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
};

static bool
is_readable(const char *store, const char *setting, const char *path, char *error)
{
    FILE *file = *path != '\0' ? fopen(path, "r") : NULL;
    if (file == NULL && *path != '\0') {
        snprintf(error, CONFIG_ERROR_SIZE, "%s_tls_%s_file: %.200s: %s", store, setting, path,
                 strerror(errno));
        return false;
    }
    if (file != NULL)
        fclose(file);
    return true;
}

/* A file that would not be used, or is not there, must not look like protection. */
static bool
check_tls(const struct tls_settings *tls, char *error)
{
    bool verify = config_tls_of(tls->mode) == CONFIG_TLS_VERIFY;
    bool certificate = tls->certificate_file[0] != '\0';
    const char *reason = NULL;
    if (config_tls_of(tls->mode) != CONFIG_TLS_OFF && tls->socket[0] != '\0')
        reason = "TLS is not for a unix socket";
    else if (verify != (tls->ca_file[0] != '\0'))
        reason = "verify needs a ca_file, and only verify uses it";
    else if (certificate != (tls->key_file[0] != '\0'))
        reason = "certificate_file and key_file need each other";
    else if (certificate && config_tls_of(tls->mode) == CONFIG_TLS_OFF)
        reason = "a certificate_file is not used without TLS";
    if (reason != NULL) {
        snprintf(error, CONFIG_ERROR_SIZE, "%s_tls = %s: %s", tls->store, tls->mode, reason);
        return false;
    }
    return is_readable(tls->store, "ca", tls->ca_file, error) &&
           is_readable(tls->store, "certificate", tls->certificate_file, error) &&
           is_readable(tls->store, "key", tls->key_file, error);
}

static bool
check_hosts(const char *setting, const char *list, const char *rival, const char *rival_value,
            char *error)
{
    struct host hosts[HOSTS_MAX];
    if (list[0] == '\0')
        return true;
    if (host_list_read(list, 1, hosts) < 0) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 "%s: \"%.100s\" is no list of up to %d servers with blanks between: NAME, "
                 "NAME:PORT or [IPv6]:PORT",
                 setting, list, HOSTS_MAX);
        return false;
    }
    if (rival_value[0] == '\0')
        return true;
    snprintf(error, CONFIG_ERROR_SIZE, "%s and %s cannot both be set", setting, rival);
    return false;
}

/*
 * A request looks for the Redis to use by one server after the other. (MySQL's are only tried for
 * as long as a statement may take.)
 */
static bool
check_time_for_all(const struct config *config, const char *setting, const char *list, char *error)
{
    struct host hosts[HOSTS_MAX];
    int count = host_list_read(list, 1, hosts);
    if (count * config->redis_timeout_ms <= config->request_ms)
        return true;
    snprintf(error, CONFIG_ERROR_SIZE,
             "%s: to find that all %d servers are away takes %d ms (redis_timeout_ms each), and a "
             "request has %d ms (request_ms)",
             setting, count, count * config->redis_timeout_ms, config->request_ms);
    return false;
}

/* Where the stores are, and how they are reached. */
static bool
check_stores(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    const struct tls_settings mysql = {"mysql",
                                       config->mysql_tls,
                                       config->mysql_socket,
                                       config->mysql_tls_ca_file,
                                       config->mysql_tls_certificate_file,
                                       config->mysql_tls_key_file};
    const struct tls_settings redis = {"redis",
                                       config->redis_tls,
                                       config->redis_socket,
                                       config->redis_tls_ca_file,
                                       config->redis_tls_certificate_file,
                                       config->redis_tls_key_file};
    if (!check_tls(&mysql, error) || !check_tls(&redis, error) ||
        !check_hosts("mysql_hosts", config->mysql_hosts, "mysql_socket", config->mysql_socket,
                     error) ||
        !check_hosts("redis_hosts", config->redis_hosts, "redis_socket", config->redis_socket,
                     error) ||
        !check_hosts("redis_sentinels", config->redis_sentinels, "redis_socket",
                     config->redis_socket, error) ||
        !check_hosts("redis_sentinels", config->redis_sentinels, "redis_hosts", config->redis_hosts,
                     error) ||
        !check_time_for_all(config, "redis_hosts", config->redis_hosts, error) ||
        !check_time_for_all(config, "redis_sentinels", config->redis_sentinels, error))
        return false;
    if (config->redis_user[0] != '\0' && config->redis_password[0] == '\0') {
        snprintf(error, CONFIG_ERROR_SIZE, "redis_user needs a redis_password_file");
        return false;
    }
    return true;
}

/* Who may connect there could say of any user or operator that it calls for them. */
static bool
check_fastcgi(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    struct host host;
    const char *list = config->fastcgi_listen;
    const char *reason = NULL;
    if (list[0] == '\0')
        return true;
    if (!host_read_address(list, &host))
        reason = "is no IP address with a port, like 10.0.0.7:9000 or [2001:db8::7]:9000";
    else if (!address_is_loopback(host.name) && config->fastcgi_secrets[0][0] == '\0')
        reason = "can be reached by other machines; it needs a fastcgi_secret_file";
    if (reason != NULL)
        snprintf(error, CONFIG_ERROR_SIZE, "fastcgi_listen: \"%.100s\" %s", list, reason);
    return reason == NULL;
}

/* A token of anybody, or for anybody, would be as good as none. */
static bool
check_tokens(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    const struct {
        const char *name, *value;
    } needed[] = {{"jwt_keys_file", config->jwt_keys_file},
                  {"jwt_issuer", config->jwt_issuer},
                  {"jwt_audience", config->jwt_audience},
                  {"jwt_user", config->jwt_user}};
    if (!config_takes_tokens(config) && config->jwt_keys_file[0] != '\0') {
        snprintf(error, CONFIG_ERROR_SIZE, "jwt_keys_file is used only with caller = jwt");
        return false;
    }
    for (size_t i = 0; config_takes_tokens(config) && i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].value[0] == '\0') {
            snprintf(error, CONFIG_ERROR_SIZE, "caller = jwt needs %s", needed[i].name);
            return false;
        }
    }
    return true;
}

/* Secrets are made of the key, where they are needed; here nobody reads it. */
static bool
check_webhooks(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    if (!address_ranges_are_valid(config->webhook_allow)) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 "webhook_allow: \"%.100s\" is no list of address ranges with blanks between, like "
                 "10.1.2.0/24 fd00::/8",
                 config->webhook_allow);
        return false;
    }
    if (config_has_webhooks(config) && config->webhook_key_file[0] == '\0') {
        snprintf(error, CONFIG_ERROR_SIZE, "webhooks = on needs a webhook_key_file");
        return false;
    }
    return true;
}

/*
 * The length of the origin (RFC 6454) that a text begins with, as it may stand in a header of
 * nginx; 0 where there is none.
 */
static size_t
origin_length(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789.-:[]";
    size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
                    : strncmp(text, "http://", 7) == 0 ? 7
                                                       : 0;
    size_t host = scheme == 0 ? 0 : strspn(text + scheme, letters);
    return host == 0 ? 0 : scheme + host;
}

bool
config_next_signin_origin(const struct config *config, const char **rest,
                          char origin[CONFIG_TEXT_SIZE])
{
    size_t length;
    if (*rest == NULL) {
        *rest = config->signin_origins;
        length = origin_length(config->jwt_issuer);
        snprintf(origin, CONFIG_TEXT_SIZE, "%.*s", (int)length, config->jwt_issuer);
        return length > 0;
    }
    *rest += strspn(*rest, " ,");
    length = origin_length(*rest);
    snprintf(origin, CONFIG_TEXT_SIZE, "%.*s", (int)length, *rest);
    *rest += length;
    return length > 0;
}

/* Pages connect to no other host than to those of the list, so each must be one. */
static bool
check_signin(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    const char *reason = NULL, *rest = NULL;
    char origin[CONFIG_TEXT_SIZE], scope[CONFIG_TEXT_SIZE + 2];
    if (config->signin_client[0] == '\0')
        return true;
    snprintf(scope, sizeof scope, " %s ", config->signin_scope);
    if (!config_takes_tokens(config))
        reason = "signin_client is used only with caller = jwt";
    else if (!config_next_signin_origin(config, &rest, origin))
        reason = "signin_client needs a jwt_issuer that is an address, like https://login.example";
    else if (strstr(scope, " openid ") == NULL)
        reason = "signin_scope needs openid";
    if (reason != NULL) {
        snprintf(error, CONFIG_ERROR_SIZE, "%s", reason);
        return false;
    }
    while (config_next_signin_origin(config, &rest, origin) && (*rest == ' ' || *rest == ','))
        continue;
    if (*rest == '\0')
        return true;
    snprintf(error, CONFIG_ERROR_SIZE,
             "signin_origins: \"%.100s\" is no list of origins, like https://login.example", rest);
    return false;
}

bool
config_check(const struct config *config, char error[CONFIG_ERROR_SIZE])
{
    const int statement_ms = whole_seconds(config->mysql_timeout_ms);
    const int admin_statement_ms = whole_seconds(config->admin_mysql_timeout_ms);
    const int inner[] = {config->redis_timeout_ms, config->lock_wait_s * 1000, statement_ms};
    const int outer[] = {statement_ms + MYSQL_LATE_MS, config->request_ms, config->watchdog_ms,
                         config->gateway_ms};
    const int front[] = {config->front_ms, config->request_ms};
    const int admin_inner[] = {config->lock_wait_s * 1000, admin_statement_ms};
    const int admin_outer[] = {admin_statement_ms + MYSQL_LATE_MS, config->admin_request_ms,
                               config->admin_watchdog_ms, config->admin_gateway_ms};
    if (!check_ladder("redis_timeout_ms < lock_wait_s < mysql_timeout_ms", inner, 3, error) ||
        !check_ladder("mysql_timeout_ms + 1000 < request_ms < watchdog_ms < gateway_ms", outer, 4,
                      error) ||
        !check_ladder("front_ms < request_ms", front, 2, error) ||
        !check_ladder("lock_wait_s < admin_mysql_timeout_ms", admin_inner, 2, error) ||
        !check_ladder("admin_mysql_timeout_ms + 1000 < admin_request_ms < admin_watchdog_ms < "
                      "admin_gateway_ms",
                      admin_outer, 4, error))
        return false;
    if (config_trusts_body(config) && !address_list_is_loopback(config->listen)) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 "caller = body believes every client; it is refused with listen = %s, not all of "
                 "which is in 127.0.0.0/8 or [::1]",
                 config->listen);
        return false;
    }
    if (!time_zone_is_known(config->time_zone)) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 "time_zone: \"%.60s\" is no time zone of " TIME_ZONE_FOLDER " (package tzdata)",
                 config->time_zone);
        return false;
    }
    return check_tokens(config, error) && check_signin(config, error) &&
           check_webhooks(config, error) && check_fastcgi(config, error) &&
           check_stores(config, error);
}
