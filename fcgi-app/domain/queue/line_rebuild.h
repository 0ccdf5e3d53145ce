/* line_rebuild: loads a line into Redis from MySQL, after Redis came back empty or older. */
#ifndef FRONTROW_DOMAIN_LINE_REBUILD_H
#define FRONTROW_DOMAIN_LINE_REBUILD_H

#include "domain/services.h"
#include "redis/queue/line_store.h"

/*
 * Loads the line, or goes on where another call stopped, for at most a second: whoever comes next
 * goes on. ERROR_NONE when it is loaded; else queue_unavailable, to be asked again in a second.
 */
enum error line_rebuild(struct services *services, const struct line_settings *settings,
                        struct problem *problem);

/* What an answer of Redis other than LINE_OK, which the line's rules have no answer to, means. */
enum error line_refuse(struct problem *problem, enum line_answer answer);

#endif
