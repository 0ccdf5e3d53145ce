#include "domain/sale/hall.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "domain/concert/layout.h"
#include "domain/sale/presale.h"
#include "domain/sale/seating.h"
#include "domain/sale/standing.h"
#include "domain/sale/waitlist.h"

enum { SEATS_BEYOND = 64 }; /* of those that the last choice went through: most often enough */

/* The free seats that a buyer may choose among, read as far as the choice needs them. */
struct hall {
    struct layout *layout;
    const struct hall_wish *wish;
    struct area *area;            /* that is asked for; NULL: seats are */
    int32_t waiting;              /* for what comes back of the item */
    size_t runs_read;             /* of the layout, by rank */
    size_t run_limit;             /* so many may be read: not those with a restricted view yet */
    int32_t seats_to_read;        /* at least, the next time */
    struct candidate *candidates; /* sorted (seating_sort) */
    size_t count;
    bool passed_by;    /* others are just taking some of them */
    bool counts_areas; /* those too that best available without a section passes by */
};

static bool
has_section(const struct hall_wish *wish, const char *section)
{
    return (wish->section[0] == '\0' || strcmp(wish->section, section) == 0) &&
           (wish->sections == NULL || presale_allows(wish->sections, section));
}

static bool
fits(const struct hall *hall, const struct seat_run *run)
{
    const struct hall_wish *wish = hall->wish;
    return run->price <= wish->max_price &&
           (!run->standing || wish->section[0] != '\0' || hall->counts_areas) &&
           has_section(wish, layout_section_name(hall->layout, run));
}

bool
hall_fits(const struct hall_wish *wish, const struct seat *seat)
{
    return seat->price <= wish->max_price && has_section(wish, seat->section);
}

/*
 * The wish as it is remembered that nothing is left for it: whatever section or price a buyer makes
 * up, a hall has only so many. False where no seat of it fits.
 */
static bool
name_wish(const struct hall *hall, struct sold_out_wish *name)
{
    const struct layout *layout = hall->layout;
    *name = (struct sold_out_wish){layout->item_id, -1, layout->version, -1};
    for (const struct seat_run *run = layout->runs, *end = run + layout->run_count; run < end;
         run++) {
        if (!fits(hall, run))
            continue;
        if (hall->wish->section[0] != '\0')
            name->section = run->section;
        if (run->price > name->price)
            name->price = run->price;
    }
    return name->price >= 0;
}

static int32_t
run_length(const struct seat_run *run)
{
    return run->last - run->first + 1;
}

/* A part of a hall that is read by one statement. */
struct part {
    size_t first_rank;   /* of its runs */
    int32_t first, last; /* seatIds; others may lie between */
    int32_t seats;
};

/* The next runs by rank; those that do not fit count for nothing. */
static struct part
next_part(struct hall *hall)
{
    const struct layout *layout = hall->layout;
    struct part part = {.first_rank = hall->runs_read, .first = INT32_MAX};
    while (part.seats < hall->seats_to_read && hall->runs_read < hall->run_limit) {
        const struct seat_run *run = layout->by_rank[hall->runs_read++];
        if (!fits(hall, run))
            continue;
        part.first = run->first < part.first ? run->first : part.first;
        part.last = run->last > part.last ? run->last : part.last;
        part.seats += run_length(run);
    }
    return part;
}

/* Adds the free seats of the part, which come by seatId like the runs. */
static enum db_result
read_free(struct hall *hall, const struct part *part, struct database *db)
{
    const struct layout *layout = hall->layout;
    const struct seat_run *run = layout->runs, *end = run + layout->run_count;
    int32_t id;
    enum db_result result =
        seat_table_list_free(db, layout->item_id, part->first, part->last, hall->waiting == 0, &id);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        while (run < end && run->last < id)
            run++;
        if (run < end && run->first <= id && run->rank >= part->first_rank &&
            run->rank < hall->runs_read && fits(hall, run))
            hall->candidates[hall->count++] = (struct candidate){id, run->section, run->row, true};
    }
    return result == DB_NONE ? DB_OK : result;
}

/* Reads the next part without a lock. Each is twice as large as the one before. */
static enum db_result
read_more(struct hall *hall, struct database *db)
{
    struct part part = next_part(hall);
    size_t before = hall->count;
    if (part.seats == 0)
        return DB_OK;
    hall->candidates =
        realloc(hall->candidates, (before + (size_t)part.seats) * sizeof hall->candidates[0]);
    if (hall->candidates == NULL)
        log_abort("no memory");
    enum db_result result = read_free(hall, &part, db);
    /* by rank it stands behind what was read before, but that restricted ones stand among the
     * others */
    size_t in_order = hall->run_limit > hall->layout->plain_run_count ? 0 : before;
    seating_sort(hall->candidates + in_order, hall->count - in_order);
    hall->seats_to_read = 2 * part.seats;
    return result;
}

