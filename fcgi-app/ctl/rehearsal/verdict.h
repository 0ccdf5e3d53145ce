/* verdict: what a rehearsal means: whether it will hold, and what to change. */
#ifndef FRONTROW_CTL_REHEARSAL_VERDICT_H
#define FRONTROW_CTL_REHEARSAL_VERDICT_H

#include "ctl/rehearsal/record.h"

/* What was rehearsed, for the report and the verdict. */
struct rehearsed {
    int32_t concert_id;
    const char *title;
    int32_t capacity; /* -1: the concert has no queue */
    int workers;
    int cores;
};

enum verdict_kind { VERDICT_HOLDS, VERDICT_SLOW, VERDICT_FAILS, VERDICT_UNKNOWN };

enum { ADVICE_MAX = 8, ADVICE_SIZE = 240 };

struct verdict {
    enum verdict_kind kind;
    char advice[ADVICE_MAX][ADVICE_SIZE]; /* sentences */
    size_t count;
};

void verdict_find(const struct record *record, const struct rehearsed *rehearsed,
                  struct verdict *verdict);

/* "holds", "slow", "fails" or "unknown". */
const char *verdict_name(enum verdict_kind kind);

/* The same as a sentence. */
const char *verdict_sentence(enum verdict_kind kind);

#endif
