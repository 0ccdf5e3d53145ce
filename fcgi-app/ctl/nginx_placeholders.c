/* The placeholders of nginx/frontrow.conf.in, each with the option or the settings that it is made
 * of. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/log.h"

#include "ctl/nginx_config.h"

enum { LIMIT_MAX = 1000000 };

/* False, with the reason in filling->reason, where the value cannot be used. */
typedef bool write_function(struct nginx_filling *filling, const char *value);

struct placeholder {
    const char *name;
    enum nginx_option option; /* of which the value is; NGINX_OPTION_COUNT: of settings alone */
    write_function *write;
};

static bool
refuse_value(struct nginx_filling *filling, const char *value, const char *what)
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
        return refuse_value(filling, list, "list of addresses; use none for an empty list");
    while (next_word(&list, word)) {
        if (!is_network(word))
            return refuse_value(filling, word,
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

static bool
read_count(struct nginx_filling *filling, const char *value, int64_t min, int64_t *count)
{
    return ctl_read_number(value, min, LIMIT_MAX, count) ||
           refuse_value(filling, value, min == 0 ? "whole number" : "whole number from 1 on");
}

static bool
write_count(struct nginx_filling *filling, const char *value)
{
    int64_t count;
    if (!read_count(filling, value, 1, &count))
        return false;
    buffer_text(filling->out, value);
    return true;
}

static bool
matches(const char *text, const char *pattern)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        log_abort("a pattern of this program does not compile");
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

static bool
write_path(struct nginx_filling *filling, const char *path)
{
    /* nothing that nginx would take for more than a word */
    if (!matches(path, "^/[^][:space:][:cntrl:];{}\"'\\$#]*$"))
        return refuse_value(filling, path, "absolute path without blanks, quotes and ;{}\\$#");
    buffer_text(filling->out, path);
    return true;
}

/* ---- placeholders ---- */

static bool
uses(const struct nginx_filling *filling, enum nginx_option option)
{
    return nginx_value(filling->ctl, option)[0] != '\0';
}

/*
 * The app hosts, as write_sockets(). nginx passes a host over for a second after three failures, so
 * that a single worker that died does not cost the whole host.
 */
static bool
write_hosts(struct nginx_filling *filling, int64_t limit)
{
    const char *list = nginx_value(filling->ctl, NGINX_WORKERS), *line = "";
    struct host hosts[HOSTS_MAX];
    int count = host_list_read(list, 0, hosts);
    for (int i = 0; i < count; i++) {
        int64_t share = (limit + i) / count;
        bool bracketed = strchr(hosts[i].name, ':') != NULL;
        if (hosts[i].port == 0)
            count = -1;
        else if (limit == 0 || share > 0) /* for nginx max_conns=0 would be no limit */
            buffer_format(filling->out, "%s    server %s%s%s:%d max_fails=3 fail_timeout=1s", line,
                          bracketed ? "[" : "", hosts[i].name, bracketed ? "]" : "", hosts[i].port);
        if (limit > 0 && share > 0)
            buffer_format(filling->out, " max_conns=%" PRId64, share);
        if (limit == 0 || share > 0)
            buffer_text(filling->out, ";");
        line = "\n";
    }
    return count > 0 || refuse_value(filling, list, "list of up to 8 servers like 10.0.0.7:9000");
}

/* All sockets, with at most `limit` calls under way in all of them together; 0: no limit. */
static bool
write_sockets(struct nginx_filling *filling, int64_t limit)
{
    if (uses(filling, NGINX_WORKERS))
        return write_hosts(filling, limit);
    const struct config *config = &filling->ctl->config;
    const char *line = "";
    for (int i = 0; i < config->sockets; i++) {
        int64_t share = (limit + i) / config->sockets;
        if (limit > 0 && share == 0)
            continue; /* for nginx max_conns=0 would be no limit */
        buffer_format(filling->out, "%s    server unix:", line);
        if (!write_path(filling, config->run_dir))
            return false;
        buffer_format(filling->out, "/frontrow-%d.sock max_fails=0", i);
        if (limit > 0)
            buffer_format(filling->out, " max_conns=%" PRId64, share);
        buffer_text(filling->out, ";");
        line = "\n";
    }
    return true;
}

static bool
write_servers(struct nginx_filling *filling, const char *value)
{
    int64_t limit;
    return read_count(filling, value, 1, &limit) && write_sockets(filling, limit);
}

static bool
write_admin_servers(struct nginx_filling *filling, const char *value)
{
    return *value != '\0' ? write_servers(filling, value)
                          : write_sockets(filling, nginx_admin_limit(filling->ctl));
}

static bool
write_health_servers(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return write_sockets(filling, NGINX_HEALTH_LIMIT);
}

static bool
write_metrics_servers(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return write_sockets(filling, 0);
}

/*
 * To a host that cannot be reached a call goes no further than the handshake, which another one
 * answers in time. A unix socket has no time to wait for; nginx knows one default only.
 */
static bool
write_connect_ms(struct nginx_filling *filling, const char *workers)
{
    buffer_text(filling->out, workers[0] != '\0' ? "300" : "2000");
    return true;
}

static bool
write_ignore_abort(struct nginx_filling *filling, const char *workers)
{
    buffer_text(filling->out, workers[0] != '\0' ? "on" : "off");
    return true;
}

static bool
write_next_upstream(struct nginx_filling *filling, const char *workers)
{
    buffer_text(filling->out, workers[0] != '\0' ? "error timeout" : "off");
    return true;
}

/* The refusals as for the whole server, but for those of an app host that cannot be reached. */
static bool
write_elsewhere(struct nginx_filling *filling, const char *workers)
{
    if (workers[0] != '\0')
        buffer_text(filling->out, "error_page 400 403 404 405 413 414 429 500 503 /_problem;\n"
                                  "        error_page 502 504 = @elsewhere;");
    return true;
}

/* The first of the secrets: the others are on their way out. */
static bool
write_secret(struct nginx_filling *filling, const char *value)
{
    const char *secret = filling->ctl->config.fastcgi_secrets[0];
    (void)value;
    if (secret[0] == '\0')
        return true;
    if (!matches(secret, "^[A-Za-z0-9._~+/=-]+$")) {
        snprintf(filling->reason, sizeof filling->reason,
                 "a fastcgi_secret_file may have letters, digits and ._~+/=- only");
        return false;
    }
    buffer_format(filling->out, "    fastcgi_param FRONTROW_SECRET %s;", secret);
    return true;
}

/* A line for each address of the setting `listen`. */
static bool
write_listen(struct nginx_filling *filling, const char *port)
{
    char word[CONFIG_TEXT_SIZE];
    int64_t number;
    const char *list = filling->ctl->config.listen, *line = "";
    if (!ctl_read_number(port, 1, 65535, &number))
        return refuse_value(filling, port, "port");
    while (next_word(&list, word)) {
        if (!matches(word, "^([0-9.]+|\\[[0-9a-fA-F:.]+\\])$"))
            return refuse_value(filling, word, "address for the setting listen (IPv6 in brackets)");
        buffer_format(filling->out, "%s    listen %s:%s%s default_server backlog=8192%s;", line,
                      word, port, uses(filling, NGINX_CERTIFICATE) ? " ssl" : "",
                      uses(filling, NGINX_PROXY_PROTOCOL) ? " proxy_protocol" : "");
        line = "\n";
    }
    return line[0] != '\0' || refuse_value(filling, "", "address for the setting listen");
}

static bool
write_certificate(struct nginx_filling *filling, const char *certificate)
{
    if (uses(filling, NGINX_CERTIFICATE) != uses(filling, NGINX_CERTIFICATE_KEY)) {
        snprintf(filling->reason, sizeof filling->reason,
                 "--certificate and --certificate-key need each other");
        return false;
    }
    if (certificate[0] == '\0')
        return true;
    buffer_text(filling->out, "    ssl_certificate ");
    if (!write_path(filling, certificate))
        return false;
    buffer_text(filling->out, ";\n    ssl_certificate_key ");
    if (!write_path(filling, nginx_value(filling->ctl, NGINX_CERTIFICATE_KEY)))
        return false;
    buffer_text(filling->out, ";\n    ssl_protocols TLSv1.2 TLSv1.3;\n"
                              "    ssl_session_cache shared:frontrow_tls:10m;");
    return true;
}

static bool
write_real_ip_header(struct nginx_filling *filling, const char *proxy_protocol)
{
    buffer_text(filling->out, proxy_protocol[0] != '\0' ? "proxy_protocol" : "X-Forwarded-For");
    return true;
}

/* Where Frontrow is beside other things on a site. */
static bool
write_prefix(struct nginx_filling *filling, const char *prefix)
{
    int length = (int)strlen(prefix);
    if (length == 0)
        return true;
    if (!matches(prefix, "^(/[A-Za-z0-9_-]+)+/?$"))
        return refuse_value(filling, prefix, "path of letters, digits, - and _, like /shop");
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
    if (!write_path(filling, path))
        return false;
    buffer_text(filling->out, " frontrow buffer=64k flush=1s");
    return true;
}

static bool
write_user_burst(struct nginx_filling *filling, const char *value)
{
    int64_t rate;
    if (!read_count(filling, value, 1, &rate))
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
    if (!read_count(filling, value, 0, &rate))
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
write_draw(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return write_path(filling, filling->ctl->config.draw_folder);
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

static const struct placeholder placeholders[] = {
    {"ACCESS_LOG", NGINX_ACCESS_LOG, write_access_log},
    {"ADDRESS_LIMIT", NGINX_ADDRESS_LIMIT, write_count},
    {"ADMIN_ADDRESSES", NGINX_OPERATORS, write_geo},
    {"ADMIN_GATEWAY_MS", NGINX_OPTION_COUNT, write_admin_gateway_ms},
    {"ADMIN_SERVERS", NGINX_ADMIN_LIMIT, write_admin_servers},
    {"CACHE", NGINX_CACHE, write_path},
    {"CERTIFICATE", NGINX_CERTIFICATE, write_certificate},
    {"CONNECT_MS", NGINX_WORKERS, write_connect_ms},
    {"DRAW", NGINX_OPTION_COUNT, write_draw},
    {"ELSEWHERE", NGINX_WORKERS, write_elsewhere},
    {"ERROR_LOG", NGINX_ERROR_LOG, write_path},
    {"EXACT_SERVERS", NGINX_EXACT_LIMIT, write_servers},
    {"GATEWAY_ADDRESSES", NGINX_GATEWAYS, write_geo},
    {"GATEWAY_MS", NGINX_OPTION_COUNT, write_gateway_ms},
    {"HEALTH_SERVERS", NGINX_OPTION_COUNT, write_health_servers},
    {"IGNORE_ABORT", NGINX_WORKERS, write_ignore_abort},
    {"LISTEN", NGINX_PORT, write_listen},
    {"METRICS_SERVERS", NGINX_OPTION_COUNT, write_metrics_servers},
    {"NEXT_UPSTREAM", NGINX_WORKERS, write_next_upstream},
    {"PREFIX", NGINX_PREFIX, write_prefix},
    {"PUBLIC_SERVERS", NGINX_PUBLIC_LIMIT, write_servers},
    {"RATE_LIMIT", NGINX_ADDRESS_RATE, write_rate},
    {"RATE_LIMIT_ZONE", NGINX_ADDRESS_RATE, write_rate_zone},
    {"REAL_IP_HEADER", NGINX_PROXY_PROTOCOL, write_real_ip_header},
    {"REQUEST_LIMIT", NGINX_REQUEST_LIMIT, write_count},
    {"SECRET", NGINX_OPTION_COUNT, write_secret},
    {"TRUSTED_PROXIES", NGINX_PROXIES, write_proxies},
    {"UNCOUNTED_ADDRESSES", NGINX_UNCOUNTED, write_geo},
    {"USER_BURST", NGINX_USER_RATE, write_user_burst},
    {"USER_RATE", NGINX_USER_RATE, write_count},
    {"WWW", NGINX_WWW, write_path},
};

enum { PLACEHOLDER_COUNT = sizeof placeholders / sizeof placeholders[0] };

bool
nginx_write_placeholder(struct nginx_filling *filling, const char *name, size_t length)
{
    const struct placeholder *placeholder = NULL;
    for (int i = 0; i < PLACEHOLDER_COUNT && placeholder == NULL; i++)
        if (strlen(placeholders[i].name) == length &&
            memcmp(placeholders[i].name, name, length) == 0)
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
