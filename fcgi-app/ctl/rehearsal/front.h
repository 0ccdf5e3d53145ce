/*
 * front: stands where nginx stands in front of the workers of a rehearsal: hands requests over by
 * FastCGI, one connection each, and refuses what is too many at once.
 */
#ifndef FRONTROW_CTL_REHEARSAL_FRONT_H
#define FRONTROW_CTL_REHEARSAL_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ctl/fastcgi.h"

/* As --exact-limit of nginx-config has it by default. */
enum { FRONT_CALLS_MAX = 2048 };

struct front;

/*
 * Told of the end of each call, once; the status is 0 where no answer came. Nothing of `answer`
 * lasts. Another call may begin here.
 */
struct asker;
typedef void asker_answered(struct asker *asker, const struct fastcgi_answer *answer,
                            int64_t took_us);

/* Who asks, as the first member of whoever that is. */
struct asker {
    asker_answered *answered;
};

/* Texts may be "" where there is none. All are copied. */
struct front_request {
    const char *method;
    const char *path;
    const char *query;
    const char *token; /* X-Queue-Token */
    const char *key;   /* Idempotency-Key */
    const char *body;
};

/*
 * To the sockets of a run folder, frontrow-0.sock and so on. NULL, with the reason on standard
 * error: its path is too long, or this process may not open files enough.
 */
struct front *front_open(const char *run_dir, int sockets);
void front_close(struct front *front);

/* Sends a request. False: too many run, or no socket takes one more; nothing is told of it. */
bool front_send(struct front *front, struct asker *asker, const struct front_request *request);

/* Calls that run. */
int front_running(const struct front *front);

/* Tells the ends of calls; waits so long at most where there is none. */
void front_wait(struct front *front, int milliseconds);

/* Asks and waits for the answer, up to 15 seconds; its status, and the body in `body`. */
int front_ask(struct front *front, const char *path, const char *query, struct buffer *body);

#endif
