/*
 * opening: the fans of a rehearsal on a concert that is really on sale, at the sockets of its
 * workers. Prints the report of a rehearsal as JSON: what a rehearsal foretold is compared with it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/rehearsal/cpu.h"
#include "ctl/rehearsal/crowd.h"
#include "ctl/rehearsal/report.h"

int
main(int argc, char **argv)
{
    static const volatile sig_atomic_t never;
    if (argc != 10) {
        fputs(
            "Usage: opening RUN_DIR SOCKETS CONCERT FANS MINUTES SEED PATIENCE_S CHOOSE_S PAY_S\n",
            stderr);
        return 2;
    }
    const struct crowd_setup setup = {
        .run_dir = argv[1],
        .sockets = atoi(argv[2]),
        .concert_id = atoi(argv[3]),
        .model = {.fans = atoi(argv[4]),
                  .window_s = 60 * atof(argv[5]),
                  .seed = strtoull(argv[6], NULL, 10),
                  .patience_s = atof(argv[7]),
                  .choose_s = atof(argv[8]),
                  .pay_s = atof(argv[9])},
        .name = "opening",
        .is_interrupted = &never,
    };
    struct record record = {0};
    struct verdict verdict;
    struct buffer text = {0};
    bool is_played = crowd_play(&setup, &record);
    if (is_played) {
        const struct rehearsed rehearsed = {setup.concert_id, "", -1, 1, cpu_cores()};
        verdict_find(&record, &rehearsed, &verdict);
        report_write_json(&record, &rehearsed, &verdict, &text);
        fputs(text.data, stdout);
    }
    record_free(&record);
    buffer_free(&text);
    return is_played ? 0 : 1;
}
