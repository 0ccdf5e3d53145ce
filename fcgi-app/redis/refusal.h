/* refusal: what an error that Redis answers means, by the words that it begins with. */
#ifndef FRONTROW_REDIS_REFUSAL_H
#define FRONTROW_REDIS_REFUSAL_H

enum redis_refusal {
    REDIS_UNKNOWN,     /* there is no rule: taken for ELSEWHERE, and told */
    REDIS_NO_FUNCTION, /* the function library has to be loaded */
    REDIS_FULL,        /* there is no memory for what this adds */
    REDIS_LATER,       /* not now; the connection is as good as another one */
    REDIS_ELSEWHERE,   /* not now, and not on this connection: a wrong server, or a wrong user */
    REDIS_OURS,        /* a bug */
};

/* What the error means. `error` is Redis' line, without the "-" before it. */
enum redis_refusal redis_refusal_of(const char *error);

#endif
