#include "base/counts.h"

#include "base/mix.h"

enum { WORDS = 8 /* of an entry, beside its check */ };

/* Never that of an entry without a count, which is all zeros. */
static uint64_t
check_of(int32_t concert_id, const uint64_t words[WORDS])
{
    uint64_t check = (uint32_t)concert_id + UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < WORDS; i++)
        check = mix(check + words[i]);
    return check;
}

bool
counts_recall(const struct counts *counts, int32_t concert_id, struct seat_counts *found)
{
    const struct counts_entry *entry = &counts->entries[(uint32_t)concert_id % COUNTS_ENTRIES];
    const uint64_t words[] = {
        atomic_load(&entry->counted_at), atomic_load(&entry->took_us),
        atomic_load(&entry->seats),      atomic_load(&entry->held),
        atomic_load(&entry->blocked),    atomic_load(&entry->revenue),
        atomic_load(&entry->box_office), atomic_load(&entry->box_office_revenue)};
    *found = (struct seat_counts){0};
    if (atomic_load(&entry->check) != check_of(concert_id, words))
        return false;
    *found = (struct seat_counts){
        .sales = {.seat_count = (int32_t)(words[2] >> 32),
                  .available = (int32_t)(uint32_t)words[2],
                  .held = (int32_t)(words[3] >> 32),
                  .sold = (int32_t)(uint32_t)words[3],
                  .blocked = (int32_t)words[4],
                  .revenue = (int64_t)words[5],
                  .box_office = (int32_t)(words[6] >> 32),
                  .guest = (int32_t)(uint32_t)words[6],
                  .box_office_revenue = (int64_t)words[7]},
        .counted_at = (int64_t)words[0],
        .took_us = (int64_t)words[1],
    };
    return true;
}

void
counts_remember(struct counts *counts, int32_t concert_id, const struct seat_counts *found)
{
    struct counts_entry *entry = &counts->entries[(uint32_t)concert_id % COUNTS_ENTRIES];
    const struct sales *sales = &found->sales;
    const uint64_t words[] = {(uint64_t)found->counted_at,
                              (uint64_t)found->took_us,
                              (uint64_t)sales->seat_count << 32 | (uint32_t)sales->available,
                              (uint64_t)sales->held << 32 | (uint32_t)sales->sold,
                              (uint64_t)sales->blocked,
                              (uint64_t)sales->revenue,
                              (uint64_t)sales->box_office << 32 | (uint32_t)sales->guest,
                              (uint64_t)sales->box_office_revenue};
    atomic_store(&entry->counted_at, words[0]);
    atomic_store(&entry->took_us, words[1]);
    atomic_store(&entry->seats, words[2]);
    atomic_store(&entry->held, words[3]);
    atomic_store(&entry->blocked, words[4]);
    atomic_store(&entry->revenue, words[5]);
    atomic_store(&entry->box_office, words[6]);
    atomic_store(&entry->box_office_revenue, words[7]);
    atomic_store(&entry->check, check_of(concert_id, words));
}
