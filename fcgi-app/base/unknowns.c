#include "base/unknowns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* The name as one word. It becomes a label of a metric, so that only letters and digits stay. */
static uint64_t
pack_name(const char *name)
{
    char bytes[sizeof(uint64_t)] = "_";
    for (size_t i = 0; i < sizeof bytes && name[i] != '\0'; i++)
        bytes[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
    uint64_t packed;
    memcpy(&packed, bytes, sizeof packed);
    return packed;
}

static struct unknown *
find(struct unknowns *unknowns, uint64_t name)
{
    for (size_t i = 0; i < UNKNOWN_NAMES; i++) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&unknowns->list[i].name, &there, name) || there == name)
            return &unknowns->list[i];
    }
    return &unknowns->list[UNKNOWN_NAMES];
}

bool
unknowns_count(struct unknowns *unknowns, const char *name)
{
    if (unknowns == NULL)
        return true;
    struct unknown *unknown = find(unknowns, pack_name(name));
    atomic_fetch_add(&unknown->count, 1);
    int64_t now = clock_monotonic();
    int64_t told_at = atomic_load(&unknown->told_at);
    /* The exchange lets exactly one of all workers tell it. */
    return (told_at == 0 || now - told_at >= UNKNOWN_TOLD_EVERY_MS) &&
           atomic_compare_exchange_strong(&unknown->told_at, &told_at, now);
}

uint64_t
unknowns_read(struct unknowns *unknowns, size_t i, char name[UNKNOWN_NAME_SIZE])
{
    uint64_t packed = atomic_load(&unknowns->list[i].name);
    memset(name, 0, UNKNOWN_NAME_SIZE);
    if (i == UNKNOWN_NAMES)
        snprintf(name, UNKNOWN_NAME_SIZE, "other");
    else
        memcpy(name, &packed, sizeof packed);
    return atomic_load(&unknowns->list[i].count);
}
