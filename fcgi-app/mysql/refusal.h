/* refusal: what an error of the server or of the client library means, by its number. */
#ifndef FRONTROW_MYSQL_REFUSAL_H
#define FRONTROW_MYSQL_REFUSAL_H

#include <stdbool.h>

#include "mysql/database.h"

enum refusal {
    REFUSAL_UNKNOWN,    /* there is no rule: taken for ELSEWHERE, and told */
    REFUSAL_RETRY,      /* nothing happened; the whole transaction may be run again */
    REFUSAL_RETRY_ANEW, /* the same, on a new connection; after a COMMIT it may have happened */
    REFUSAL_LATER,      /* not now; the connection is as good as another one */
    REFUSAL_TOO_LONG,   /* the server's limit for a statement ended it; otherwise as LATER */
    REFUSAL_ELSEWHERE,  /* not now, and not on this connection: lost, or to a wrong server */
    REFUSAL_OURS,       /* a bug */
    REFUSAL_MISUSE,     /* a bug, after which the connection is of no more use */
    REFUSAL_DUPLICATE,  /* a unique key refused the row */
};

/* What the error means. `text` is the server's. */
enum refusal refusal_of(unsigned code, const char *text);

/* What callers see of it. */
enum db_result refusal_result(enum refusal refusal) MUST_CHECK;

/* Whether the connection is to be closed. */
bool refusal_ends_connection(enum refusal refusal);

#endif
