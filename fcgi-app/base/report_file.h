/*
 * report_file: what a program that runs and ends leaves in the run folder for /metrics: its
 * metrics, already in Prometheus' text format.
 */
#ifndef FRONTROW_BASE_REPORT_FILE_H
#define FRONTROW_BASE_REPORT_FILE_H

#include "base/buffer.h"

/*
 * Replaces RUN_DIR/NAME.prom by this text, in one step. Where it cannot, it says so in the log; no
 * word where the folder is not there, as no server runs on this machine.
 */
void report_file_write(const char *run_dir, const char *name, const struct buffer *text);

/* Appends the file's text. Nothing where there is none, or it is larger than any of ours. */
void report_file_append(const char *run_dir, const char *name, struct buffer *out);

#endif
