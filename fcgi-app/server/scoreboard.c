#include "server/scoreboard.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

struct scoreboard *
scoreboard_create(void)
{
    void *memory = mmap(NULL, sizeof(struct scoreboard), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void
forget_requests(struct scoreboard_slot *slot)
{
    for (size_t i = 0; i < SCOREBOARD_REQUESTS; i++)
        slot->request_ids[i][0] = '\0';
    slot->unanswered = 0;
}

void
scoreboard_start(struct scoreboard *scoreboard, int index, int64_t kill_at)
{
    struct scoreboard_slot *slot = &scoreboard->slots[index];
    slot->busy_since = 0;
    forget_requests(slot);
    slot->requests = 0;
    slot->ready = false;
    slot->sharing = SHARING_NONE;
    slot->kill_at = kill_at;
    if (scoreboard->used <= index)
        scoreboard->used = index + 1;
}

void
scoreboard_end(struct scoreboard *scoreboard, int index, enum ending ending)
{
    struct scoreboard_slot *slot = &scoreboard->slots[index];
    slot->ready = false;
    slot->sharing = SHARING_NONE;
    slot->kill_at = 0;
    scoreboard->endings[ending]++;
}

void
scoreboard_idle(struct scoreboard_slot *slot)
{
    atomic_store_explicit(&slot->kill_at, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->busy_since, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->ready, true, memory_order_relaxed);
}

void
scoreboard_begin(struct scoreboard_slot *slot, int64_t now, int64_t kill_at)
{
    forget_requests(slot);
    atomic_store_explicit(&slot->busy_since, now, memory_order_relaxed);
    atomic_store_explicit(&slot->kill_at, kill_at, memory_order_relaxed);
}

void
scoreboard_take(struct scoreboard_slot *slot, size_t index, const char *request_id)
{
    snprintf(slot->request_ids[index], sizeof slot->request_ids[index], "%s", request_id);
    atomic_fetch_add_explicit(&slot->unanswered, 1, memory_order_relaxed);
}

void
scoreboard_answer(struct scoreboard_slot *slot, size_t index)
{
    slot->request_ids[index][0] = '\0';
    atomic_fetch_sub_explicit(&slot->unanswered, 1, memory_order_relaxed);
}

void
scoreboard_extend(struct scoreboard_slot *slot, int64_t kill_at)
{
    atomic_store_explicit(&slot->kill_at, kill_at, memory_order_relaxed);
}

void
scoreboard_share(struct scoreboard_slot *slot, enum sharing sharing)
{
    atomic_store_explicit(&slot->sharing, sharing, memory_order_relaxed);
}

int
scoreboard_count_sharing(const struct scoreboard *scoreboard, enum sharing sharing)
{
    int count = 0;
    for (int i = 0; i < scoreboard->used; i++)
        count += atomic_load_explicit(&scoreboard->slots[i].sharing, memory_order_relaxed) ==
                 (int)sharing;
    return count;
}

int
scoreboard_count_shared(const struct scoreboard *scoreboard, enum sharing sharing)
{
    int count = 0;
    for (int i = 0; i < scoreboard->used; i++) {
        const struct scoreboard_slot *slot = &scoreboard->slots[i];
        if (atomic_load_explicit(&slot->sharing, memory_order_relaxed) == (int)sharing)
            count += atomic_load_explicit(&slot->unanswered, memory_order_relaxed);
    }
    return count;
}

void
scoreboard_count(struct scoreboard *scoreboard, int *ready, int *busy)
{
    *ready = 0;
    *busy = 0;
    for (int i = 0; i < scoreboard->used; i++) {
        const struct scoreboard_slot *slot = &scoreboard->slots[i];
        *ready += slot->ready;
        *busy += slot->ready && slot->busy_since != 0;
    }
}
