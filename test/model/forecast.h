/* forecast: what people were told of their wait, and how long it was in the end. */
#ifndef FRONTROW_TEST_FORECAST_H
#define FRONTROW_TEST_FORECAST_H

#include <stddef.h>
#include <stdint.h>

/* What a person was told. */
struct told {
    int32_t who;
    int64_t at;
    int64_t eta_s;
    int64_t high_s;
};

/* Zero-initialised is empty. */
struct forecast {
    struct told *list;
    size_t count;
    size_t room;
};

void forecast_told(struct forecast *forecast, const struct told *told);

/* How the answers did whose wait was over in the end. */
struct forecast_score {
    size_t answers;
    double median_error; /* of |eta - wait| / wait */
    double worse_tenth;  /* nine tenths of the errors are smaller */
    double median_bias;  /* of (eta - wait) / wait */
    double held;         /* the share of waits that were not longer than the high one */
};

/* `ended_at`: by person, when its wait was over, 0 where it was not. */
struct forecast_score forecast_judge(struct forecast *forecast, const int64_t *ended_at);

void forecast_free(struct forecast *forecast);

#endif
