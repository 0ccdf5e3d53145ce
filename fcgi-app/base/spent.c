#include "base/spent.h"

#include <inttypes.h>
#include <stdio.h>

static const int64_t limits[SPENT_LIMITS] = {250,   500,   1000,   2500,    5000,
                                             10000, 50000, 300000, 1000000, 2000000};
const struct histogram_limits spent_limits = {limits, SPENT_LIMITS};

static struct spent all[DEPENDENCY_COUNT];

/* A worker has two for buyers and two for operators; a lost one is replaced. */
enum { SESSIONS_MAX = 8, NUMBER_SIZE = 21 };
static uint64_t sessions[SESSIONS_MAX];
static size_t session_count;

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

void
spent_note_session(uint64_t id)
{
    for (size_t i = 0; i < session_count; i++)
        if (sessions[i] == id)
            return;
    if (session_count < SESSIONS_MAX)
        sessions[session_count++] = id;
}

void
spent_forget_sessions(void)
{
    session_count = 0;
}

const char *
spent_sessions(void)
{
    static char text[SESSIONS_MAX * NUMBER_SIZE];
    int length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < session_count; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%" PRIu64,
                           i > 0 ? "," : "", sessions[i]);
    return text;
}

const char *
dependency_name(enum dependency dependency)
{
    return dependency == DEPENDENCY_MYSQL ? "mysql" : "redis";
}
