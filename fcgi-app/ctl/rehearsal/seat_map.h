/*
 * seat_map: the map of an item, as fans see it in the page: read anew each second for all of them
 * together, as nginx's cache has it.
 */
#ifndef FRONTROW_CTL_REHEARSAL_SEAT_MAP_H
#define FRONTROW_CTL_REHEARSAL_SEAT_MAP_H

#include "ctl/rehearsal/front.h"

/* A standing area. */
struct map_area {
    char *section; /* as a text of JSON */
    int32_t available;
};

struct seat_map {
    struct asker asker;
    int32_t concert_id;
    int32_t item_id;
    size_t count;
    int32_t *seat_ids;  /* ascending */
    bool *is_available; /* when it was last read */
    size_t area_count;
    struct map_area *areas;
    bool is_asked;    /* a newer one is on its way */
    int64_t asked_at; /* clock_monotonic() */
};

/* Reads the item's seats. False: the server does not answer with them. */
bool seat_map_load(struct seat_map *map, struct front *front, int32_t concert_id, int32_t item_id)
    MUST_CHECK;
void seat_map_free(struct seat_map *map);

/* Asks for a newer one, if this is a second old and none is on its way. */
void seat_map_refresh(struct seat_map *map, struct front *front, int64_t now);

/*
 * Chooses adjacent seats among those that are left, near the seat at this share (0..1) of the
 * hall. False: there are none so many.
 */
bool seat_map_pick(const struct seat_map *map, double share, int seats, int32_t *seat_ids)
    MUST_CHECK;

/*
 * The standing area at this share (0..1) of all seats and places that are left, as a fan comes to
 * it who does not mind which; NULL: a seat is there, or nothing is left.
 */
const struct map_area *seat_map_find_area(const struct seat_map *map, double share) MUST_CHECK;

#endif
