/* fastcgi: what frontrowctl says to a worker at its socket, and what it is answered. */
#ifndef FRONTROW_CTL_FASTCGI_H
#define FRONTROW_CTL_FASTCGI_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/must_check.h"

/* Both have less than 128 bytes. */
struct fastcgi_parameter {
    const char *name;
    const char *value;
};

/* Appends the records of one request. `body` "" : it has none. */
void fastcgi_write_request(struct buffer *out, const struct fastcgi_parameter *parameters,
                           size_t count, const char *body);

struct fastcgi_answer {
    int status;       /* 0: there was none */
    int retry_after;  /* seconds; 0: none was named */
    const char *body; /* NUL-terminated; "" without a status */
};

/*
 * Reads the answer in `records`, all that came until the worker closed. Its body lies in `text`,
 * which is emptied first. False: they are no whole answer.
 */
bool fastcgi_read_answer(const struct buffer *records, struct buffer *text,
                         struct fastcgi_answer *answer) MUST_CHECK;

/* The address of a socket in a run folder. False: its path is too long for one. */
bool fastcgi_find_socket(const char *run_dir, int number, struct sockaddr_un *address) MUST_CHECK;

#endif
