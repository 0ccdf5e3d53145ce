/* queue_rebuild: loads a queue into Redis from MySQL, after Redis came back empty or older. */
#ifndef FRONTROW_DOMAIN_QUEUE_REBUILD_H
#define FRONTROW_DOMAIN_QUEUE_REBUILD_H

#include "domain/services.h"
#include "redis/queue/queue_store.h"

/*
 * Loads the queue, or goes on where another call stopped, for at most a second: whoever comes next
 * goes on. ERROR_NONE when it is loaded; else queue_unavailable, to be asked again in a second.
 */
enum error queue_rebuild(struct services *services, const struct queue_settings *settings,
                         struct problem *problem) MUST_CHECK;

/* What an answer of Redis other than QUEUE_OK, which the queue's rules have no answer to, means. */
enum error queue_refuse(struct problem *problem, enum queue_answer answer);

#endif
