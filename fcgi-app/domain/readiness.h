/*
 * readiness: whether MySQL and Redis do what a sale asks of them. For /health/ready and /metrics.
 */
#ifndef FRONTROW_DOMAIN_READINESS_H
#define FRONTROW_DOMAIN_READINESS_H

#include "domain/services.h"

/*
 * Whether MySQL reads a row and commits a write, which leaves no row behind: a server that is
 * read-only, or a node without a quorum, still answers everything else. Each worker writes once a
 * second at most; between, the last write that worked counts. *latency_us is how long it took.
 */
bool readiness_check_mysql(struct services *services, int64_t *latency_us);

/* Whether Redis runs the functions of the queue, which write; *latency_us as above. */
bool readiness_check_redis(struct services *services, int64_t *latency_us);

#endif
