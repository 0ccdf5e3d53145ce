#include "domain/concert_list.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/shared.h"
#include "mysql/sales_table.h"

enum {
    KEPT_MOST_MS = 10000, /* of an answer, however long it took */
    KEPT_BY_NGINX_MS = 1000,
    REFRESH_MS = 100, /* at a time, and then as long for requests */
    CLAIM_MS = 2000,  /* for so long nobody else refreshes where one was killed meanwhile */
    WORTH_MS = 1000,  /* what is kept for less is counted with less work by who asks */
    ASKED_MS = 60000, /* for so long after the last list counts are kept fresh */
};

enum error
concert_count_seats(struct services *services, int32_t concert_id, struct seat_counts *counts,
                    struct problem *problem)
{
    struct sales sales;
    int64_t began = clock_monotonic(), began_us = clock_monotonic_us();
    enum db_result result = sales_table_total(services->db, concert_id, &sales);
    if (result != DB_OK)
        return refuse_db(problem, result);
    *counts = (struct seat_counts){
        .seats = sales.seat_count,
        .available = sales.available,
        .held = sales.held,
        .counted_at = began,
        .took_us = clock_monotonic_us() - began_us,
    };
    counts_remember(&services->shared->counts, concert_id, counts);
    return ERROR_NONE;
}

static bool
is_listed(const struct concert *concert)
{
    enum concert_status status = concert_status(concert, concert->now);
    return status == CONCERT_OPEN || status == CONCERT_SCHEDULED;
}

/* The rows, with what is remembered of each. */
static enum error
read_rows(struct services *services, const char *date, struct concert_list *list,
          struct problem *problem)
{
    struct listed_concert row;
    size_t room = 0;
    *list = (struct concert_list){0};
    enum db_result result = concert_table_list(services->db, date, &row.concert, &row.summary);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        if (!is_listed(&row.concert))
            continue;
        if (list->count == room) {
            room = room == 0 ? 64 : 2 * room;
            list->rows = realloc(list->rows, room * sizeof *list->rows);
            if (list->rows == NULL)
                abort();
        }
        counts_recall(&services->shared->counts, row.concert.concert_id, &row.counts);
        list->rows[list->count++] = row;
    }
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

/*
 * How old a count may be that goes into this list: what takes t may be 20 t old, and of that nginx
 * keeps the answer for a second.
 */
static int64_t
kept_ms(const struct concert_list *list)
{
    int64_t took_us = 0;
    for (size_t i = 0; i < list->count; i++)
        took_us += list->rows[i].counts.took_us;
    int64_t kept = took_us * 20 / 1000;
    return (kept < KEPT_MOST_MS ? kept : KEPT_MOST_MS) - KEPT_BY_NGINX_MS;
}

/* Counts what is older than `kept`, until `deadline`; then it is refused with busy. */
static enum error
count_old(struct services *services, struct concert_list *list, int64_t kept, int64_t deadline,
          struct problem *problem)
{
    enum error error = ERROR_NONE;
    int64_t began = clock_monotonic();
    for (size_t i = 0; i < list->count && error == ERROR_NONE; i++) {
        struct listed_concert *row = &list->rows[i];
        if (row->counts.counted_at > 0 && began - row->counts.counted_at < kept)
            continue;
        if (clock_monotonic() >= deadline)
            return refuse(problem, ERROR_BUSY);
        error = concert_count_seats(services, row->concert.concert_id, &row->counts, problem);
    }
    return error;
}

enum error
concert_list_read(struct services *services, const char *date, int64_t deadline,
                  struct concert_list *list, struct problem *problem)
{
    enum error error = read_rows(services, date, list, problem);
    if (error == ERROR_NONE)
        error = count_old(services, list, kept_ms(list), deadline, problem);
    if (error == ERROR_NONE && date == NULL) {
        atomic_store(&services->shared->counts.takes_long, kept_ms(list) >= WORTH_MS);
        atomic_store(&services->shared->counts.asked_at, clock_monotonic());
    }
    return error;
}

void
concert_list_free(struct concert_list *list)
{
    free(list->rows);
    *list = (struct concert_list){0};
}

static int
compare_ages(const void *a, const void *b)
{
    const struct listed_concert *left = a, *right = b;
    return (left->counts.counted_at > right->counts.counted_at) -
           (left->counts.counted_at < right->counts.counted_at);
}

/* Halfway to its end, so that there is time left until a reader would have to count. */
static void
refresh_some(struct services *services)
{
    struct concert_list list;
    struct problem problem;
    int64_t deadline = clock_monotonic() + REFRESH_MS;
    if (read_rows(services, NULL, &list, &problem) == ERROR_NONE && list.count > 0) {
        qsort(list.rows, list.count, sizeof *list.rows, compare_ages);
        count_old(services, &list, kept_ms(&list) / 2, deadline, &problem);
    }
    concert_list_free(&list);
}

bool
concert_list_refresh(struct services *services)
{
    struct counts *counts = &services->shared->counts;
    int64_t now = clock_monotonic();
    if (!atomic_load(&counts->takes_long) || now - atomic_load(&counts->asked_at) > ASKED_MS)
        return false;
    int64_t refresh_at = atomic_load(&counts->refresh_at);
    if (now < refresh_at ||
        !atomic_compare_exchange_strong(&counts->refresh_at, &refresh_at, now + CLAIM_MS))
        return true;
    refresh_some(services);
    atomic_store(&counts->refresh_at, clock_monotonic() + REFRESH_MS);
    return true;
}
