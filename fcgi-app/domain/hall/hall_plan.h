/*
 * hall_plan: the seats of a hall as a file tells them, in its order. Records are added one by one,
 * and checked; at the end what only all of them can tell: names that occur twice, and who belongs
 * to whom. Nothing is read or written here.
 */
#ifndef FRONTROW_DOMAIN_HALL_PLAN_H
#define FRONTROW_DOMAIN_HALL_PLAN_H

#include <stdbool.h>

#include "base/must_check.h"
#include "domain/hall/hall_fault.h"
#include "mysql/sale/seat_table.h"

enum {
    HALL_SEATS_MAX = 100000,
    HALL_NOTICES_MAX = 20,
    HALL_POSITION_MAX = 1000000,
    CATEGORY_CHARACTERS = 32
};

/* HALL_COLUMN(name, text): what a record may say, and its name in JSON and in a CSV that we write.
 */
#define HALL_COLUMNS(HALL_COLUMN)                                                                  \
    HALL_COLUMN(SECTION, "section")                                                                \
    HALL_COLUMN(ROW, "row")                                                                        \
    HALL_COLUMN(LABEL, "label")                                                                    \
    HALL_COLUMN(FROM, "from")                                                                      \
    HALL_COLUMN(TO, "to")                                                                          \
    HALL_COLUMN(KIND, "kind")                                                                      \
    HALL_COLUMN(CATEGORY, "category")                                                              \
    HALL_COLUMN(PRICE, "price")                                                                    \
    HALL_COLUMN(NOTE, "note")                                                                      \
    HALL_COLUMN(X, "x")                                                                            \
    HALL_COLUMN(Y, "y")                                                                            \
    HALL_COLUMN(COMPANION_OF, "companionOf")

enum hall_column {
#define HALL_COLUMN(name, text) HALL_COLUMN_##name,
    HALL_COLUMNS(HALL_COLUMN)
#undef HALL_COLUMN
        HALL_COLUMN_COUNT
};

/* Its name, static. */
const char *hall_column_name(enum hall_column column);

/*
 * One seat, the seats from..to, or a gap. Texts of cells: "" or NULL where there is nothing.
 * `origin` says where it is in the file, in words of who reads it; above 0.
 */
struct hall_record {
    const char *cells[HALL_COLUMN_COUNT];
    int32_t origin;
};

/* A seat. Its texts belong to the plan. */
struct hall_seat {
    const char *section;
    const char *row;
    const char *label;
    const char *category;     /* "": none */
    const char *note;         /* "": none */
    const char *companion_of; /* the label that the file names; "": it names none */
    enum seat_kind kind;
    int64_t price; /* -1: none */
    struct seat_position position;
    bool follows_gap; /* somebody passes between it and the one before it in its row */
    int32_t
        partner; /* index of the other seat of a wheelchair place and its companion's; -1: none */
    int32_t number; /* seatId in a date of this hall: beside a gap one is left out */
    int32_t origin;
};

struct hall_plan {
    struct hall_seat *seats;
    size_t count;
    size_t capacity;
    void *texts; /* a tree of those that the seats have, each once */
    bool gap;    /* the next seat follows one */
    struct hall_fault notices[HALL_NOTICES_MAX]; /* their `line` is an origin */
    size_t notice_count;                         /* of all; the first ones are there */
};

/* What is wrong with a record, and which cell; of the whole record: HALL_COLUMN_COUNT. */
struct hall_refusal {
    struct hall_fault fault; /* `line`, and a word "line", are origins */
    enum hall_column column;
};

/* Zero-initialised is empty, and can be added to and freed. */
void hall_plan_free(struct hall_plan *plan);

/* Adds the seats of a record. False: it is refused. */
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
