/* frontrowctl nginx-config */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/nginx_config.h"
#include "mysql/schema/script.h"

/* nginx's connections for its own sockets, for /metrics, and for who is idle */
enum { OTHER_CONNECTIONS = 512 };

const struct nginx_text nginx_texts[NGINX_OPTION_COUNT] = {
#define OPTION(name, option, value, default_value, help) {option, value, default_value, help},
    NGINX_OPTIONS(OPTION)
#undef OPTION
};

const char *
nginx_value(const struct ctl *ctl, enum nginx_option option)
{
    return ctl->nginx[option] != NULL ? ctl->nginx[option] : nginx_texts[option].default_value;
}

int64_t
nginx_admin_limit(const struct ctl *ctl)
{
    const char *value = nginx_value(ctl, NGINX_ADMIN_LIMIT);
    int quarter = ctl->config.workers / 4;
    if (value[0] != '\0')
        return strtoll(value, NULL, 10);
    return quarter > 1 ? quarter : 1;
}

/* Copies the template, each @NAME@ replaced. False: see filling->reason. */
static bool
fill_template(struct nginx_filling *filling, const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const char *at;
    while ((at = strchr(text, '@')) != NULL) {
        size_t length = strspn(at + 1, letters);
        bool named = length > 0 && at[1 + length] == '@';
        buffer_append(filling->out, text, (size_t)(at - text) + !named);
        if (named && !nginx_write_placeholder(filling, at + 1, length))
            return false;
        text = at + (named ? length + 2 : 1);
    }
    buffer_text(filling->out, text);
    return true;
}

/* What the http block does not hold. One of nginx's processes may have all the connections. */
static void
write_head(struct nginx_filling *filling)
{
    static const enum nginx_option counted[] = {NGINX_REQUEST_LIMIT, NGINX_EXACT_LIMIT,
                                                NGINX_PUBLIC_LIMIT};
    int64_t connections = NGINX_HEALTH_LIMIT + nginx_admin_limit(filling->ctl) + OTHER_CONNECTIONS;
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
        connections += strtoll(nginx_value(filling->ctl, counted[i]), NULL, 10);
    buffer_text(filling->out, "# Made by frontrowctl nginx-config of frontrow " VERSION " with\n#");
    for (int i = 0; i < NGINX_OPTION_COUNT; i++) {
        const char *value = filling->ctl->nginx[i];
        if (value != NULL)
            buffer_format(filling->out, " --%s", nginx_texts[i].option);
        if (value != NULL && nginx_texts[i].value != NULL)
            buffer_format(filling->out, " '%s'", value);
    }
    buffer_format(
        filling->out,
        "\n# Change it there, not here. Outside of the http block nginx needs, at least:\n"
        "#     worker_rlimit_nofile %" PRId64 ";\n"
        "#     events { worker_connections %" PRId64 "; }\n",
        2 * connections, connections);
}

static bool
require_options(const struct ctl *ctl)
{
    bool complete = true;
    for (int i = 0; i < NGINX_OPTION_COUNT; i++) {
        const char *value = nginx_value(ctl, (enum nginx_option)i);
        if (value != NULL && strpbrk(value, "\r\n") == NULL)
            continue;
        fprintf(stderr, "frontrowctl: --%s %s\n", nginx_texts[i].option,
                value == NULL ? "is required" : "contains the end of a line");
        complete = false;
    }
    return complete;
}

int
ctl_nginx_config(struct ctl *ctl)
{
    struct buffer text = {0}, out = {0};
    struct nginx_filling filling = {.ctl = ctl, .out = &out};
    const char *path = nginx_value(ctl, NGINX_TEMPLATE);
    if (!require_options(ctl))
        return EXIT_USAGE;
    if (!script_read(path, &text)) {
        fprintf(stderr, "frontrowctl: %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    write_head(&filling);
    bool filled = fill_template(&filling, text.data != NULL ? text.data : "");
    if (filled)
        fwrite(out.data, 1, out.length, stdout);
    else
        fprintf(stderr, "frontrowctl: %s\n", filling.reason);
    buffer_free(&text);
    buffer_free(&out);
    return filled ? EXIT_DONE : EXIT_USAGE;
}
