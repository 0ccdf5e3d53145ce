/* prometheus: writes metrics in Prometheus' text format, version 0.0.4. */
#ifndef FRONTROW_BASE_PROMETHEUS_H
#define FRONTROW_BASE_PROMETHEUS_H

#include <stdint.h>

#include "base/buffer.h"

/* Prometheus 3 reads no answer that does not name its format. */
#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * Begins a family: its lines follow. `name` is without "frontrow_", here and below; `type` is
 * "counter", "gauge", "histogram" or "summary".
 */
void prometheus_family(struct buffer *out, const char *name, const char *type, const char *help);

/* Writes a line. `labels` is written as it is: a="b",c="d"; "" for none. */
void prometheus_integer(struct buffer *out, const char *name, const char *labels, int64_t value);
void prometheus_decimal(struct buffer *out, const char *name, const char *labels, double value);

/* A family of one line without labels. */
void prometheus_gauge(struct buffer *out, const char *name, const char *help, int64_t value);

/* The upper limits of a histogram, above which is +Inf, in the millionth part of its unit. */
struct histogram_limits {
    const int64_t *list;
    size_t count;
};

/* Which bucket a value belongs to: 0 to limits->count. */
size_t histogram_bucket(const struct histogram_limits *limits, int64_t value);

/* Writes a histogram. `buckets` has limits->count + 1 counts, each without those below it. */
void prometheus_histogram(struct buffer *out, const char *name, const char *labels,
                          const struct histogram_limits *limits, const uint64_t *buckets,
                          uint64_t sum);

#endif
