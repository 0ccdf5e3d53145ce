/*
 * model: who the fans of a rehearsal are (docs/rehearsal.md says why). Everything about a fan
 * follows from the seed and the fan's number: two runs with one seed have the same fans.
 */
#ifndef FRONTROW_CTL_REHEARSAL_MODEL_H
#define FRONTROW_CTL_REHEARSAL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* The parameters; times are seconds. */
struct fan_model {
    int fans;
    double window_s;   /* in which they come */
    double patience_s; /* median of the wait after which a waiting fan gives up */
    double choose_s;   /* median of the time for choosing seats */
    double pay_s;      /* median of the time from the hold to the payment */
    uint64_t seed;
};

/* The defaults. A number of fans has none. */
#define FAN_MODEL_DEFAULT                                                                          \
    ((struct fan_model){                                                                           \
        .window_s = 600, .patience_s = 1200, .choose_s = 20, .pay_s = 40, .seed = 1})

enum fan_plan { PLAN_PAY, PLAN_RELEASE, PLAN_VANISH };

struct fan_nature {
    double arrives_s; /* after the opening */
    double patience_s;
    double choose_s;
    double pay_s;
    int seats;
    bool picks; /* seats on the map; else the best ones that are left are asked for */
    enum fan_plan plan;
};

/* Fans are numbered from 0. */
void fan_model_draw(const struct fan_model *model, int number, struct fan_nature *nature);

#endif
