/* frontrowctl queue show */
#include <stdio.h>

#include "ctl/ctl.h"
#include "domain/queue/line.h"

static void
print_line(const struct concert *concert, const struct line_state *line)
{
    printf("status             %s\n", concert_status_name(concert_status(concert, concert->now)));
    if (concert->no_line) {
        puts("no line is kept");
        return;
    }
    printf("paused             %s\n", line->paused ? "yes" : "no");
    printf("capacity           %d\n", (int)line->capacity);
    printf("active             %d\n", (int)line->active);
    printf("waiting            %d\n", (int)line->waiting);
    printf("serving            %d\n", (int)line->serving);
    printf("lastNumber         %d\n", (int)line->last_number);
    printf("admittedPerMinute  %d\n", (int)line->admitted_per_minute);
}

int
ctl_queue_show(struct ctl *ctl)
{
    struct concert concert;
    struct line_state line;
    struct problem problem;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    if (line_state(ctl->services, &concert, &line, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    print_line(&concert, &line);
    return EXIT_DONE;
}
