/* frontrowctl maintenance on|off */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/concert_settings.h"
#include "ctl/ctl.h"
#include "domain/organiser/concert_admin.h"

static void
render(const void *state, struct buffer *body)
{
    const struct concert *concert = &((const struct concert_change *)state)->concert;
    buffer_format(body, "concert %d: maintenance %s", (int)concert->concert_id,
                  concert->maintenance ? "on" : "off");
}

static enum error
apply(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)problem;
    concert->maintenance = *(const bool *)wanted;
    return ERROR_NONE;
}

/* In MySQL, where every call of the concert reads it, on all servers. */
static int
set_concert(struct ctl *ctl, bool on)
{
    struct concert_change change = {
        .author = concert_author("ctl"),
        .action = on ? "maintenance on" : "maintenance off",
        .detail = "",
        .apply = apply,
        .wanted = &on,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
        .render = render,
    };
    if (!ctl_read_concert_id(ctl->concert, &change.concert_id))
        return EXIT_USAGE;
    return ctl_apply(ctl, &effect);
}

static bool
create_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return file >= 0 && close(file) == 0;
}

/* By the file, which needs neither MySQL nor Redis. */
static int
set_server(const struct ctl *ctl, bool on)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/maintenance", ctl->config.run_dir);
    if (on ? !create_file(path) : unlink(path) != 0 && errno != ENOENT) {
        fprintf(stderr, "frontrowctl: %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    printf("%s: maintenance %s\n", ctl->config.run_dir, on ? "on" : "off");
    return EXIT_DONE;
}

static int
set_maintenance(struct ctl *ctl, bool on)
{
    return ctl->concert != NULL ? set_concert(ctl, on) : set_server(ctl, on);
}

int
ctl_maintenance_on(struct ctl *ctl)
{
    return set_maintenance(ctl, true);
}

int
ctl_maintenance_off(struct ctl *ctl)
{
    return set_maintenance(ctl, false);
}
