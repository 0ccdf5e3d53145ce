#include "domain/concert/concert_list.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "mysql/sale/seat_table.h"

enum {
    KEPT_MAX_MS = 10000, /* of an answer, however long it took */
    KEPT_BY_NGINX_MS = 1000,
    REFRESH_MS = 100,   /* at a time, and then as long for requests, if there is time for that */
    CLAIM_MS = 2000,    /* for so long nobody else refreshes where one was killed meanwhile */
    LONG_US = 100000,   /* what takes less is counted with less work by who asks */
    ASKED_MS = 3600000, /* for so long after the last list counts are kept fresh */
};

static enum error
count_seats(struct services *services, int32_t concert_id, struct seat_counts *counts,
            struct problem *problem)
{
    struct sales sales;
    int64_t began = clock_monotonic(), began_us = clock_monotonic_us();
    enum db_result result = seat_table_count_sales(services->db, concert_id, &sales);
    if (result != DB_OK)
        return refuse_db(problem, result);
    *counts = (struct seat_counts){
        .sales = sales,
        .counted_at = began,
        .took_us = clock_monotonic_us() - began_us,
    };
    counts_remember(&services->shared->counts, concert_id, counts);
    return ERROR_NONE;
}

enum error
concert_list_find(struct services *services, int32_t concert_id, struct listed_concert *row,
                  struct seat_counts *seats, struct problem *problem)
{
    enum db_result result =
        concert_table_find_summary(services->db, concert_id, &row->concert, &row->summary);
    if (concert_refuse(problem, result) != ERROR_NONE)
        return problem->error;
    return count_seats(services, concert_id, seats, problem);
}

static bool
is_open(const struct concert *concert)
{
    return concert_status(concert, concert->now) == CONCERT_OPEN;
}

static bool
is_listed(const struct concert *concert)
{
    enum concert_status status = concert_status(concert, concert->now);
    return status == CONCERT_OPEN || status == CONCERT_SCHEDULED;
}

/* The array of `count` rows with room for one more, never NULL. It grows by powers of two. */
static void *
make_room(void *array, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return array;
    void *larger = reallocarray(array, count > 0 ? 2 * count : 1, size);
    if (larger == NULL)
        log_abort("no memory");
    return larger;
}

static void
recall(struct services *services, int32_t concert_id, struct concert_count *count)
{
    count->concert_id = concert_id;
    counts_recall(&services->shared->counts, concert_id, &count->seats);
}

static void
add_row(struct services *services, const struct listed_concert *row, struct concert_list *list)
{
    list->rows = make_room(list->rows, list->count, sizeof list->rows[0]);
    list->counts = make_room(list->counts, list->count, sizeof list->counts[0]);
    list->rows[list->count] = *row;
    recall(services, row->concert.concert_id, &list->counts[list->count++]);
}

