/* The placeholders of nginx/frontrow.conf.in, each with the option or the settings that it is made
 * of. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#include "ctl/nginx_placeholders.h"

enum { LIMIT_MAX = 1000000 };

/* False, with the reason in filling->reason, where the value cannot be used. */
typedef bool write_function(struct nginx_filling *filling, const char *value);

struct placeholder {
    const char *name;
    enum nginx_option option; /* of which the value is; NGINX_OPTION_COUNT: of settings alone */
    write_function *write;
};

bool
nginx_refuse(struct nginx_filling *filling, const char *value, const char *what)
{
    snprintf(filling->reason, sizeof filling->reason, "\"%.100s\" is no %s", value, what);
    return false;
}

/* Takes the next word of a list with blanks or commas between. */
static bool
next_word(const char **list, char word[CONFIG_TEXT_SIZE])
{
    static const char between[] = " \t,";
    *list += strspn(*list, between);
    size_t length = strcspn(*list, between);
    snprintf(word, CONFIG_TEXT_SIZE, "%.*s", (int)length, *list);
    *list += length;
    return length > 0;
}

static bool
is_network(const char *word)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    size_t length = strcspn(word, "/");
    if (length >= sizeof address)
        return false;
    snprintf(address, sizeof address, "%.*s", (int)length, word);
    int64_t bits = 0, max = strchr(address, ':') != NULL ? 128 : 32;
    return inet_pton(max == 128 ? AF_INET6 : AF_INET, address, bytes) == 1 &&
           (word[length] == '\0' || ctl_read_number(word + length + 1, 0, max, &bits));
}

/* A line for each network of a list; `none`: no line. */
static bool
write_networks(struct nginx_filling *filling, const char *list, const char *before,
               const char *behind)
{
    char word[CONFIG_TEXT_SIZE];
    const char *line = "";
    if (strcmp(list, "none") == 0)
        return true;
    if (strspn(list, " \t,") == strlen(list))
        return nginx_refuse(filling, list, "list of addresses; use none for an empty list");
    while (next_word(&list, word)) {
        if (!is_network(word))
            return nginx_refuse(filling, word,
                                "address or network, like 10.1.0.0/16 or 2001:db8::/32");
        buffer_format(filling->out, "%s%s%s%s;", line, before, word, behind);
        line = "\n";
    }
    return true;
}

static bool
write_geo(struct nginx_filling *filling, const char *list)
{
    return write_networks(filling, list, "    ", " 1");
}

static bool
write_proxies(struct nginx_filling *filling, const char *list)
{
    return write_networks(filling, list, "set_real_ip_from ", "");
}

bool
nginx_read_count(struct nginx_filling *filling, const char *value, int64_t min, int64_t *count)
{
    return ctl_read_number(value, min, LIMIT_MAX, count) ||
           nginx_refuse(filling, value, min == 0 ? "whole number" : "whole number from 1 on");
}

static bool
write_count(struct nginx_filling *filling, const char *value)
{
    int64_t count;
    if (!nginx_read_count(filling, value, 1, &count))
        return false;
    buffer_text(filling->out, value);
    return true;
}

bool
nginx_matches(const char *text, const char *pattern)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        log_abort("a pattern of this program does not compile");
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

bool
nginx_write_path(struct nginx_filling *filling, const char *path)
{
    /* nothing that nginx would take for more than a word */
    if (!nginx_matches(path, "^/[^][:space:][:cntrl:];{}\"'\\$#]*$"))
        return nginx_refuse(filling, path, "absolute path without blanks, quotes and ;{}\\$#");
    buffer_text(filling->out, path);
    return true;
}

bool
nginx_uses(const struct nginx_filling *filling, enum nginx_option option)
{
    return nginx_value(filling->ctl, option)[0] != '\0';
}

/* ---- placeholders ---- */

/* A line for each address of the setting `listen` with this port; `behind` is the end of each. */
static bool
write_addresses(struct nginx_filling *filling, const char *port, const char *behind)
{
    char word[CONFIG_TEXT_SIZE];
    int64_t number;
    const char *list = filling->ctl->config.listen, *line = "";
    if (!ctl_read_number(port, 1, 65535, &number))
        return nginx_refuse(filling, port, "port");
    while (next_word(&list, word)) {
        if (!nginx_matches(word, "^([0-9.]+|\\[[0-9a-fA-F:.]+\\])$"))
            return nginx_refuse(filling, word, "address for the setting listen (IPv6 in brackets)");
        buffer_format(filling->out, "%s    listen %s:%s%s;", line, word, port, behind);
        line = "\n";
    }
    return line[0] != '\0' || nginx_refuse(filling, "", "address for the setting listen");
}

