#include "base/sold_out.h"

#include <stddef.h>

#include "base/mix.h"

struct name {
    uint64_t first, second;
};

/* Both halves depend on all of the wish, and on the releases: each gives it another name. */
static struct name
name_of(const struct sold_out_wish *wish, uint32_t releases)
{
    const uint64_t parts[] = {(uint64_t)wish->item_id << 32 | releases, (uint32_t)wish->section,
                              (uint64_t)wish->layout_version, (uint64_t)wish->price};
    struct name name = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1342543de82ef95)};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        name.first = mix(name.first + parts[i]);
        name.second = mix(name.second * 3 + parts[i]);
    }
    return name;
}

/* The parts of `found`, from its lowest bits on; the rest is the time of the look's end. */
enum { MIN_BITS = 4, TOOK_BITS = 8, TIME_SHIFT = MIN_BITS + TOOK_BITS };

static uint64_t
write_found(int32_t min_count, int64_t started, int64_t now)
{
    int64_t took = now - started < SOLD_OUT_KEPT_MS ? now - started : SOLD_OUT_KEPT_MS;
    return (uint64_t)now << TIME_SHIFT | (uint64_t)took << MIN_BITS | (uint32_t)min_count;
}

static void
read_found(uint64_t found, int32_t *min_count, int64_t *took, int64_t *ended)
{
    *min_count = (int32_t)(found & ((1U << MIN_BITS) - 1));
    *took = (int64_t)(found >> MIN_BITS & ((1U << TOOK_BITS) - 1));
    *ended = (int64_t)(found >> TIME_SHIFT);
}

/* *found is what the entry says, whether or not it is about this name. */
static bool
is_about(const struct sold_out_entry *entry, struct name name, uint64_t *found)
{
    *found = atomic_load(&entry->found);
    return (atomic_load(&entry->first) ^ *found) == name.first &&
           (atomic_load(&entry->second) ^ *found) == name.second;
}

static struct sold_out_entry *
set_of(struct sold_out *sold_out, struct name name)
{
    return sold_out->entries[name.first % SOLD_OUT_SETS];
}

static struct sold_out_entry *
find(struct sold_out *sold_out, struct name name, uint64_t *found)
{
    struct sold_out_entry *set = set_of(sold_out, name);
    for (size_t i = 0; i < SOLD_OUT_WAYS; i++)
        if (is_about(&set[i], name, found))
            return &set[i];
    return NULL;
}

enum sold_out_answer
sold_out_recall(struct sold_out *sold_out, const struct sold_out_wish *wish, int32_t count,
                int64_t now)
{
    uint64_t found;
    struct name name = name_of(wish, sold_out_releases(sold_out, wish->item_id));
    struct sold_out_entry *entry = find(sold_out, name, &found);
    if (entry == NULL)
        return SOLD_OUT_LOOK;
    int32_t min_count;
    int64_t took, ended;
    read_found(found, &min_count, &took, &ended);
    if (count < min_count)
        return SOLD_OUT_LOOK;

    int64_t left = ended + SOLD_OUT_KEPT_MS - now;
    int64_t awaited = atomic_load(&entry->awaited);
    if (left <= 2 * took && awaited <= now &&
        atomic_compare_exchange_strong(&entry->awaited, &awaited, now + SOLD_OUT_AWAITED_MS))
        return SOLD_OUT_LOOK;
    return left > 0 ? SOLD_OUT_NONE : SOLD_OUT_WAIT;
}

uint32_t
sold_out_releases(const struct sold_out *sold_out, int32_t item_id)
{
    return atomic_load(&sold_out->releases[(uint32_t)item_id % SOLD_OUT_ITEMS]);
}

void
sold_out_remember(struct sold_out *sold_out, const struct sold_out_wish *wish, uint32_t releases,
                  int32_t min_count, int64_t started, int64_t now)
{
    struct name name = name_of(wish, releases);
    struct sold_out_entry *set = set_of(sold_out, name), *entry = NULL;
    uint64_t found, oldest = UINT64_MAX;
    for (size_t i = 0; i < SOLD_OUT_WAYS; i++) {
        bool same = is_about(&set[i], name, &found);
        if (!same && found >= oldest)
            continue;
        entry = &set[i];
        oldest = same ? 0 : found;
    }
    found = write_found(min_count, started, now);
    atomic_store(&entry->found, found);
    atomic_store(&entry->first, name.first ^ found);
    atomic_store(&entry->second, name.second ^ found);
    atomic_store(&entry->awaited, 0);
}

void
sold_out_forget(struct sold_out *sold_out, const struct sold_out_wish *wish, uint32_t releases,
                int32_t count)
{
    uint64_t found;
    struct sold_out_entry *entry = find(sold_out, name_of(wish, releases), &found);
    int32_t min_count;
    int64_t took, ended;
    if (entry == NULL)
        return;
    read_found(found, &min_count, &took, &ended);
    if (count >= min_count)
        atomic_store(&entry->found, 0);
}

void
sold_out_release(struct sold_out *sold_out, int32_t item_id)
{
    atomic_fetch_add(&sold_out->releases[(uint32_t)item_id % SOLD_OUT_ITEMS], 1);
}
