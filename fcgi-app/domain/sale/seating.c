#include "domain/sale/seating.h"

#include <stdlib.h>
#include <string.h>

#include "base/ids.h"

enum seat_status
seat_shown(const struct seat *seat, int64_t now)
{
    if (seat->blocked || (seat->status != SEAT_AVAILABLE && seat->status != SEAT_HELD))
        return SEAT_SOLD;
    return seat->status == SEAT_HELD && now < seat->held_until ? SEAT_HELD : SEAT_AVAILABLE;
}

static int
compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->section != right->section)
        return left->section < right->section ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return (left->seat_id > right->seat_id) - (left->seat_id < right->seat_id);
}

void
seating_sort(struct place *places, size_t place_count)
{
    if (place_count > 0) /* without any there is no array, and qsort() wants one */
        qsort(places, place_count, sizeof places[0], compare_places);
}

/*
 * Always taken from the begin of a run of free seats: buyers of pairs then leave pairs, not gaps
 * of one seat.
 */
bool
seating_choose_adjacent(const struct place *places, size_t place_count, int32_t count,
                        int32_t ids[SEATS_AT_ONCE])
{
    int32_t run = 0;
    for (size_t i = 0; i < place_count; i++) {
        const struct place *place = &places[i];
        bool follows = run > 0 && place->section == place[-1].section &&
                       place->row == place[-1].row && place->seat_id == place[-1].seat_id + 1;
        run = !place->free ? 0 : follows ? run + 1 : 1;
        if (run < count)
            continue;
        for (int32_t n = 0; n < count; n++)
            ids[n] = place->seat_id - count + 1 + n;
        return true;
    }
    return false;
}

/* The smallest span among the free seats of one section; `free_ids` has room for them. */
static bool
choose_span(const struct place *section, size_t size, int32_t count, int32_t *free_ids,
            int32_t *ids)
{
    size_t wanted = (size_t)count, found = 0, best = 0;
    for (size_t i = 0; i < size; i++)
        if (section[i].free)
            free_ids[found++] = section[i].seat_id;
    if (found < wanted)
        return false;
    ids_sort(free_ids, found);
    for (size_t i = 1; i + wanted <= found; i++)
        if (free_ids[i + wanted - 1] - free_ids[i] < free_ids[best + wanted - 1] - free_ids[best])
            best = i;
    memcpy(ids, free_ids + best, wanted * sizeof ids[0]);
    return true;
}

static bool
choose_scattered(const struct place *places, size_t place_count, int32_t count, int32_t *ids)
{
    int32_t *free_ids = calloc(place_count + 1, sizeof free_ids[0]);
    if (free_ids == NULL)
        abort();
    bool chosen = false;
    for (size_t begin = 0, end; begin < place_count && !chosen; begin = end) {
        for (end = begin; end < place_count && places[end].section == places[begin].section;)
            end++;
        chosen = choose_span(places + begin, end - begin, count, free_ids, ids);
    }
    free(free_ids);
    return chosen;
}

bool
seating_choose(const struct place *places, size_t place_count, int32_t count,
               int32_t ids[SEATS_AT_ONCE])
{
    return seating_choose_adjacent(places, place_count, count, ids) ||
           choose_scattered(places, place_count, count, ids);
}

int32_t
seating_most_free(const struct place *places, size_t place_count)
{
    int32_t most = 0, free = 0;
    for (size_t i = 0; i < place_count; i++) {
        if (i > 0 && places[i].section != places[i - 1].section)
            free = 0;
        free += places[i].free;
        if (free > most)
            most = free;
    }
    return most;
}