/* Whether HTTP/2 is wanted in this way; there is none without HTTPS, as browsers have it too. */
static bool
uses_http2(const struct nginx_filling *filling, const char *way)
{
    return nginx_uses(filling, NGINX_CERTIFICATE) &&
           strcmp(nginx_value(filling->ctl, NGINX_HTTP2), way) == 0;
}

static bool
write_listen(struct nginx_filling *filling, const char *port)
{
    char behind[64];
    snprintf(behind, sizeof behind, "%s%s default_server backlog=8192%s",
             nginx_uses(filling, NGINX_CERTIFICATE) ? " ssl" : "",
             uses_http2(filling, "listen") ? " http2" : "",
             nginx_uses(filling, NGINX_PROXY_PROTOCOL) ? " proxy_protocol" : "");
    if (!write_addresses(filling, port, behind))
        return false;
    if (!nginx_uses(filling, NGINX_HTTP3))
        return true;
    buffer_text(filling->out, "\n");
    return write_addresses(filling, port, " quic reuseport default_server");
}

static bool
write_http2(struct nginx_filling *filling, const char *way)
{
    if (strcmp(way, "on") != 0 && strcmp(way, "listen") != 0 && strcmp(way, "off") != 0)
        return nginx_refuse(filling, way, "on, listen or off");
    if (uses_http2(filling, "on"))
        buffer_text(filling->out, "    http2 on;");
    return true;
}

static bool
write_hsts(struct nginx_filling *filling, const char *value)
{
    enum { TWO_YEARS = 63072000 }; /* for longer nobody asks */
    int64_t seconds;
    if (!ctl_read_number(value, 0, TWO_YEARS, &seconds))
        return nginx_refuse(filling, value, "number of seconds up to 63072000");
    if (seconds > 0)
        buffer_format(filling->out, "    on max-age=%" PRId64 ";", seconds);
    return true;
}

/* TLS 1.2 only with ciphers that keep what was recorded secret from who gets the key later. */
static bool
write_certificate(struct nginx_filling *filling, const char *certificate)
{
    if (nginx_uses(filling, NGINX_CERTIFICATE) != nginx_uses(filling, NGINX_CERTIFICATE_KEY)) {
        snprintf(filling->reason, sizeof filling->reason,
                 "--certificate and --certificate-key need each other");
        return false;
    }
    if (certificate[0] == '\0' && nginx_uses(filling, NGINX_HTTP3))
        return nginx_refuse(filling, certificate, "certificate for --http3");
    if (certificate[0] == '\0')
        return true;
    buffer_text(filling->out, "    ssl_certificate ");
    if (!nginx_write_path(filling, certificate))
        return false;
    buffer_text(filling->out, ";\n    ssl_certificate_key ");
    if (!nginx_write_path(filling, nginx_value(filling->ctl, NGINX_CERTIFICATE_KEY)))
        return false;
    buffer_text(filling->out,
                ";\n    ssl_protocols TLSv1.2 TLSv1.3;\n"
                "    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;\n"
                "    ssl_session_cache shared:frontrow_tls:10m;\n    ssl_session_timeout 1d;\n"
                "    ssl_session_tickets off;");
    return true;
}

/* A server that sends whoever comes without TLS to the one with it. */
static bool
write_redirect(struct nginx_filling *filling, const char *port)
{
    const char *there = nginx_value(filling->ctl, NGINX_PORT);
    if (port[0] == '\0')
        return true;
    if (!nginx_uses(filling, NGINX_CERTIFICATE)) {
        snprintf(filling->reason, sizeof filling->reason, "it needs a --certificate");
        return false;
    }
    buffer_text(filling->out, "server {\n");
    if (!write_addresses(filling, port, " default_server"))
        return false;
    buffer_format(filling->out,
                  "\n    server_tokens off;\n    access_log off;\n"
                  "    return 308 https://$host%s%s$request_uri;\n}",
                  strcmp(there, "443") == 0 ? "" : ":", strcmp(there, "443") == 0 ? "" : there);
    return true;
}

/* Where Frontrow is beside other things on a site. */
static bool
write_prefix(struct nginx_filling *filling, const char *prefix)
{
    int length = (int)strlen(prefix);
    if (length == 0)
        return true;
    if (!nginx_matches(prefix, "^(/[A-Za-z0-9_-]+)+/?$"))
        return nginx_refuse(filling, prefix, "path of letters, digits, - and _, like /shop");
    length -= prefix[length - 1] == '/';
    buffer_format(filling->out,
                  "    rewrite ^%.*s\\z %.*s/ permanent;\n    rewrite (?s)^%.*s(/(?!_).*)\\z $1;",
                  length, prefix, length, prefix, length, prefix);
    return true;
}

