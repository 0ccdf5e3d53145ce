/* ids: lists of ids, kept ascending, as locks are taken in the order of ids. */
#ifndef FRONTROW_BASE_IDS_H
#define FRONTROW_BASE_IDS_H

#include <stddef.h>
#include <stdint.h>

/* Sorts ids, ascending. With a count of 0, `ids` may be NULL. */
void ids_sort(int32_t *ids, size_t count);

#endif
