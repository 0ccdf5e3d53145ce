/* frontrowctl queue show */
#include <stdio.h>

#include "ctl/ctl.h"
#include "domain/queue/queue.h"

static void
print_queue(const struct concert *concert, const struct queue_state *queue)
{
    printf("status             %s\n", concert_status_name(concert_status(concert, concert->now)));
    if (!concert->queued) {
        puts("there is no queue");
        return;
    }
    printf("paused             %s\n", queue->paused ? "yes" : "no");
    printf("capacity           %d\n", (int)queue->capacity);
    printf("active             %d\n", (int)queue->active);
    printf("waiting            %d\n", (int)queue->waiting);
    printf("serving            %d\n", (int)queue->serving);
    printf("lastNumber         %d\n", (int)queue->last_number);
    printf("admittedPerMinute  %d\n", (int)queue->admitted_per_minute);
}

int
ctl_queue_show(struct ctl *ctl)
{
    struct concert concert;
    struct queue_state queue;
    struct problem problem;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    if (queue_state(ctl->services, &concert, &queue, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    print_queue(&concert, &queue);
    return EXIT_DONE;
}