/*
 * The next choice goes on where this one ended, so that it does not read what is taken by now. What
 * came back before it is found once the rest of the area is gone.
 */
static void
remember_place(const struct hall *hall, int32_t seat_id)
{
    struct area *area = hall->area;
    for (size_t i = area->begin; i < area->end; i++) {
        const struct seat_run *run = hall->layout->by_rank[i];
        if (run->first <= seat_id && seat_id <= run->last)
            area->reached = i;
    }
}

/* So far the next choice will probably have to read: up to this seat, or everything. */
static void
remember_reach(const struct hall *hall, int32_t seat_id)
{
    struct layout *layout = hall->layout;
    if (hall->area != NULL) {
        remember_place(hall, seat_id);
        return;
    }
    layout->reach = 0;
    for (size_t i = 0; i < layout->run_count; i++) {
        const struct seat_run *run = layout->by_rank[i];
        if (fits(hall, run))
            layout->reach += run_length(run);
        if (run->first <= seat_id && seat_id <= run->last)
            return;
    }
}

/* The seat can not be had after all. Returns whether it was free so far. */
static bool
mark_taken(struct hall *hall, int32_t seat_id)
{
    bool was_free = false;
    for (size_t i = 0; i < hall->count; i++)
        if (hall->candidates[i].seat_id == seat_id) {
            was_free = hall->candidates[i].free;
            hall->candidates[i].free = false;
        }
    return was_free;
}

/* Passes by what other workers are just taking. */
static void
pass_by(struct hall *hall, const struct services *services)
{
    int32_t ids[OCCUPANCY_SEATS];
    size_t at = 0, count;
    if (services->slot == NULL)
        return;
    while ((count = occupancy_next_set(&services->shared->occupancy, services->slot,
                                       hall->layout->item_id, &at, ids)) > 0)
        for (size_t i = 0; i < count; i++)
            hall->passed_by = mark_taken(hall, ids[i]) || hall->passed_by;
}

/*
 * Marks those of the chosen seats that were not locked as not free; true where all were. One that
 * an operator has changed since the layout was read may not fit any more: another look will tell.
 */
static bool
mark_unlocked(struct hall *hall, const int32_t *ids, int32_t count, const struct seat *seats,
              size_t found, int64_t now)
{
    bool all = true;
    for (int32_t i = 0; i < count; i++) {
        bool locked = false;
        for (size_t n = 0; n < found && !locked; n++) {
            bool is_free =
                seats[n].seat_id == ids[i] &&
                seat_shown(&seats[n], waitlist_judge_time(hall->waiting, now)) == SEAT_AVAILABLE;
            locked = is_free && hall_fits(hall->wish, &seats[n]);
            hall->passed_by = hall->passed_by || is_free != locked;
        }
        if (!locked)
            mark_taken(hall, ids[i]);
        all = all && locked;
    }
    return all;
}

/* In a standing area there is no set that would have to be passed by as a whole. */
static bool
is_patient(const struct hall *hall)
{
    return hall->wish->patient && hall->area == NULL;
}

static bool
choose_read(const struct hall *hall, int32_t *ids)
{
    return (hall->area != NULL ? standing_choose : seating_choose_adjacent)(
        hall->candidates, hall->count, hall->wish->count, ids);
}

/* Chooses among what was read, and reads on where that holds no adjacent ones. */
static enum db_result
choose_within_limit(struct services *services, struct hall *hall, int32_t *ids, bool *chosen)
{
    const struct hall_wish *wish = hall->wish;
    enum db_result result = DB_OK;
    pass_by(hall, services);
    while (!(*chosen = choose_read(hall, ids)) && result == DB_OK &&
           hall->runs_read < hall->run_limit) {
        result = read_more(hall, services->db);
        pass_by(hall, services);
    }
    if (!*chosen && hall->area == NULL && !(hall->passed_by && wish->patient))
        *chosen = seating_choose(hall->candidates, hall->count, wish->count, ids);
    return result;
}

/*
 * What is looked at last: seats with a restricted view, or what lies in the area before the begin.
 * False: that was done.
 */
