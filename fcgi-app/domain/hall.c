#include "domain/hall.h"

#include <stdlib.h>
#include <string.h>

#include "base/shared.h"

/* The seats that a buyer may choose among. */
struct hall {
    struct place *places; /* sorted (seating_sort) */
    size_t count;
};

/* A section and a row while they are collected. */
struct group {
    char name[SECTION_SIZE];
    int32_t section;    /* of a row: index of its section */
    int32_t first_seat; /* lowest seatId */
    int64_t price;      /* of a section: the highest */
    int32_t rank;       /* of a section */
};

struct groups {
    struct group *list;
    size_t count;
    size_t capacity;
};

static void *
grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? *capacity * 2 : 64;
    list = realloc(list, *capacity * size);
    if (list == NULL)
        abort();
    return list;
}

/* Seats come by seatId, so that a section or row is most often the one of the seat before. */
static int32_t
find_group(struct groups *groups, int32_t section, const char *name, int32_t seat_id)
{
    for (size_t i = groups->count; i-- > 0;)
        if (groups->list[i].section == section && strcmp(groups->list[i].name, name) == 0)
            return (int32_t)i;
    groups->list = grow(groups->list, groups->count, &groups->capacity, sizeof groups->list[0]);
    struct group *group = &groups->list[groups->count];
    *group = (struct group){.section = section, .first_seat = seat_id, .price = -1};
    memcpy(group->name, name, strlen(name) + 1);
    return (int32_t)groups->count++;
}

static bool
ranks_before(const struct group *a, const struct group *b)
{
    return a->price != b->price ? a->price > b->price : a->first_seat < b->first_seat;
}

static void
rank_sections(struct groups *sections)
{
    for (size_t i = 0; i < sections->count; i++)
        for (size_t other = 0; other < sections->count; other++)
            sections->list[i].rank += ranks_before(&sections->list[other], &sections->list[i]);
}

static void
add_place(struct hall *hall, size_t *capacity, const struct place *place)
{
    hall->places = grow(hall->places, hall->count, capacity, sizeof hall->places[0]);
    hall->places[hall->count++] = *place;
}

static enum db_result
collect(struct hall *hall, struct groups *sections, struct groups *rows, struct database *db,
        int32_t item_id, const char *section, int64_t max_price)
{
    struct seat seat;
    int64_t now;
    size_t capacity = 0;
    enum db_result result = seat_table_list(db, item_id, &seat, &now);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        int32_t in = find_group(sections, 0, seat.section, seat.seat_id);
        int32_t row = find_group(rows, in, seat.row, seat.seat_id);
        if (seat.price > sections->list[in].price)
            sections->list[in].price = seat.price;
        bool fits =
            (section[0] == '\0' || strcmp(section, seat.section) == 0) && seat.price <= max_price;
        struct place place = {seat.seat_id, in, rows->list[row].first_seat,
                              seat_shown(&seat, now) == SEAT_AVAILABLE};
        if (fits)
            add_place(hall, &capacity, &place);
    }
    return result == DB_NONE ? DB_OK : result;
}

/*
 * Reads the seats of an item that fit a section ("": any) and a highest price, without a lock.
 * Sections rank by the highest price of any of their seats, then by their lowest seatId.
 */
static enum db_result
read_hall(struct hall *hall, struct database *db, int32_t item_id, const char *section,
          int64_t max_price)
{
    struct groups sections = {0}, rows = {0};
    enum db_result result = collect(hall, &sections, &rows, db, item_id, section, max_price);
    rank_sections(&sections);
    for (size_t i = 0; i < hall->count; i++)
        hall->places[i].section = sections.list[hall->places[i].section].rank;
    seating_sort(hall->places, hall->count);
    free(sections.list);
    free(rows.list);
    return result;
}

