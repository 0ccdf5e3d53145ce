/* crowd: all fans of an opening, as they come, on the workers of a run folder. */
#ifndef FRONTROW_CTL_REHEARSAL_CROWD_H
#define FRONTROW_CTL_REHEARSAL_CROWD_H

#include <signal.h>
#include <sys/types.h>

#include "base/must_check.h"
#include "ctl/rehearsal/record.h"

struct crowd_setup {
    struct fan_model model;
    const char *run_dir;
    int sockets;
    int32_t concert_id;
    const char *name;    /* begins all user ids: letters, digits and '-' */
    pid_t master;        /* of the workers, whose processor time is measured; 0: it is not */
    bool shows_progress; /* a line on standard error, while it runs, if that is a terminal */
    const volatile sig_atomic_t *is_interrupted;
};

/*
 * Plays the opening, now, until everybody has gone: within twice the window and 20 minutes. Fills
 * `record`, which is begun here. False, with the reason on standard error: no worker answers, or
 * the concert has nothing to sell.
 */
bool crowd_play(const struct crowd_setup *setup, struct record *record) MUST_CHECK;

#endif