static bool
write_access_log(struct nginx_filling *filling, const char *path)
{
    if (strcmp(path, "off") == 0) {
        buffer_text(filling->out, path);
        return true;
    }
    if (!nginx_write_path(filling, path))
        return false;
    buffer_text(filling->out, " frontrow buffer=64k flush=1s");
    return true;
}

static bool
write_user_burst(struct nginx_filling *filling, const char *value)
{
    int64_t rate;
    if (!nginx_read_count(filling, value, 1, &rate))
        return false;
    buffer_format(filling->out, "%" PRId64, 2 * rate);
    return true;
}

/* The rate of one address between two texts, or nothing where it is 0. */
static bool
write_address_rate(struct nginx_filling *filling, const char *value, const char *before,
                   const char *behind)
{
    int64_t rate;
    if (!nginx_read_count(filling, value, 0, &rate))
        return false;
    if (rate > 0)
        buffer_format(filling->out, "%s%" PRId64 "%s", before, rate, behind);
    return true;
}

static bool
write_rate_zone(struct nginx_filling *filling, const char *value)
{
    return write_address_rate(
        filling, value, "limit_req_zone $frontrow_rated zone=frontrow_rate:10m rate=", "r/s;");
}

static bool
write_rate(struct nginx_filling *filling, const char *value)
{
    return write_address_rate(filling, value, "limit_req zone=frontrow_rate burst=", " nodelay;");
}

static bool
write_address_policy(struct nginx_filling *filling, const char *value)
{
    return write_address_rate(filling, value, "\"address\";q=", ";w=1");
}

static bool
write_draw(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return nginx_write_path(filling, filling->ctl->config.draw_folder);
}

/* With caller = jwt users have a token in that header, for all calls but those that need none. */
static bool
write_token_calls(struct nginx_filling *filling, const char *value)
{
    (void)value;
    if (config_takes_tokens(&filling->ctl->config))
        buffer_text(filling->out, "    \"~^[01](?!/(admin|concert|health|metrics|settings)(/|$))\" "
                                  "$http_authorization;");
    return true;
}

/* Whom the pages may ask beside Frontrow: those at whom they sign in. */
static bool
write_signin_origins(struct nginx_filling *filling, const char *value)
{
    (void)value;
    const struct config *config = &filling->ctl->config;
    const char *rest = NULL;
    char origin[CONFIG_TEXT_SIZE];
    while (config->signin_client[0] != '\0' && config_next_signin_origin(config, &rest, origin))
        buffer_format(filling->out, " %s", origin);
    return true;
}

static bool
write_gateway_ms(struct nginx_filling *filling, const char *value)
{
    (void)value;
    buffer_format(filling->out, "%d", filling->ctl->config.gateway_ms);
    return true;
}

static bool
write_admin_gateway_ms(struct nginx_filling *filling, const char *value)
{
    (void)value;
    buffer_format(filling->out, "%d", filling->ctl->config.admin_gateway_ms);
    return true;
}

/* What answers GET /ops/alerts; without Alertmanager there is nothing to show. */
static bool
write_alerts(struct nginx_filling *filling, const char *address)
{
    if (address[0] == '\0') {
        buffer_text(filling->out, "return 204;");
        return true;
    }
    if (!nginx_matches(address, "^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:]+\\]):[0-9]{1,5}$"))
        return nginx_refuse(filling, address, "address and port, like 127.0.0.1:9093");
    buffer_format(filling->out,
                  "proxy_pass http://%s/api/v2/alerts?active=true&silenced=false&inhibited=false;",
                  address);
    return true;
}

/*
 * Those that are one of two texts. With app hosts: to one that cannot be reached a call goes no
 * further than the handshake, which another one answers in time, and its refusals are not those of
 * the whole server. (A unix socket has no time to wait for; nginx knows one default only.)
 */
static const struct choice {
    const char *name;
    enum nginx_option option;
    const char *given, *absent; /* what stands there if the option is given, if not */
} choices[] = {
    {"ALT_SVC", NGINX_HTTP3, "add_header Alt-Svc 'h3=\":$server_port\"; ma=86400' always;", ""},
    {"CONNECT_MS", NGINX_WORKERS, "300", "2000"},
    {"ELSEWHERE", NGINX_WORKERS,
     "error_page 400 403 404 405 413 414 429 500 503 /_problem;\n"
     "        error_page 502 504 = @elsewhere;",
     ""},
    {"IGNORE_ABORT", NGINX_WORKERS, "on", "off"},
    {"KEEPALIVE_REQUESTS", NGINX_CERTIFICATE, "1000", "100000"},
    {"NEXT_UPSTREAM", NGINX_WORKERS, "error timeout", "off"},
    {"REAL_IP_HEADER", NGINX_PROXY_PROTOCOL, "proxy_protocol", "X-Forwarded-For"},
};

