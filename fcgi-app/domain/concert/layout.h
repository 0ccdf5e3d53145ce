/*
 * layout: the fixed data of an item's seats that the choice of the best ones needs: not of
 * wheelchair places and their companions', which are chosen by who needs them, but of the places of
 * standing areas. The last few layouts are kept by their layoutVersion, so that a sale reads only
 * the numbers of free seats.
 */
#ifndef FRONTROW_DOMAIN_LAYOUT_H
#define FRONTROW_DOMAIN_LAYOUT_H

#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

/* Some consecutive seats of one row with one price. */
struct seat_run {
    int32_t first, last; /* seatIds */
    int32_t section;     /* its rank: by highest price of any of its seats, then lowest seatId */
    int32_t row;         /* lowest seatId of its row */
    int64_t price;       /* of a seat */
    bool restricted;     /* the view is, of all of them */
    bool standing;       /* places of a standing area */
    size_t rank;         /* index in by_rank */
};

struct section;

/* A standing area: its runs are consecutive ones of by_rank. */
struct area {
    size_t begin, end; /* of its ranks */
    bool is_begun;     /* for the choice: there was one */
    size_t reached;    /* the rank at which the last one of it ended */
};

struct layout {
    int32_t item_id;
    int64_t version;
    struct seat_run *runs; /* by seatId */
    size_t run_count;
    struct seat_run **by_rank; /* restricted views, then standing areas last; else by section, row
                                  and seatId */
    size_t plain_run_count;    /* those before them */
    struct section *sections;  /* by rank */
    struct area *areas;
    size_t area_count;
    struct layout *next; /* of those that are remembered */
    int32_t reach;       /* for the choice: how many seats, by rank, the last one went through */
};

/* Layouts that are remembered; bounded in number and size. */
struct layouts;

struct layouts *layouts_open(void); /* never NULL */
void layouts_close(struct layouts *layouts);

/*
 * The layout of an item as concert_table_find_with_item() gave it; read where it is not known. It
 * stays valid until the next call.
 */
enum db_result layouts_find(struct layouts *layouts, struct database *db, const struct item *item,
                            struct layout **layout) MUST_CHECK;

/* The standing area of this name; NULL: there is none. */
struct area *layout_find_area(const struct layout *layout, const char *section);

const char *layout_section_name(const struct layout *layout, const struct seat_run *run);

#endif
