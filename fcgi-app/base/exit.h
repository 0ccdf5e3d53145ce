/* exit: the statuses with which the programs end. */
#ifndef FRONTROW_BASE_EXIT_H
#define FRONTROW_BASE_EXIT_H

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* wholly or in part */
    EXIT_USAGE = 2,
    EXIT_DEPENDENCY_GONE = 75, /* EX_TEMPFAIL of sysexits.h: try again later */
    EXIT_SETTINGS = 78,        /* EX_CONFIG: they stay wrong until somebody changes them */
};

#endif
