/* metrics_read: /metrics of the server of this machine, for frontrowctl: asked of a worker itself.
 */
#ifndef FRONTROW_CTL_METRICS_READ_H
#define FRONTROW_CTL_METRICS_READ_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/must_check.h"

/*
 * Appends the text. False: no worker answers at a socket of this run folder within five seconds;
 * errno says why.
 */
bool metrics_read(const char *run_dir, struct buffer *text) MUST_CHECK;

/*
 * The sum of all lines of a metric, named without "frontrow_", whose labels have `label` in them;
 * "" are all. -1: there is no such line.
 */
double metrics_sum(const char *text, const char *name, const char *label);

/* Calls `take` for each line of a metric: its labels (up to `size` - 1 bytes) and its value. */
void metrics_each(const char *text, const char *name,
                  void (*take)(void *context, const char *labels, double value), void *context);

#endif
