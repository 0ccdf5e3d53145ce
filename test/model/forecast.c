#include "forecast.h"

#include <math.h>
#include <stdlib.h>

void
forecast_told(struct forecast *forecast, const struct told *told)
{
    if (forecast->count == forecast->room) {
        forecast->room = forecast->room == 0 ? 1024 : 2 * forecast->room;
        forecast->list = realloc(forecast->list, forecast->room * sizeof *forecast->list);
        if (forecast->list == NULL)
            abort();
    }
    forecast->list[forecast->count++] = *told;
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double
quantile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, compare);
    return count > 0 ? values[(size_t)(share * (double)(count - 1))] : 0;
}

struct forecast_score
forecast_judge(struct forecast *forecast, const int64_t *ended_at)
{
    struct forecast_score score = {0};
    double *bias = calloc(forecast->count + 1, sizeof *bias);
    size_t held = 0, count = 0;
    if (bias == NULL)
        abort();
    for (size_t i = 0; i < forecast->count; i++) {
        const struct told *told = &forecast->list[i];
        double wait = (double)(ended_at[told->who] - told->at) / 1000;
        if (wait <= 0)
            continue;
        bias[count++] = ((double)told->eta_s - wait) / wait;
        held += (double)told->high_s >= wait;
    }
    score.answers = count;
    score.held = (double)held / (double)(count + (count == 0));
    score.median_bias = quantile(bias, count, 0.5);
    for (size_t i = 0; i < count; i++)
        bias[i] = fabs(bias[i]);
    score.median_error = quantile(bias, count, 0.5);
    score.worse_tenth = quantile(bias, count, 0.9);
    free(bias);
    return score;
}

void
forecast_free(struct forecast *forecast)
{
    free(forecast->list);
    *forecast = (struct forecast){0};
}