/* The seat can not be had after all. Returns whether it was free so far. */
static bool
mark_taken(struct hall *hall, int32_t seat_id)
{
    bool was_free = false;
    for (size_t i = 0; i < hall->count; i++)
        if (hall->places[i].seat_id == seat_id) {
            was_free = hall->places[i].free;
            hall->places[i].free = false;
        }
    return was_free;
}

/* Passes by what other workers are just taking; true where there was something. */
static bool
pass_by(struct hall *hall, const struct services *services, int32_t item_id)
{
    bool passed_by = false;
    int32_t id;
    if (services->place == NULL)
        return false;
    const struct occupancy *occupancy = &services->shared->occupancy;
    for (size_t at = 0; (id = occupancy_next_seat(occupancy, services->place, item_id, &at)) != 0;)
        passed_by = mark_taken(hall, id) || passed_by;
    return passed_by;
}

/* Lets the other workers pass by these seats. */
static void
announce(const struct services *services, int32_t item_id, const int32_t *ids, int32_t count)
{
    if (services->place != NULL)
        occupancy_take_seats(services->place, item_id, ids, (size_t)count);
}

static bool
is_got(int32_t id, const struct seat *seats, size_t found, int64_t now)
{
    for (size_t i = 0; i < found; i++)
        if (seats[i].seat_id == id)
            return seat_shown(&seats[i], now) == SEAT_AVAILABLE;
    return false;
}

/* Marks those of the chosen seats that were not got as not free; true where all were got. */
static bool
keep_what_was_got(struct hall *hall, const int32_t *ids, int32_t count, const struct seat *seats,
                  size_t found, int64_t now)
{
    bool all = true;
    for (int32_t i = 0; i < count; i++) {
        bool got = is_got(ids[i], seats, found, now);
        if (!got)
            mark_taken(hall, ids[i]);
        all = all && got;
    }
    return all;
}

static bool
choose(const struct hall *hall, const struct hall_wish *wish, bool passed_by, int32_t *ids)
{
    return passed_by && wish->patient
               ? seating_choose_adjacent(hall->places, hall->count, wish->count, ids)
               : seating_choose(hall->places, hall->count, wish->count, ids);
}

/*
 * Two buyers who lock the same two seats at the same moment may get one each. If both went on with
 * that one and the seat beside it, gaps of one would be left. So a patient one passes the whole set
 * by, and does not make do with scattered seats while others may still give a set back.
 */
static enum error
lock_best(struct services *services, int32_t item_id, struct hall *hall,
          const struct hall_wish *wish, int32_t *ids, struct seat *seats, int64_t *now,
          struct problem *problem)
{
    bool passed_by = pass_by(hall, services, item_id);
    while (choose(hall, wish, passed_by, ids)) {
        size_t found;
        announce(services, item_id, ids, wish->count);
        enum db_result result = seat_table_lock_free(services->db, item_id, ids,
                                                     (size_t)wish->count, seats, &found, now);
        if (result != DB_OK)
            return refuse_db(problem, result);
        if (keep_what_was_got(hall, ids, wish->count, seats, found, *now))
            return ERROR_NONE;
        bool locked = found < (size_t)wish->count;
        for (int32_t i = 0; i < wish->count && locked && wish->patient; i++)
            mark_taken(hall, ids[i]);
        passed_by = pass_by(hall, services, item_id) || passed_by || locked;
    }
    return refuse(problem, passed_by ? ERROR_BUSY : ERROR_SEATS_NOT_AVAILABLE);
}

enum error
hall_lock_best(struct services *services, int32_t item_id, const struct hall_wish *wish,
               int32_t ids[SEATS_AT_ONCE], struct seat seats[SEATS_AT_ONCE], int64_t *now,
               struct problem *problem)
{
    struct hall hall = {0};
    enum error error =
        refuse_db(problem, read_hall(&hall, services->db, item_id, wish->section, wish->max_price));
    if (error == ERROR_NONE)
        error = lock_best(services, item_id, &hall, wish, ids, seats, now, problem);
    free(hall.places);
    return error;
}