static const struct placeholder placeholders[] = {
    {"ACCESS_LOG", NGINX_ACCESS_LOG, write_access_log},
    {"ADDRESS_LIMIT", NGINX_ADDRESS_LIMIT, write_count},
    {"ADDRESS_POLICY", NGINX_ADDRESS_RATE, write_address_policy},
    {"ADMIN_ADDRESSES", NGINX_OPERATORS, write_geo},
    {"ADMIN_GATEWAY_MS", NGINX_OPTION_COUNT, write_admin_gateway_ms},
    {"ADMIN_SERVERS", NGINX_ADMIN_LIMIT, nginx_write_admin_servers},
    {"ALERTS", NGINX_ALERTMANAGER, write_alerts},
    {"CACHE", NGINX_CACHE, nginx_write_path},
    {"CERTIFICATE", NGINX_CERTIFICATE, write_certificate},
    {"DRAW", NGINX_OPTION_COUNT, write_draw},
    {"ERROR_LOG", NGINX_ERROR_LOG, nginx_write_path},
    {"EXACT_SERVERS", NGINX_EXACT_LIMIT, nginx_write_servers},
    {"GATE_ADDRESSES", NGINX_GATES, write_geo},
    {"GATEWAY_ADDRESSES", NGINX_GATEWAYS, write_geo},
    {"GATEWAY_MS", NGINX_OPTION_COUNT, write_gateway_ms},
    {"HEALTH_SERVERS", NGINX_OPTION_COUNT, nginx_write_health_servers},
    {"HSTS", NGINX_HSTS, write_hsts},
    {"HTTP_VERSION", NGINX_HTTP2, write_http2},
    {"LISTEN", NGINX_PORT, write_listen},
    {"METRICS_SERVERS", NGINX_OPTION_COUNT, nginx_write_metrics_servers},
    {"PREFIX", NGINX_PREFIX, write_prefix},
    {"PROXY_ADDRESSES", NGINX_PROXIES, write_geo},
    {"PUBLIC_SERVERS", NGINX_PUBLIC_LIMIT, nginx_write_servers},
    {"RATE_LIMIT", NGINX_ADDRESS_RATE, write_rate},
    {"RATE_LIMIT_ZONE", NGINX_ADDRESS_RATE, write_rate_zone},
    {"REDIRECT", NGINX_REDIRECT_PORT, write_redirect},
    {"REQUEST_LIMIT", NGINX_REQUEST_LIMIT, write_count},
    {"SECRET", NGINX_OPTION_COUNT, nginx_write_secret},
    {"SIGNIN_ORIGINS", NGINX_OPTION_COUNT, write_signin_origins},
    {"TRUSTED_PROXIES", NGINX_PROXIES, write_proxies},
    {"UNCOUNTED_ADDRESSES", NGINX_UNCOUNTED, write_geo},
    {"TOKEN_CALLS", NGINX_OPTION_COUNT, write_token_calls},
    {"USER_BURST", NGINX_USER_RATE, write_user_burst},
    {"USER_RATE", NGINX_USER_RATE, write_count},
    {"WWW", NGINX_WWW, nginx_write_path},
};

enum {
    CHOICE_COUNT = sizeof choices / sizeof choices[0],
    PLACEHOLDER_COUNT = sizeof placeholders / sizeof placeholders[0]
};

static bool
is_named(const char *listed, const char *name, size_t length)
{
    return strlen(listed) == length && memcmp(listed, name, length) == 0;
}

bool
nginx_write_placeholder(struct nginx_filling *filling, const char *name, size_t length)
{
    const struct placeholder *placeholder = NULL;
    for (int i = 0; i < CHOICE_COUNT; i++) {
        if (!is_named(choices[i].name, name, length))
            continue;
        bool is_given = nginx_uses(filling, choices[i].option);
        buffer_text(filling->out, is_given ? choices[i].given : choices[i].absent);
        return true;
    }
    for (int i = 0; i < PLACEHOLDER_COUNT && placeholder == NULL; i++)
        if (is_named(placeholders[i].name, name, length))
            placeholder = &placeholders[i];
    if (placeholder == NULL) {
        snprintf(filling->reason, sizeof filling->reason,
                 "the template is of another version: it has @%.*s@", (int)length, name);
        return false;
    }
    enum nginx_option option = placeholder->option;
    bool asked = option != NGINX_OPTION_COUNT;
    if (placeholder->write(filling, asked ? nginx_value(filling->ctl, option) : NULL))
        return true;
    char reason[NGINX_REASON_SIZE / 2];
    snprintf(reason, sizeof reason, "%.*s", (int)sizeof reason - 1, filling->reason);
    snprintf(filling->reason, sizeof filling->reason, "%s%s: %s", asked ? "--" : "",
             asked ? nginx_texts[option].option : "the settings", reason);
    return false;
}
