#include "ctl/rehearsal/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* Each bucket of latencies is an eighth of a doubling wide, from a microsecond on. */
#define BUCKETS_OF_DOUBLING 8

static const char *const call_names[CALL_KINDS] = {
    [CALL_ADD] = "add",       [CALL_POLL] = "poll", [CALL_RESERVE] = "reserve",
    [CALL_CHARGE] = "charge", [CALL_PAY] = "pay",   [CALL_RELEASE] = "release",
    [CALL_LEAVE] = "leave",
};

static const char *const end_names[FAN_ENDS] = {
    [END_BOUGHT] = "bought",    [END_RELEASED] = "released",     [END_VANISHED] = "vanished",
    [END_SOLD_OUT] = "soldOut", [END_IMPATIENT] = "gaveUp",      [END_REFUSED] = "refused",
    [END_ERRORS] = "failed",    [END_UNFINISHED] = "unfinished",
};

const char *
fan_call_name(enum fan_call call)
{
    return call_names[call];
}

const char *
fan_end_name(enum fan_end end)
{
    return end_names[end];
}

void
record_begin(struct record *record, const struct fan_model *model)
{
    *record = (struct record){.model = *model, .first_empty_s = -1, .sold_out_s = -1};
    record->waits = calloc((size_t)model->fans, sizeof *record->waits);
    if (record->waits == NULL)
        log_abort("no memory");
}

void
record_free(struct record *record)
{
    free(record->seconds);
    free(record->waits);
}

struct second *
record_second(struct record *record, double at_s)
{
    size_t index = at_s > 0 ? (size_t)at_s : 0;
    if (index >= record->second_room) {
        size_t room = 2 * index + 64;
        struct second *seconds = realloc(record->seconds, room * sizeof *seconds);
        if (seconds == NULL)
            log_abort("no memory");
        memset(seconds + record->second_room, 0, (room - record->second_room) * sizeof *seconds);
        record->seconds = seconds;
        record->second_room = room;
    }
    if (record->second_count <= index)
        record->second_count = index + 1;
    return &record->seconds[index];
}

static enum fan_outcome
outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return OUTCOME_DONE;
    if (status == 503 || status == 429)
        return OUTCOME_SHED;
    return status >= 400 && status < 500 ? OUTCOME_REFUSED : OUTCOME_FAILED;
}

static void
count_code(struct record *record, const char *name)
{
    size_t i = 0;
    while (i < record->code_count && strcmp(record->codes[i].name, name) != 0)
        i++;
    if (i == CODES_MAX)
        return;
    if (i == record->code_count && text_copy(record->codes[i].name, RECORD_CODE_SIZE, name))
        record->code_count++;
    record->codes[i].count++;
}

static int
bucket_of(int64_t took_us)
{
    int bucket = (int)(BUCKETS_OF_DOUBLING * log2((double)(took_us > 1 ? took_us : 1)));
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

void
record_answer(struct record *record, double at_s, enum fan_call call, int status, const char *code,
              int64_t took_us)
{
    record_second(record, at_s)->outcomes[outcome_of(status)]++;
    record->latencies[call][bucket_of(took_us)]++;
    if (record->slowest_us[call] < took_us)
        record->slowest_us[call] = took_us;
    if (code[0] != '\0')
        count_code(record, code);
}

void
record_wait(struct record *record, double arrived_s, double waited_s)
{
    struct second *second = record_second(record, arrived_s);
    second->waited_s += waited_s;
    second->let_in++;
    record->waits[record->wait_count++] = waited_s;
}

void
record_seats(struct record *record, double at_s, int64_t available, int64_t held)
{
    struct second *second = record_second(record, at_s);
    second->is_sampled = true;
    second->available = (double)available;
    second->held = (double)held;
    second->sold = (double)(record->seat_count - available - held);
    if (available == 0 && record->first_empty_s < 0)
        record->first_empty_s = at_s;
    if (available == 0 && held == 0 && record->sold_out_s < 0)
        record->sold_out_s = at_s;
}

static int
compare_numbers(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

void
record_finish(struct record *record, double duration_s, bool is_complete)
{
    if (record->wait_count > 0)
        qsort(record->waits, record->wait_count, sizeof record->waits[0], compare_numbers);
    record->duration_s = duration_s;
    record->is_complete = is_complete;
}

double
record_wait_quantile(const struct record *record, double share)
{
    if (record->wait_count == 0)
        return 0;
    return record->waits[(size_t)(share * (double)(record->wait_count - 1))];
}

double
record_latency_ms(const struct record *record, enum fan_call call, double share)
{
    int64_t all = 0, seen = 0;
    for (int i = 0; i < LATENCY_BUCKETS; i++)
        all += record->latencies[call][i];
    if (all == 0)
        return 0;
    int bucket = 0;
    while ((double)(seen += record->latencies[call][bucket]) < share * (double)all)
        bucket++;
    double ms = exp2((double)(bucket + 1) / BUCKETS_OF_DOUBLING) / 1000;
    double max_ms = (double)record->slowest_us[call] / 1000;
    return ms < max_ms ? ms : max_ms;
}

int64_t
record_outcomes(const struct record *record, enum fan_outcome outcome)
{
    double count = 0;
    for (size_t i = 0; i < record->second_count; i++)
        count += record->seconds[i].outcomes[outcome];
    return (int64_t)count;
}

int64_t
record_answers(const struct record *record)
{
    int64_t count = 0;
    for (int i = 0; i < OUTCOMES; i++)
        count += record_outcomes(record, (enum fan_outcome)i);
    return count;
}

int64_t
record_code(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->code_count; i++)
        if (strcmp(record->codes[i].name, name) == 0)
            return record->codes[i].count;
    return 0;
}