static enum error
read_rows(struct services *services, const char *date, bool (*is_wanted)(const struct concert *),
          struct concert_list *list, struct problem *problem)
{
    struct listed_concert row;
    enum db_result result = concert_table_list(services->db, date, &row.concert, &row.summary);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        if (is_wanted(&row.concert))
            add_row(services, &row, list);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

/*
 * A status follows from the time: of those that are read, some at a time until the page is full,
 * those that have it are taken.
 */
static enum error
read_page(struct services *services, const struct concert_filter *filter, int64_t deadline,
          struct concert_list *list, bool *more, struct problem *problem)
{
    enum { READ_AT_ONCE = 500 };
    struct listed_concert row;
    int32_t limit = filter->status == CONCERT_OTHER ? filter->limit + 1 : READ_AT_ONCE, seen;
    int64_t before = filter->before;
    enum db_result result;
    *more = false;
    do {
        seen = 0;
        result = concert_table_list_page(services->db, filter->search, before, limit, &row.concert,
                                         &row.summary);
        while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
            seen++;
            before = row.concert.concert_id;
            if (filter->status != CONCERT_OTHER &&
                concert_status(&row.concert, row.concert.now) != filter->status)
                continue;
            *more = list->count == (size_t)filter->limit;
            if (!*more)
                add_row(services, &row, list);
        }
        if (clock_monotonic() >= deadline)
            return refuse(problem, ERROR_BUSY);
    } while (result == DB_NONE && seen == limit && !*more);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

/* How long it takes to count all, as far as that is known. */
static int64_t
sum_us(const struct concert_count *counts, size_t count)
{
    int64_t took_us = 0;
    for (size_t i = 0; i < count; i++)
        took_us += counts[i].seats.took_us;
    return took_us;
}

/*
 * How old a count may be that goes into a list: what takes t may be 20 t old, and of that nginx
 * keeps the answer for a second.
 */
static int64_t
kept_ms(const struct concert_count *counts, size_t count)
{
    int64_t kept = sum_us(counts, count) * 20 / 1000;
    return (kept < KEPT_MAX_MS ? kept : KEPT_MAX_MS) - KEPT_BY_NGINX_MS;
}

static int
compare_ages(const void *a, const void *b)
{
    const struct concert_count *left = *(struct concert_count *const *)a;
    const struct concert_count *right = *(struct concert_count *const *)b;
    return (left->seats.counted_at > right->seats.counted_at) -
           (left->seats.counted_at < right->seats.counted_at);
}

/* The oldest first. The caller frees the array. */
static struct concert_count **
sort_by_age(struct concert_count *counts, size_t count)
{
    struct concert_count **by_age = reallocarray(NULL, count + 1, sizeof(void *));
    if (by_age == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < count; i++)
        by_age[i] = &counts[i];
    qsort(by_age, count, sizeof(void *), compare_ages);
    return by_age;
}

/*
 * Counts what is older than `kept`, until `deadline`; then it is refused with busy. The oldest are
 * counted first, so that the next call goes on where this one ended.
 */
static enum error
count_old(struct services *services, struct concert_count *counts, size_t count, int64_t kept,
          int64_t deadline, struct problem *problem)
{
    enum error error = ERROR_NONE;
    int64_t began = clock_monotonic();
    struct concert_count **by_age = sort_by_age(counts, count);
    for (size_t i = 0; i < count && error == ERROR_NONE; i++) {
        struct seat_counts *seats = &by_age[i]->seats;
        if (seats->counted_at > 0 && began - seats->counted_at < kept)
            break;
        error = clock_monotonic() < deadline
                    ? count_seats(services, by_age[i]->concert_id, seats, problem)
                    : refuse(problem, ERROR_BUSY);
    }
    free(by_age);
    return error;
}

enum error
concert_list_read(struct services *services, const char *date, int64_t deadline,
                  struct concert_list *list, struct problem *problem)
{
    struct counts *shared = &services->shared->counts;
    *list = (struct concert_list){0};
    enum error error = read_rows(services, date, is_listed, list, problem);
    if (error == ERROR_NONE)
        error = count_old(services, list->counts, list->count, kept_ms(list->counts, list->count),
                          deadline, problem);
    if (error == ERROR_NONE)
        error = refuse_db(problem, db_now(services->db, &list->now));
    if (error == ERROR_NONE && date == NULL) {
        atomic_store(&shared->takes_long, sum_us(list->counts, list->count) >= LONG_US);
        atomic_store(&shared->asked_at, clock_monotonic());
    }
    return error;
}

enum error
concert_list_read_page(struct services *services, const struct concert_filter *filter,
                       int64_t deadline, struct concert_list *list, bool *more,
                       struct problem *problem)
{
    *list = (struct concert_list){0};
    enum error error = read_page(services, filter, deadline, list, more, problem);
    if (error == ERROR_NONE)
        error = count_old(services, list->counts, list->count, kept_ms(list->counts, list->count),
                          deadline, problem);
    return error == ERROR_NONE ? refuse_db(problem, db_now(services->db, &list->now)) : error;
}

enum error
concert_list_watch(struct services *services, size_t max, int64_t deadline,
                   struct concert_list *list, struct problem *problem)
{
    *list = (struct concert_list){0};
    enum error error = read_rows(services, NULL, is_open, list, problem);
    if (error != ERROR_NONE || list->count == 0)
        return error;
    size_t count = list->count < max ? list->count : max;
    struct concert_count *newest = list->counts + (list->count - count);
    error = count_old(services, newest, count, kept_ms(newest, count), deadline, problem);
    return error == ERROR_BUSY ? ERROR_NONE : error;
}

void
concert_list_free(struct concert_list *list)
{
    free(list->rows);
    free(list->counts);
    *list = (struct concert_list){0};
}

/* What is remembered of each. The caller frees the array, on failure as well. */
static enum db_result
recall_all(struct services *services, struct concert_count **counts, size_t *count)
{
    struct concert concert;
    *counts = NULL;
    *count = 0;
    enum db_result result = concert_table_list_times(services->db, &concert);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        if (!is_listed(&concert))
            continue;
        *counts = make_room(*counts, *count, sizeof **counts);
        recall(services, concert.concert_id, &(*counts)[(*count)++]);
    }
    return result == DB_NONE ? DB_OK : result;
}

/*
 * Halfway to its end, so that there is time left until a reader would have to count. When to go on:
 * at once if all would not be counted by then with a pause after each part.
 */
static int64_t
refresh_some(struct services *services)
{
    struct concert_count *counts;
    struct problem problem;
    size_t count;
    int64_t pause = REFRESH_MS, deadline = clock_monotonic() + REFRESH_MS;
    if (recall_all(services, &counts, &count) == DB_OK) {
        int64_t half = kept_ms(counts, count) / 2;
        count_old(services, counts, count, half, deadline, &problem);
        if (2 * sum_us(counts, count) / 1000 > half)
            pause = 0;
    }
    free(counts);
    return clock_monotonic() + pause;
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
    atomic_store(&counts->refresh_at, refresh_some(services));
    return true;
}
