/* nginx_placeholders: what those who write placeholders of nginx's configuration have in common. */
#ifndef FRONTROW_CTL_NGINX_PLACEHOLDERS_H
#define FRONTROW_CTL_NGINX_PLACEHOLDERS_H

#include "ctl/nginx_config.h"

/* "... is no ...", as filling->reason. Always false. */
bool nginx_refuse(struct nginx_filling *filling, const char *value, const char *what) MUST_CHECK;

/* A whole number from `min`, which is 0 or 1, to a million. */
bool nginx_read_count(struct nginx_filling *filling, const char *value, int64_t min, int64_t *count)
    MUST_CHECK;

/* Whether a text matches an extended regular expression. */
bool nginx_matches(const char *text, const char *pattern);

/* Whether the option is given. */
bool nginx_uses(const struct nginx_filling *filling, enum nginx_option option);

/* Appends an absolute path. */
bool nginx_write_path(struct nginx_filling *filling, const char *path) MUST_CHECK;

/*
 * Append the workers for a kind of calls, a line each, with at most so many calls under way in all
 * of them together: `value`, for /admin a quarter of the workers if that is "", for /health
 * NGINX_HEALTH_LIMIT, for /metrics any number.
 */
bool nginx_write_servers(struct nginx_filling *filling, const char *value) MUST_CHECK;
bool nginx_write_admin_servers(struct nginx_filling *filling, const char *value) MUST_CHECK;
bool nginx_write_health_servers(struct nginx_filling *filling, const char *value) MUST_CHECK;
bool nginx_write_metrics_servers(struct nginx_filling *filling, const char *value) MUST_CHECK;

/* Appends the first of the secrets for app hosts: the others are on their way out. */
bool nginx_write_secret(struct nginx_filling *filling, const char *value) MUST_CHECK;

#endif
