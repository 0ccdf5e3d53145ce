/* process: how each of the programs begins and ends. */
#ifndef FRONTROW_BASE_PROCESS_H
#define FRONTROW_BASE_PROCESS_H

#include <stdbool.h>
#include <sysexits.h>

#include "base/config.h"
#include "base/must_check.h"

/*
 * The exit statuses, of a worker as well. What can be tried again has the number that sysexits.h
 * gives it.
 */
enum {
    EXIT_DONE = EX_OK,
    EXIT_FAILED = 1, /* wholly or in part */
    EXIT_USAGE = 2,
    EXIT_DEPENDENCY_GONE = EX_TEMPFAIL, /* 75: try again later */
    EXIT_SETTINGS = EX_CONFIG,          /* 78: they stay wrong until somebody changes them */
};

/*
 * No core dumps, which would contain keys, passwords and data of users: for this process and all
 * that it starts, for good. To be called first of all.
 */
void process_forbid_core(void);

/*
 * The begin of a program that has no options but --config, --help and --version: forbids cores,
 * reads the settings and sets the log up by them. `name` is the program's, for what it says. False:
 * it has said why, and ends with *status.
 */
bool process_begin(int argc, char **argv, const char *name, const char *help, struct config *config,
                   int *status) MUST_CHECK;

#endif
