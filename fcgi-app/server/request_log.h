/* request_log: a line in the log for each request that failed or was slow. */
#ifndef FRONTROW_SERVER_REQUEST_LOG_H
#define FRONTROW_SERVER_REQUEST_LOG_H

#include "base/config.h"
#include "base/spent.h"
#include "server/http.h"

/* Microseconds as the buyer had them: from when nginx had the request until its answer was written.
 */
struct request_times {
    int64_t took_us;
    int64_t waited_us; /* of them in the socket, until a worker was free */
};

/*
 * Logs an answered request if its answer was a 5xx that nobody asked for, or it took longer than
 * slow_ms. `route` is NULL where it matched none; `before` is what was spent before it. Of many in
 * one second only the first ones are logged, and how many more there were.
 */
void request_log(const struct config *config, const struct route *route,
                 const struct exchange *exchange, const struct spent before[DEPENDENCY_COUNT],
                 const struct request_times *times);

#endif
