#include "base/prometheus.h"

#include <inttypes.h>
#include <stdio.h>

void
prometheus_family(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP frontrow_%s %s\n# TYPE frontrow_%s %s\n", name, help, name, type);
}

void
prometheus_integer(struct buffer *out, const char *name, const char *labels, int64_t value)
{
    buffer_format(out,
                  *labels != '\0' ? "frontrow_%s{%s} %" PRId64 "\n" : "frontrow_%s%s %" PRId64 "\n",
                  name, labels, value);
}

void
prometheus_decimal(struct buffer *out, const char *name, const char *labels, double value)
{
    buffer_format(out, *labels != '\0' ? "frontrow_%s{%s} %.15g\n" : "frontrow_%s%s %.15g\n", name,
                  labels, value);
}

void
prometheus_gauge(struct buffer *out, const char *name, const char *help, int64_t value)
{
    prometheus_family(out, name, "gauge", help);
    prometheus_integer(out, name, "", value);
}

size_t
histogram_bucket(const struct histogram_limits *limits, int64_t value)
{
    size_t bucket = 0;
    while (bucket < limits->count && value > limits->list[bucket])
        bucket++;
    return bucket;
}

void
prometheus_histogram(struct buffer *out, const char *name, const char *labels,
                     const struct histogram_limits *limits, const uint64_t *buckets, uint64_t sum)
{
    const char *comma = *labels != '\0' ? "," : "";
    uint64_t below = 0;
    for (size_t i = 0; i <= limits->count; i++) {
        char limit[16] = "+Inf";
        below += buckets[i];
        if (i < limits->count)
            snprintf(limit, sizeof limit, "%g", (double)limits->list[i] / 1e6);
        buffer_format(out, "frontrow_%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
                      limit, below);
    }
    char text[64];
    snprintf(text, sizeof text, "%s_sum", name);
    prometheus_decimal(out, text, labels, (double)sum / 1e6);
    snprintf(text, sizeof text, "%s_count", name);
    prometheus_integer(out, text, labels, (int64_t)below);
}
