#include "base/spent.h"

static const int64_t limits[SPENT_LIMITS] = {250,   500,   1000,   2500,    5000,
                                             10000, 50000, 300000, 1000000, 2000000};
const struct histogram_limits spent_limits = {limits, SPENT_LIMITS};

static struct spent all[DEPENDENCY_COUNT];

void
spent_add(enum dependency dependency, int64_t microseconds)
{
    struct spent *spent = &all[dependency];
    spent->calls++;
    spent->microseconds += (uint64_t)microseconds;
    spent->buckets[histogram_bucket(&spent_limits, microseconds)]++;
}

const struct spent *
spent_of(enum dependency dependency)
{
    return &all[dependency];
}

const char *
dependency_name(enum dependency dependency)
{
    return dependency == DEPENDENCY_MYSQL ? "mysql" : "redis";
}
