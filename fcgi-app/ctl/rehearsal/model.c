#include "ctl/rehearsal/model.h"

#include <math.h>
#include <stddef.h>

#include "base/mix.h"

/* The shares that have no option: percent of the fans. */
enum { AT_OPENING = 60, PICKS = 50, PAYS = 85, RELEASES = 5 };

/* How many seats are wanted: percent for 1, 2, 3 and 4. */
static const int wanted[] = {20, 60, 10, 10};

/* How long the rush of the opening and the time after it are, as shares of the window. */
#define RUSH_SHARE (1.0 / 60)
#define LATE_SHARE (1.0 / 3)

/* How much fans differ in what takes them time: the deviation of its logarithm. */
#define SPREAD 0.5

#define HALF_LOG 0.69314718055994531 /* of 2 */
#define FULL_CIRCLE 6.2831853071795865

/* The numbers that one fan is made from, one after the other. */
struct draws {
    uint64_t state;
};

/* Above 0 and below 1. */
static double
draw_share(struct draws *draws)
{
    draws->state += UINT64_C(0x9e3779b97f4a7c15);
    return ((double)(mix(draws->state) >> 11) + 0.5) / 9007199254740992.0;
}

static bool
draw_chance(struct draws *draws, int percent)
{
    return draw_share(draws) * 100 < percent;
}

/* With this mean, but none above `max`. */
static double
draw_exponential(struct draws *draws, double mean, double max)
{
    return -mean * log(1 - draw_share(draws) * (1 - exp(-max / mean)));
}

/* Log-normal: nobody takes no time, some take long (Box and Muller). */
static double
draw_time(struct draws *draws, double median)
{
    double radius = sqrt(-2 * log(draw_share(draws)));
    return median * exp(SPREAD * radius * cos(FULL_CIRCLE * draw_share(draws)));
}

static int
draw_seats(struct draws *draws)
{
    double share = draw_share(draws) * 100;
    size_t count = sizeof wanted / sizeof wanted[0], i = 0;
    while (i + 1 < count && share >= wanted[i])
        share -= wanted[i++];
    return (int)i + 1;
}

void
fan_model_draw(const struct fan_model *model, int number, struct fan_nature *nature)
{
    struct draws draws = {mix(mix(model->seed) + (uint64_t)number + 1)};
    double share = draw_chance(&draws, AT_OPENING) ? RUSH_SHARE : LATE_SHARE;
    nature->arrives_s = draw_exponential(&draws, model->window_s * share, model->window_s);
    nature->patience_s = -model->patience_s / HALF_LOG * log(draw_share(&draws));
    nature->choose_s = draw_time(&draws, model->choose_s);
    nature->pay_s = draw_time(&draws, model->pay_s);
    nature->seats = draw_seats(&draws);
    nature->picks = draw_chance(&draws, PICKS);
    int plan = (int)(draw_share(&draws) * 100);
    nature->plan = plan < PAYS ? PLAN_PAY : plan < PAYS + RELEASES ? PLAN_RELEASE : PLAN_VANISH;
}
