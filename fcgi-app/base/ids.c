#include "base/ids.h"

#include <stdlib.h>

static int
compare_ids(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

void
ids_sort(int32_t *ids, size_t count)
{
    if (count > 0) /* qsort() must not get NULL */
        qsort(ids, count, sizeof ids[0], compare_ids);
}

static int
compare_large_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void
ids_sort_large(int64_t *ids, size_t count)
{
    if (count > 0)
        qsort(ids, count, sizeof ids[0], compare_large_ids);
}
