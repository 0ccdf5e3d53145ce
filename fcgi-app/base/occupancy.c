#include "base/occupancy.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* In the place of a user who left before the others: 0 would hide those behind it. */
static const uint32_t gone = UINT32_MAX;

static void
raise_used(struct occupancy *occupancy, int used)
{
    int before = atomic_load(&occupancy->used);
    while (before < used && !atomic_compare_exchange_weak(&occupancy->used, &before, used))
        continue;
}

struct occupancy_slot *
occupancy_take(struct occupancy *occupancy)
{
    for (int i = 0; i < OCCUPANCY_SLOTS; i++) {
        int nobody = 0;
        if (!atomic_compare_exchange_strong(&occupancy->slots[i].owner, &nobody, getpid()))
            continue;
        raise_used(occupancy, i + 1);
        return &occupancy->slots[i];
    }
    log_abort("more workers than slots");
}

void
occupancy_free(struct occupancy_slot *slot)
{
    occupancy_leave(slot);
    atomic_store(&slot->owner, 0);
}

void
occupancy_forget(struct occupancy *occupancy, int owner)
{
    for (int i = 0; i < OCCUPANCY_SLOTS; i++)
        if (atomic_load(&occupancy->slots[i].owner) == owner)
            occupancy_free(&occupancy->slots[i]);
}

/* Two users with one hash share what each may occupy; 0 is nobody. */
static bool
works_for(const struct occupancy_slot *slot, uint32_t user)
{
    for (size_t i = 0; i < OCCUPANCY_USERS; i++) {
        uint32_t at = atomic_load(&slot->users[i]);
        if (at == user || at == 0)
            return at == user;
    }
    return false;
}

static int
count_others(const struct occupancy *occupancy, const struct occupancy_slot *slot, uint32_t user)
{
    int others = 0;
    for (int i = 0; i < atomic_load(&occupancy->used); i++)
        others += &occupancy->slots[i] != slot && works_for(&occupancy->slots[i], user);
    return others;
}

bool
occupancy_enter(struct occupancy *occupancy, struct occupancy_slot *slot, const char *user, int max)
{
    uint32_t own = text_hash(user);
    /* first, so that of two who come together one sees the other */
    atomic_store(&slot->users[0], own);
    if (count_others(occupancy, slot, own) < max)
        return true;
    occupancy_leave(slot);
    return false;
}

bool
occupancy_join(struct occupancy *occupancy, struct occupancy_slot *slot, const char *user)
{
    uint32_t own = text_hash(user);
    size_t at = 0;
    while (at < OCCUPANCY_USERS && atomic_load(&slot->users[at]) != 0)
        at++;
    if (at == OCCUPANCY_USERS || works_for(slot, own))
        return false;
    atomic_store(&slot->users[at], own);
    if (count_others(occupancy, slot, own) == 0)
        return true;
    atomic_store(&slot->users[at], 0);
    return false;
}

void
occupancy_leave_user(struct occupancy_slot *slot, const char *user)
{
    uint32_t own = text_hash(user);
    for (size_t i = 0; i < OCCUPANCY_USERS; i++)
        if (atomic_load_explicit(&slot->users[i], memory_order_relaxed) == own)
            atomic_store(&slot->users[i], gone);
}

void
occupancy_leave(struct occupancy_slot *slot)
{
    for (size_t i = OCCUPANCY_USERS; i-- > 0;)
        if (atomic_load_explicit(&slot->users[i], memory_order_relaxed) != 0)
            atomic_store(&slot->users[i], 0);
    occupancy_leave_seats(slot);
}

void
occupancy_take_seats(struct occupancy_slot *slot, int32_t item_id, const int32_t *ids, size_t count)
{
    assert(count <= OCCUPANCY_SEATS);
    occupancy_leave_seats(slot);
    atomic_fetch_add(&slot->sets, 1);
    for (size_t i = OCCUPANCY_SEATS; i-- > 0;)
        atomic_store(&slot->seats[i], i < count ? (uint64_t)item_id << 32 | (uint32_t)ids[i] : 0);
}

void
occupancy_leave_seats(struct occupancy_slot *slot)
{
    atomic_store(&slot->seats[0], 0);
}

/* How many seats of the item are being taken there; 0 as well where that has just changed. */
static size_t
read_set(const struct occupancy_slot *slot, int32_t item_id, int32_t ids[OCCUPANCY_SEATS])
{
    uint32_t sets = atomic_load(&slot->sets);
    uint64_t seat = atomic_load(&slot->seats[0]);
    size_t count = 0;
    while (count < OCCUPANCY_SEATS && seat >> 32 == (uint64_t)item_id) {
        ids[count] = (int32_t)(uint32_t)seat;
        if (++count < OCCUPANCY_SEATS)
            seat = atomic_load(&slot->seats[count]);
    }
    return atomic_load(&slot->sets) == sets ? count : 0;
}

size_t
occupancy_next_set(const struct occupancy *occupancy, const struct occupancy_slot *own,
                   int32_t item_id, size_t *at, int32_t ids[OCCUPANCY_SEATS])
{
    size_t end = (size_t)atomic_load(&occupancy->used), count = 0;
    while (*at < end && count == 0) {
        const struct occupancy_slot *slot = &occupancy->slots[(*at)++];
        count = slot != own ? read_set(slot, item_id, ids) : 0;
    }
    return count;
}