static bool
begin_rest(struct hall *hall)
{
    const struct area *area = hall->area;
    size_t limit = area != NULL ? area->reached : hall->layout->run_count;
    if (hall->run_limit == limit || (area != NULL && area->reached == area->begin))
        return false;
    hall->run_limit = limit;
    if (area != NULL) {
        hall->runs_read = area->begin;
        hall->seats_to_read = SEATS_BEYOND;
    }
    return true;
}

/* Seats with a restricted view come last: where the others do not suffice, scattered ones neither.
 */
static enum db_result
choose(struct services *services, struct hall *hall, int32_t *ids, bool *chosen)
{
    enum db_result result = choose_within_limit(services, hall, ids, chosen);
    bool waits = hall->passed_by && is_patient(hall);
    if (result != DB_OK || *chosen || waits || !begin_rest(hall))
        return result;
    return choose_within_limit(services, hall, ids, chosen);
}

/*
 * Two buyers who lock the same two seats at the same moment may get one each. If both went on with
 * that one and the seat beside it, gaps of one would be left. So a patient one passes the whole set
 * by, and does not make do with scattered seats while others may still give a set back.
 */
static enum error
lock_best(struct services *services, struct hall *hall, int32_t *ids, struct seat *seats,
          int64_t *now, struct problem *problem)
{
    const struct hall_wish *wish = hall->wish;
    int32_t item_id = hall->layout->item_id;
    bool chosen;
    enum db_result result;
    while ((result = choose(services, hall, ids, &chosen)) == DB_OK && chosen) {
        size_t found;
        if (services->slot != NULL) /* the other workers pass by these */
            occupancy_take_seats(services->slot, item_id, ids, (size_t)wish->count);
        result = seat_table_lock_free(services->db, item_id, ids, (size_t)wish->count, seats,
                                      &found, now);
        if (result == DB_OK && wish->has_waitlist) /* who joined since finds them held */
            result = waitlist_table_count(services->db, item_id, &hall->waiting);
        if (result != DB_OK)
            break;
        if (mark_unlocked(hall, ids, wish->count, seats, found, *now)) {
            remember_reach(hall, ids[0]);
            return ERROR_NONE;
        }
        bool locked = found < (size_t)wish->count;
        for (int32_t i = 0; i < wish->count && locked && is_patient(hall); i++)
            mark_taken(hall, ids[i]);
        hall->passed_by = hall->passed_by || locked;
    }
    if (result != DB_OK)
        return refuse_db(problem, result);
    remember_reach(hall, 0);
    return refuse(problem, hall->passed_by ? ERROR_BUSY : ERROR_SEATS_NOT_AVAILABLE);
}

/*
 * What a look that began at `releases` and `started` found. With nothing left, all that fits was
 * read, and nobody is just taking any of it.
 */
static void
tell_found(struct services *services, const struct hall *hall, bool none, uint32_t releases,
           int64_t started)
{
    const struct sold_out_wish *name = &hall->wish->name;
    if (name->item_id == 0 || name->layout_version != hall->layout->version)
        return;
    struct sold_out *sold_out = &services->shared->sold_out;
    if (none)
        sold_out_remember(sold_out, name, releases,
                          seating_max_free(hall->candidates, hall->count) + 1, started,
                          clock_monotonic());
    else
        sold_out_forget(sold_out, name, releases, hall->wish->count);
}

/* Whether it is known that nothing is left; waits for another one that is just finding out. */
static bool
is_sold_out(struct sold_out *sold_out, const struct sold_out_wish *name, int32_t count)
{
    int64_t started = clock_monotonic(), now = started;
    enum sold_out_answer answer;
    while ((answer = sold_out_recall(sold_out, name, count, now)) == SOLD_OUT_WAIT &&
           now < started + SOLD_OUT_AWAITED_MS) {
        usleep(1000);
        now = clock_monotonic();
    }
    return answer == SOLD_OUT_NONE;
}

enum error
hall_precheck(struct services *services, const struct item *item, struct hall_wish *wish,
              struct problem *problem)
{
    wish->name = (struct sold_out_wish){0};
    /*
     * Without a version the layout is read each time, and one like it may be another. What is left
     * of some sections together is not remembered.
     */
    bool is_of_some = wish->sections != NULL && wish->sections[0] != '\0';
    if (services->shared == NULL || item->layout_version == 0 || is_of_some)
        return ERROR_NONE;
    struct hall hall = {.wish = wish};
    enum db_result result = layouts_find(services->layouts, services->db, item, &hall.layout);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (name_wish(&hall, &wish->name) &&
        !is_sold_out(&services->shared->sold_out, &wish->name, wish->count))
        return ERROR_NONE;
    return refuse(problem, ERROR_SEATS_NOT_AVAILABLE);
}

