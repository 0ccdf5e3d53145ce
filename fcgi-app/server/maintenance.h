/*
 * maintenance: whether changing calls are refused, because of a file named maintenance in the run
 * folder.
 */
#ifndef FRONTROW_SERVER_MAINTENANCE_H
#define FRONTROW_SERVER_MAINTENANCE_H

#include <stdbool.h>

/* Looks for the file; a microsecond, so nothing is remembered and it is in effect at once. */
bool maintenance_is_on(const char *run_dir);

#endif
