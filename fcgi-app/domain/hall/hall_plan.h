/*
 * hall_plan: the seats of a hall as a file tells them, in its order. Records are added one by one,
 * and checked; at the end what only all of them can tell: names that occur twice, and who belongs
 * to whom. Nothing is read or written here.
 */
#ifndef FRONTROW_DOMAIN_HALL_PLAN_H
#define FRONTROW_DOMAIN_HALL_PLAN_H

#include "domain/hall/hall_record.h"

enum { HALL_SEATS_MAX = 100000, HALL_NOTICES_MAX = 20 };

struct hall_plan {
    struct hall_seat *seats;
    size_t count;
    size_t capacity;
    void *texts; /* a tree of those that the seats have, each once */
    bool gap;    /* the next seat follows one */
    struct hall_fault notices[HALL_NOTICES_MAX]; /* their `line` is an origin */
    size_t notice_count;                         /* of all; the first ones are there */
};

/* Zero-initialised is empty, and can be added to and freed. */
void hall_plan_free(struct hall_plan *plan);

/* Adds the seats of a record, or a gap. False: it is refused. */
bool hall_plan_add(struct hall_plan *plan, const struct hall_record *record,
                   struct hall_refusal *refusal) MUST_CHECK;

/* Somebody passes between what was added and what comes next. */
void hall_plan_add_gap(struct hall_plan *plan);

/* Behind the last record. False: it is refused. */
bool hall_plan_finish(struct hall_plan *plan, struct hall_refusal *refusal) MUST_CHECK;

/* What is in a plan. */
struct hall_summary {
    int32_t sections;
    int32_t rows;
    int32_t kinds[SEAT_WITHHELD + 1];
    int64_t min_price, max_price; /* -1: no seat has one */
    int32_t unpriced;             /* seats without a price */
};

void hall_plan_summarise(const struct hall_plan *plan, struct hall_summary *summary);

#endif