/* Of the section with the most. */
static int32_t
count_seats(const struct hall *hall)
{
    const struct layout *layout = hall->layout;
    int32_t max = 0, *counts = calloc(layout->run_count + 1, sizeof counts[0]);
    if (counts == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < layout->run_count; i++) {
        const struct seat_run *run = &layout->runs[i];
        counts[run->section] += fits(hall, run) ? run_length(run) : 0;
        max = counts[run->section] > max ? counts[run->section] : max;
    }
    free(counts);
    return max;
}

enum db_result
hall_count(struct services *services, const struct item *item, const struct hall_wish *wish,
           int32_t *seats, int32_t *available)
{
    struct hall hall = {.wish = wish, .waiting = item->waiting, .seats_to_read = INT32_MAX};
    enum db_result result = layouts_find(services->layouts, services->db, item, &hall.layout);
    if (result != DB_OK)
        return result;
    *seats = count_seats(&hall);
    hall.counts_areas = true;
    hall.run_limit = hall.layout->run_count;
    result = read_more(&hall, services->db);
    *available = seating_max_free(hall.candidates, hall.count);
    free(hall.candidates);
    return result;
}

/*
 * Each worker begins in a part of the area of its own: workers who went through the same places
 * would all ask for the ones that another is just taking.
 */
static void
begin_area(struct area *area, const struct services *services)
{
    if (area->is_begun || services->slot == NULL)
        return;
    const struct occupancy *occupancy = &services->shared->occupancy;
    size_t slot = (size_t)(services->slot - occupancy->slots);
    size_t slots = (size_t)atomic_load(&occupancy->used);
    area->is_begun = true;
    area->reached = area->begin + slot * (area->end - area->begin) / slots;
}

static void
begin_choice(struct hall *hall, const struct services *services)
{
    hall->area = layout_find_area(hall->layout, hall->wish->section);
    hall->seats_to_read = hall->layout->reach + SEATS_BEYOND;
    hall->run_limit = hall->layout->plain_run_count;
    if (hall->area == NULL)
        return;
    begin_area(hall->area, services);
    hall->seats_to_read = SEATS_BEYOND;
    hall->runs_read = hall->area->reached;
    hall->run_limit = hall->area->end;
}

enum error
hall_lock_best(struct services *services, const struct item *item, const struct hall_wish *wish,
               int32_t ids[SEATS_AT_ONCE], struct seat seats[SEATS_AT_ONCE], int64_t *now,
               struct problem *problem)
{
    struct hall hall = {.wish = wish, .waiting = item->waiting};
    struct shared *shared = services->shared;
    int64_t started = clock_monotonic();
    uint32_t releases = shared != NULL ? sold_out_releases(&shared->sold_out, item->item_id) : 0;
    enum error error =
        refuse_db(problem, layouts_find(services->layouts, services->db, item, &hall.layout));
    if (error != ERROR_NONE)
        return error;
    begin_choice(&hall, services);
    error = lock_best(services, &hall, ids, seats, now, problem);
    tell_found(services, &hall, error == ERROR_SEATS_NOT_AVAILABLE, releases, started);
    free(hall.candidates);
    return error;
}

enum db_result
hall_choose_together(struct services *services, const struct item *item,
                     const struct hall_wish *wish, size_t buyers, int32_t ids[SEATS_LISTED],
                     size_t *served)
{
    struct hall hall = {.wish = wish, .waiting = item->waiting};
    int64_t started = clock_monotonic();
    uint32_t releases = sold_out_releases(&services->shared->sold_out, item->item_id);
    size_t wanted = (size_t)wish->count, listed = 0;
    bool chosen = true;
    *served = 0;
    assert(buyers * wanted <= SEATS_LISTED);
    enum db_result result = layouts_find(services->layouts, services->db, item, &hall.layout);
    if (result != DB_OK)
        return result;
    begin_choice(&hall, services);
    for (; *served < buyers; (*served)++, listed += wanted) {
        result = choose(services, &hall, ids + listed, &chosen);
        if (result != DB_OK || !chosen)
            break;
        for (size_t i = 0; i < wanted; i++)
            mark_taken(&hall, ids[listed + i]);
    }
    if (*served > 0)
        remember_reach(&hall, ids[listed - wanted]);
    occupancy_take_seats(services->slot, item->item_id, ids, listed);
    if (result == DB_OK)
        tell_found(services, &hall, *served == 0 && !hall.passed_by, releases, started);
    free(hall.candidates);
    return result;
}
