#include "domain/sale/seating.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static int
compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->section != right->section)
        return left->section < right->section ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return (left->seat_id > right->seat_id) - (left->seat_id < right->seat_id);
}

void
seating_sort(struct candidate *candidates, size_t candidate_count)
{
    if (candidate_count > 0) /* without any there is no array, and qsort() wants one */
        qsort(candidates, candidate_count, sizeof candidates[0], compare_candidates);
}

/*
 * Always taken from the begin of a run of free seats: buyers of pairs then leave pairs, not gaps
 * of one seat.
 */
bool
seating_choose_adjacent(const struct candidate *candidates, size_t candidate_count, int32_t count,
                        int32_t ids[SEATS_AT_ONCE])
{
    int32_t run = 0;
    for (size_t i = 0; i < candidate_count; i++) {
        const struct candidate *candidate = &candidates[i];
        bool follows = run > 0 && candidate->section == candidate[-1].section &&
                       candidate->row == candidate[-1].row &&
                       candidate->seat_id == candidate[-1].seat_id + 1;
        run = !candidate->free ? 0 : follows ? run + 1 : 1;
        if (run < count)
            continue;
        for (int32_t n = 0; n < count; n++)
            ids[n] = candidate->seat_id - count + 1 + n;
        return true;
    }
    return false;
}

/* The smallest span among the free seats of one section; `free_ids` has room for them. */
static bool
choose_span(const struct candidate *section, size_t size, int32_t count, int32_t *free_ids,
            int32_t *ids)
{
    size_t wanted = (size_t)count, found = 0, best = 0;
    for (size_t i = 0; i < size; i++)
        if (section[i].free)
            free_ids[found++] = section[i].seat_id;
    if (found < wanted)
        return false;
    seat_sort_ids(free_ids, found);
    for (size_t i = 1; i + wanted <= found; i++)
        if (free_ids[i + wanted - 1] - free_ids[i] < free_ids[best + wanted - 1] - free_ids[best])
            best = i;
    memcpy(ids, free_ids + best, wanted * sizeof ids[0]);
    return true;
}

static bool
choose_scattered(const struct candidate *candidates, size_t candidate_count, int32_t count,
                 int32_t *ids)
{
    int32_t *free_ids = calloc(candidate_count + 1, sizeof free_ids[0]);
    if (free_ids == NULL)
        log_abort("no memory");
    bool chosen = false;
    for (size_t begin = 0, end; begin < candidate_count && !chosen; begin = end) {
        for (end = begin;
             end < candidate_count && candidates[end].section == candidates[begin].section;)
            end++;
        chosen = choose_span(candidates + begin, end - begin, count, free_ids, ids);
    }
    free(free_ids);
    return chosen;
}

bool
seating_choose(const struct candidate *candidates, size_t candidate_count, int32_t count,
               int32_t ids[SEATS_AT_ONCE])
{
    return seating_choose_adjacent(candidates, candidate_count, count, ids) ||
           choose_scattered(candidates, candidate_count, count, ids);
}

int32_t
seating_max_free(const struct candidate *candidates, size_t candidate_count)
{
    int32_t max = 0, free = 0;
    for (size_t i = 0; i < candidate_count; i++) {
        if (i > 0 && candidates[i].section != candidates[i - 1].section)
            free = 0;
        free += candidates[i].free;
        if (free > max)
            max = free;
    }
    return max;
}
