/* concert_list: the concerts that are sold now or soon, each with the count of its seats. */
#ifndef FRONTROW_DOMAIN_CONCERT_LIST_H
#define FRONTROW_DOMAIN_CONCERT_LIST_H

#include "base/counts.h"
#include "domain/concert/concert.h"

struct listed_concert {
    struct concert concert;
    struct concert_summary summary;
};

/* What is remembered, or was counted now. */
struct concert_count {
    int32_t concert_id;
    struct seat_counts seats;
};

struct concert_list {
    struct listed_concert *rows;
    struct concert_count *counts; /* of the same */
    size_t count;
    int64_t now; /* of the database, after the last count */
};

/*
 * Reads the concerts that are shown as open or scheduled, by id; those with an item on `date` where
 * it is not NULL. Where all can be counted within 50 ms, they are; of more, what is remembered is
 * taken, as long as it is not older than the contract lets a list be that takes so long. The caller
 * frees the list, on failure as well. Refuses with busy where `deadline` (clock_monotonic()) comes
 * first; the next one goes on then.
 */
enum error concert_list_read(struct services *services, const char *date, int64_t deadline,
                             struct concert_list *list, struct problem *problem) MUST_CHECK;

/* Which concerts an operator asks for. */
struct concert_filter {
    enum concert_status status; /* as shown; CONCERT_OTHER: all */
    const char *search;         /* in title and venue, in any case; "": all */
    int64_t before;             /* concertIds below this one */
    int32_t limit;
};

/*
 * Reads a page of all concerts, the newest first, and counts them as concert_list_read() does. The
 * caller frees the list, on failure as well. *more: there is a next page.
 */
enum error concert_list_read_page(struct services *services, const struct concert_filter *filter,
                                  int64_t deadline, struct concert_list *list, bool *more,
                                  struct problem *problem) MUST_CHECK;

/*
 * For monitoring, which is no visitor: nothing is kept fresh for it afterwards. Reads the concerts
 * that are open, by id. Of the `max` newest ones those are counted that a list would count, the
 * oldest counts first, until `deadline`; then what is remembered is told. Where counted_at is 0, a
 * concert was not counted yet. list->now is not set. The caller frees the list, on failure as well.
 */
enum error concert_list_watch(struct services *services, size_t max, int64_t deadline,
                              struct concert_list *list, struct problem *problem) MUST_CHECK;

void concert_list_free(struct concert_list *list);

/* Reads one concert and counts its seats now; or refuses with concert_not_found. */
enum error concert_list_find(struct services *services, int32_t concert_id,
                             struct listed_concert *row, struct seat_counts *seats,
                             struct problem *problem) MUST_CHECK;

/*
 * Between two requests: counts for a while those whose count is oldest, so that who asks for a list
 * that takes long finds all remembered. True: there is more to do soon, though no request comes.
 */
bool concert_list_refresh(struct services *services);

#endif
