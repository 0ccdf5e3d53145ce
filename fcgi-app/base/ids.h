/* ids: how high ids go, and lists of them, kept ascending, as locks are taken in their order. */
#ifndef FRONTROW_BASE_IDS_H
#define FRONTROW_BASE_IDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Ids of concerts, items and seats end at INT32_MAX. All others, of which a sale takes one or more,
 * end at the last integer that a double holds exactly: clients in JavaScript read them as such.
 */
#define LARGE_ID_MAX INT64_C(9007199254740991)

/* Sort ids, ascending. With a count of 0, `ids` may be NULL. */
void ids_sort(int32_t *ids, size_t count);
void ids_sort_large(int64_t *ids, size_t count);

#endif
