/* The placeholders of nginx's upstreams: the workers, in sockets here or on app hosts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/host.h"

#include "ctl/nginx_placeholders.h"

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
    return count > 0 || nginx_refuse(filling, list, "list of up to 8 servers like 10.0.0.7:9000");
}

/* All sockets, with at most `limit` calls under way in all of them together; 0: no limit. */
static bool
write_sockets(struct nginx_filling *filling, int64_t limit)
{
    if (nginx_uses(filling, NGINX_WORKERS))
        return write_hosts(filling, limit);
    const struct config *config = &filling->ctl->config;
    const char *line = "";
    for (int i = 0; i < config->sockets; i++) {
        int64_t share = (limit + i) / config->sockets;
        if (limit > 0 && share == 0)
            continue; /* for nginx max_conns=0 would be no limit */
        buffer_format(filling->out, "%s    server unix:", line);
        if (!nginx_write_path(filling, config->run_dir))
            return false;
        buffer_format(filling->out, "/frontrow-%d.sock max_fails=0", i);
        if (limit > 0)
            buffer_format(filling->out, " max_conns=%" PRId64, share);
        buffer_text(filling->out, ";");
        line = "\n";
    }
    return true;
}

bool
nginx_write_servers(struct nginx_filling *filling, const char *value)
{
    int64_t limit;
    return nginx_read_count(filling, value, 1, &limit) && write_sockets(filling, limit);
}

bool
nginx_write_admin_servers(struct nginx_filling *filling, const char *value)
{
    return *value != '\0' ? nginx_write_servers(filling, value)
                          : write_sockets(filling, nginx_admin_limit(filling->ctl));
}

bool
nginx_write_health_servers(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return write_sockets(filling, NGINX_HEALTH_LIMIT);
}

bool
nginx_write_metrics_servers(struct nginx_filling *filling, const char *value)
{
    (void)value;
    return write_sockets(filling, 0);
}

/* The first of the secrets: the others are on their way out. */
bool
nginx_write_secret(struct nginx_filling *filling, const char *value)
{
    const char *secret = filling->ctl->config.fastcgi_secrets[0];
    (void)value;
    if (secret[0] == '\0')
        return true;
    if (!nginx_matches(secret, "^[A-Za-z0-9._~+/=-]+$")) {
        snprintf(filling->reason, sizeof filling->reason,
                 "a fastcgi_secret_file may have letters, digits and ._~+/=- only");
        return false;
    }
    buffer_format(filling->out, "    fastcgi_param FRONTROW_SECRET %s;", secret);
    return true;
}
