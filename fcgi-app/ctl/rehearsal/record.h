/* record: what was seen of a rehearsal, second by second, and what follows from it. */
#ifndef FRONTROW_CTL_REHEARSAL_RECORD_H
#define FRONTROW_CTL_REHEARSAL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/rehearsal/model.h"

enum fan_call {
    CALL_ADD,
    CALL_POLL,
    CALL_RESERVE,
    CALL_CHARGE,
    CALL_PAY,
    CALL_RELEASE,
    CALL_LEAVE,
    CALL_KINDS
};

/* What an answer is for who runs the server. */
enum fan_outcome {
    OUTCOME_DONE,    /* 2xx */
    OUTCOME_REFUSED, /* by a rule: other 4xx */
    OUTCOME_SHED,    /* 429, 503, or not even taken: come again later */
    OUTCOME_FAILED,  /* other 5xx, or no answer */
    OUTCOMES
};

/* How a fan's way ended. */
enum fan_end {
    END_BOUGHT,
    END_RELEASED,
    END_VANISHED,   /* left seats held, and did not pay */
    END_SOLD_OUT,   /* found nothing that was left */
    END_IMPATIENT,  /* gave up while waiting */
    END_REFUSED,    /* by another rule: a lease or a hold that was over */
    END_ERRORS,     /* gave up after too many answers that were none */
    END_UNFINISHED, /* was still there when the rehearsal ended */
    FAN_ENDS
};

/* One second, from the opening on. All of one type, so that a plot can take any of them. */
struct second {
    double outcomes[OUTCOMES];                     /* answers */
    double waiting, active, available, held, sold; /* known where is_sampled */
    double workers_cpu;                            /* cores; likewise the next two */
    double machine_cpu;
    double fans_cpu; /* of this program itself */
    double waited_s; /* sum of the waits of those who came in this second */
    double let_in;   /* how many of them came in */
    bool is_sampled;
};

enum { LATENCY_BUCKETS = 200, CODES_MAX = 32, RECORD_CODE_SIZE = 40 };

struct record {
    struct fan_model model;
    struct second *seconds;
    size_t second_count, second_room;
    int64_t latencies[CALL_KINDS][LATENCY_BUCKETS];
    int64_t slowest_us[CALL_KINDS];
    struct {
        char name[RECORD_CODE_SIZE];
        int64_t count;
    } codes[CODES_MAX]; /* of answers that were shed or failed, and of refusals */
    size_t code_count;
    double *waits; /* seconds from the add to the turn, of all who came in; sorted by the end */
    size_t wait_count;
    int64_t ends[FAN_ENDS];
    int64_t seat_count;
    double first_empty_s; /* nothing was left for the first time; -1: never. Likewise the next */
    double sold_out_s;    /* everything was sold */
    double duration_s;
    double late_s;    /* the worst delay of this program behind its own plan */
    bool is_complete; /* it was not interrupted, and everybody had gone */
};

/* Begins a record, with nothing in it. */
void record_begin(struct record *record, const struct fan_model *model);
void record_free(struct record *record);

/* The second in which `at_s` is; those before it are made too. */
struct second *record_second(struct record *record, double at_s);

/* `code`: of a problem, or what stands for one; "" for a success. */
void record_answer(struct record *record, double at_s, enum fan_call call, int status,
                   const char *code, int64_t took_us);

void record_wait(struct record *record, double arrived_s, double waited_s);

/* What the server said of the seats just now. */
void record_seats(struct record *record, double at_s, int64_t available, int64_t held);

/* Ends it: sorts the waits. */
void record_finish(struct record *record, double duration_s, bool is_complete);

/* The value below which this share of the waits, or of a call's answers, is; 0 where there is none.
 */
double record_wait_quantile(const struct record *record, double share);
double record_latency_ms(const struct record *record, enum fan_call call, double share);

/* Sums over all seconds. */
int64_t record_outcomes(const struct record *record, enum fan_outcome outcome);
int64_t record_answers(const struct record *record);

/* How many answers had this code. */
int64_t record_code(const struct record *record, const char *name);

const char *fan_call_name(enum fan_call call);
const char *fan_end_name(enum fan_end end);

#endif
