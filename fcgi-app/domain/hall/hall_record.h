/*
 * hall_record: what a file says of a seat, of the seats of a range, or of a gap: the cells of one
 * line of a CSV, or the members of one object, checked one by one.
 */
#ifndef FRONTROW_DOMAIN_HALL_RECORD_H
#define FRONTROW_DOMAIN_HALL_RECORD_H

#include <stdbool.h>

#include "base/must_check.h"
#include "domain/hall/hall_fault.h"
#include "mysql/sale/seat_table.h"

enum { HALL_POSITION_MAX = 1000000, CATEGORY_CHARACTERS = 32 };

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

/* A seat. Its texts are borrowed from the record; in a plan they belong to that. */
struct hall_seat {
    const char *section;
    const char *row; /* "" of a standing place */
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

/* What is wrong with a record, and which cell; of the whole record: HALL_COLUMN_COUNT. */
struct hall_refusal {
    struct hall_fault fault; /* `line`, and a word "line", are origins */
    enum hall_column column;
};

/* What a record is. */
struct hall_reading {
    bool is_gap;   /* and nothing else is set */
    bool is_range; /* of seats that are all like this one, each one further than the one before */
    int64_t from, to;      /* its labels, in either direction */
    struct hall_seat seat; /* the first one */
};

/* Reads a record. False: it is refused. */
bool hall_record_read(const struct hall_record *record, struct hall_reading *reading,
                      struct hall_refusal *refusal) MUST_CHECK;

#endif
