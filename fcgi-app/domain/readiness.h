/* readiness: whether MySQL and Redis do what a sale asks of them. For /health/ready. */
#ifndef FRONTROW_DOMAIN_READINESS_H
#define FRONTROW_DOMAIN_READINESS_H

#include "domain/services.h"

/*
 * Whether MySQL reads a row and, asked once a second by each worker, commits a write, which leaves
 * no row behind: a node without a quorum or a majority, or that is read-only, answers other things.
 * How long it took goes to *latency_us.
 */
bool readiness_check_mysql(struct services *services, int64_t *latency_us);

/* Whether Redis runs the functions of the line, which write; the same. */
bool readiness_check_redis(struct services *services, int64_t *latency_us);

#endif
