#include "ctl/rehearsal/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"

/* What is said of the fans' ends. */
static const char *const end_texts[FAN_ENDS] = {
    [END_BOUGHT] = "bought",
    [END_RELEASED] = "gave their seats back",
    [END_VANISHED] = "held seats and did not pay",
    [END_SOLD_OUT] = "found nothing left",
    [END_IMPATIENT] = "gave up while waiting",
    [END_REFUSED] = "lost their turn or their hold",
    [END_ERRORS] = "gave up after too many errors",
    [END_UNFINISHED] = "were still there at the end",
};

static void
write_moment(struct buffer *out, const char *what, double at_s)
{
    if (at_s < 0)
        buffer_format(out, "%-24s not at all\n", what);
    else
        buffer_format(out, "%-24s after %.1f s\n", what, at_s);
}

static int64_t
seats_sold(const struct record *record)
{
    for (size_t i = record->second_count; i-- > 0;)
        if (record->seconds[i].is_sampled)
            return (int64_t)record->seconds[i].sold;
    return 0;
}

void
report_write_text(const struct record *record, const struct rehearsed *rehearsed,
                  const struct verdict *verdict, struct buffer *out)
{
    buffer_format(out, "%s\n\n", verdict_sentence(verdict->kind));
    for (size_t i = 0; i < verdict->count; i++)
        buffer_format(out, "- %s\n", verdict->advice[i]);
    buffer_format(out, "%s%-24s %" PRId64 " of %" PRId64 " in %.0f s\n",
                  verdict->count > 0 ? "\n" : "", "seats sold", seats_sold(record),
                  record->seat_count, record->duration_s);
    write_moment(out, "nothing left", record->first_empty_s);
    write_moment(out, "sold out", record->sold_out_s);
    buffer_format(out, "%-24s half %.0f s, nine of ten %.0f s, all %.0f s\n", "wait for the turn",
                  record_wait_quantile(record, 0.5), record_wait_quantile(record, 0.9),
                  record_wait_quantile(record, 1));
    buffer_format(out, "%-24s %d", "fans", record->model.fans);
    for (int i = 0; i < FAN_ENDS; i++)
        if (record->ends[i] > 0)
            buffer_format(out, ", %" PRId64 " %s", record->ends[i], end_texts[i]);
    buffer_format(out,
                  "\n%-24s %" PRId64 ": %" PRId64 " done, %" PRId64 " refused, %" PRId64
                  " come again later, %" PRId64 " failed\n",
                  "answers", record_answers(record), record_outcomes(record, OUTCOME_DONE),
                  record_outcomes(record, OUTCOME_REFUSED), record_outcomes(record, OUTCOME_SHED),
                  record_outcomes(record, OUTCOME_FAILED));
    for (size_t i = 0; i < record->code_count; i++)
        buffer_format(out, "  %-22s %" PRId64 "\n", record->codes[i].name, record->codes[i].count);
    buffer_format(out, "%-24s half %.1f ms, 99%% %.1f ms\n", "reservations",
                  record_latency_ms(record, CALL_RESERVE, 0.5),
                  record_latency_ms(record, CALL_RESERVE, 0.99));
    buffer_format(out, "%-24s half %.1f ms, 99%% %.1f ms\n", "payments",
                  record_latency_ms(record, CALL_PAY, 0.5),
                  record_latency_ms(record, CALL_PAY, 0.99));
    if (rehearsed->capacity >= 0)
        buffer_format(out, "%-24s %d\n", "admissionCapacity", (int)rehearsed->capacity);
}

/* ---- JSON ---- */

static void
write_ms(struct json *json, const char *name, double seconds)
{
    json_write_optional_integer(json, name, seconds >= 0, (int64_t)(seconds * 1000));
}

static void
write_calls(struct json *json, const struct record *record)
{
    json_begin_object(json, "latencyMicroseconds");
    for (int i = 0; i < CALL_KINDS; i++) {
        json_begin_object(json, fan_call_name((enum fan_call)i));
        json_write_integer(json, "p50",
                           (int64_t)(1000 * record_latency_ms(record, (enum fan_call)i, 0.5)));
        json_write_integer(json, "p99",
                           (int64_t)(1000 * record_latency_ms(record, (enum fan_call)i, 0.99)));
        json_end_object(json);
    }
    json_end_object(json);
}

void
report_write_json(const struct record *record, const struct rehearsed *rehearsed,
                  const struct verdict *verdict, struct buffer *out)
{
    static const char *const outcomes[OUTCOMES] = {"done", "refused", "shed", "failed"};
    struct json json = json_writer(out);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", rehearsed->concert_id);
    json_write_string(&json, "verdict", verdict_name(verdict->kind));
    json_begin_array(&json, "advice");
    for (size_t i = 0; i < verdict->count; i++)
        json_write_string(&json, NULL, verdict->advice[i]);
    json_end_array(&json);
    json_write_integer(&json, "fans", record->model.fans);
    json_write_integer(&json, "seats", record->seat_count);
    json_write_integer(&json, "sold", seats_sold(record));
    write_ms(&json, "durationMs", record->duration_s);
    write_ms(&json, "nothingLeftMs", record->first_empty_s);
    write_ms(&json, "soldOutMs", record->sold_out_s);
    json_begin_object(&json, "waitMs");
    write_ms(&json, "p50", record_wait_quantile(record, 0.5));
    write_ms(&json, "p90", record_wait_quantile(record, 0.9));
    write_ms(&json, "max", record_wait_quantile(record, 1));
    json_end_object(&json);
    json_begin_object(&json, "ends");
    for (int i = 0; i < FAN_ENDS; i++)
        json_write_integer(&json, fan_end_name((enum fan_end)i), record->ends[i]);
    json_end_object(&json);
    json_begin_object(&json, "answers");
    for (int i = 0; i < OUTCOMES; i++)
        json_write_integer(&json, outcomes[i], record_outcomes(record, (enum fan_outcome)i));
    json_end_object(&json);
    json_begin_object(&json, "codes");
    for (size_t i = 0; i < record->code_count; i++)
        json_write_integer(&json, record->codes[i].name, record->codes[i].count);
    json_end_object(&json);
    write_calls(&json, record);
    json_end_object(&json);
    buffer_text(out, "\n");
}
