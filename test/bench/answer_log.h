/*
 * answer_log: one line for every call that was made and what came of it, for test/fault to compare
 * with the books. Fields are separated by tabs, which no JSON of ours holds:
 *
 *   sent and received in monotonic milliseconds, user, call, Idempotency-Key, status, code, whether
 *   replayed (0, 1), X-Request-Id, method, path, body sent, body received
 *
 * Without an answer the status is 0 and the code lost, not_sent or vanished; of a success it is ok.
 */
#ifndef BENCH_ANSWER_LOG_H
#define BENCH_ANSWER_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "http_client.h"

enum { ANSWER_CODE_SIZE = 48 };

/* A call as it was sent. */
struct logged_call {
    const char *user;
    const char *name;
    const char *key; /* "" if none */
    const char *method;
    const char *path;
    const char *body; /* "" if none */
    int64_t sent_us;
};

/* Writes the problem's code, "ok", "lost", "not_sent" or "vanished". */
void answer_code(const struct http_answer *answer, char code[ANSWER_CODE_SIZE]);

void answer_log_write(FILE *log, const struct logged_call *call, const struct http_answer *answer,
                      int64_t received_us);

/* The text or the number after `"name":` in a flat JSON object; false where there is none. */
bool answer_text(const struct http_answer *answer, const char *name, char *text, size_t size);
int64_t answer_number(const struct http_answer *answer, const char *name);

#endif
