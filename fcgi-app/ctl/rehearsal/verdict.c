#include "ctl/rehearsal/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/*
 * The limits of the alerts (observe/rules/): 99.95% of the answers, and 99% of the reservations
 * within 300 ms. To be sent away for some seconds is no failure, but many such answers are.
 */
#define FAILED_MAX 0.0005
#define SHED_HOLDS 0.01
#define SHED_SLOW 0.05
#define P99_HOLDS_MS 300.0
#define P99_SLOW_MS 2000.0

/* Shares of the machine that count as busy and as idle, and what a change aims at. */
#define BUSY 0.85
#define IDLE 0.50
#define AIM 0.70

/* Beyond this the fans came later than they should, and the figures are not those of the model. */
#define LATE_MAX_S 1.0

enum { BUSIEST_S = 5 };

static void __attribute__((format(printf, 2, 3)))
advise(struct verdict *verdict, const char *format, ...)
{
    va_list arguments;
    if (verdict->count == ADVICE_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(verdict->advice[verdict->count++], ADVICE_SIZE, format, arguments);
    va_end(arguments);
}

/* What a verdict is made from. */
struct findings {
    double failed, shed; /* shares of all answers */
    double p99_ms;       /* of reservations */
    double machine;      /* share of the machine in the busiest seconds */
    double full;         /* share of the time with waiting fans in which all places were taken */
};

/* The highest mean of a few seconds. */
static double
busiest(const struct record *record)
{
    double max = 0;
    for (size_t i = 0; i + BUSIEST_S <= record->second_count; i++) {
        double sum = 0;
        for (size_t j = 0; j < BUSIEST_S; j++)
            sum += record->seconds[i + j].machine_cpu;
        max = sum > max ? sum : max;
    }
    return max / BUSIEST_S;
}

static double
share_full(const struct record *record, int32_t capacity)
{
    int64_t waiting = 0, full = 0;
    for (size_t i = 0; i < record->second_count; i++) {
        const struct second *second = &record->seconds[i];
        waiting += second->waiting > 0;
        full += second->waiting > 0 && second->active >= capacity;
    }
    return waiting > 0 ? (double)full / (double)waiting : 0;
}

static enum verdict_kind
judge(const struct record *record, const struct findings *found)
{
    if (!record->is_complete || record_answers(record) == 0)
        return VERDICT_UNKNOWN;
    if (found->failed > FAILED_MAX || found->shed > SHED_SLOW || found->p99_ms > P99_SLOW_MS)
        return VERDICT_FAILS;
    return found->shed > SHED_HOLDS || found->p99_ms > P99_HOLDS_MS ? VERDICT_SLOW : VERDICT_HOLDS;
}

static void
advise_on_load(const struct findings *found, const struct rehearsed *rehearsed,
               struct verdict *verdict)
{
    if (rehearsed->capacity < 0)
        advise(verdict, "Give the concert a queue (admissionCapacity): nothing keeps all from "
                        "buying in the same second.");
    else if (found->machine > BUSY)
        advise(verdict, "Lower admissionCapacity from %d; try --capacity %d.",
               (int)rehearsed->capacity, (int)(rehearsed->capacity * AIM) + 1);
    if (found->machine > BUSY)
        advise(verdict,
               "The machine was busy to %.0f%%: the servers need more cores, or machines of "
               "their own.",
               found->machine * 100);
    else
        advise(verdict,
               "The machine was busy to %.0f%% only, so calls waited for a worker, MySQL or "
               "Redis; try FRONTROW_WORKERS=%d instead of %d.",
               found->machine * 100, 2 * rehearsed->workers, rehearsed->workers);
}

static void
advise_on_queue(const struct record *record, const struct findings *found,
                const struct rehearsed *rehearsed, struct verdict *verdict)
{
    double room = found->machine > 0.01 ? AIM / found->machine : 4;
    if (rehearsed->capacity > 0 && found->full > 0.5 && found->machine < IDLE)
        advise(verdict,
               "People waited for their turn, half of them %.0f s, while the machine was "
               "busy to %.0f%%: a higher admissionCapacity sells faster; try --capacity %d "
               "instead of %d.",
               record_wait_quantile(record, 0.5), found->machine * 100,
               (int)(rehearsed->capacity * (room < 4 ? room : 4)), (int)rehearsed->capacity);
    if (rehearsed->capacity == 0)
        advise(verdict, "admissionCapacity is 0: the queue calls nobody.");
    if (record_code(record, "queue_full") > 0)
        advise(verdict, "The queue was full %" PRId64 " times: raise maxWaiting.",
               record_code(record, "queue_full"));
}

void
verdict_find(const struct record *record, const struct rehearsed *rehearsed,
             struct verdict *verdict)
{
    double answers = (double)record_answers(record), all = answers > 0 ? answers : 1;
    const struct findings found = {
        .failed = (double)record_outcomes(record, OUTCOME_FAILED) / all,
        .shed = (double)record_outcomes(record, OUTCOME_SHED) / all,
        .p99_ms = record_latency_ms(record, CALL_RESERVE, 0.99),
        .machine = busiest(record) / rehearsed->cores,
        .full = share_full(record, rehearsed->capacity),
    };
    *verdict = (struct verdict){.kind = judge(record, &found)};
    if (found.failed > FAILED_MAX)
        advise(verdict,
               "%.2f%% of the answers failed: see their codes, and the logs of MySQL and "
               "Redis.",
               found.failed * 100);
    if (found.shed > SHED_HOLDS)
        advise(verdict, "%.1f%% of the answers were \"come again later\".", found.shed * 100);
    if (verdict->kind == VERDICT_SLOW || verdict->kind == VERDICT_FAILS)
        advise_on_load(&found, rehearsed, verdict);
    advise_on_queue(record, &found, rehearsed, verdict);
    if (record->late_s > LATE_MAX_S)
        advise(verdict,
               "This program fell %.1f s behind its fans: it takes part of the machine, and "
               "the figures are worse than an opening's.",
               record->late_s);
    if (record->ends[END_UNFINISHED] > 0)
        advise(verdict, "%" PRId64 " fans were still there at the end.",
               record->ends[END_UNFINISHED]);
}

const char *
verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {"holds", "slow", "fails", "unknown"};
    return names[kind];
}

const char *
verdict_sentence(enum verdict_kind kind)
{
    static const char *const sentences[] = {
        "It will hold.", "It will hold, but slowly.", "It will not hold.",
        "It ended before everybody had gone: nothing can be said."};
    return sentences[kind];
}
