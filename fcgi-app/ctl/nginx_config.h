/* nginx_config: fills in each placeholder of the template of nginx's configuration. */
#ifndef FRONTROW_CTL_NGINX_CONFIG_H
#define FRONTROW_CTL_NGINX_CONFIG_H

#include "base/buffer.h"
#include "ctl/ctl.h"

enum {
    NGINX_REASON_SIZE = 400,
    NGINX_HEALTH_LIMIT = 64, /* calls of /health under way */
};

struct nginx_filling {
    const struct ctl *ctl;
    struct buffer *out;
    char reason[NGINX_REASON_SIZE]; /* why the last one could not be filled in */
};

/* What was said for an option, else its default; NULL: neither. */
const char *nginx_value(const struct ctl *ctl, enum nginx_option option);

/* --admin-limit, else a quarter of the workers: operators who ask for much leave the others free.
 */
int64_t nginx_admin_limit(const struct ctl *ctl);

/*
 * Appends what stands for @name@ to filling->out. False with the reason, which names the option or
 * says that it is the settings, where there is no such placeholder or its value cannot be used.
 */
bool nginx_write_placeholder(struct nginx_filling *filling, const char *name, size_t length)
    MUST_CHECK;

#endif
