#include "domain/concert/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    SEAT_RUN_MAX = 64, /* at most: the choice reads whole runs */
    LAYOUTS_KEPT = 32,
    SEAT_RUNS_KEPT = 8192 /* of all layouts together, some 50 bytes each */
};

struct layouts {
    struct layout *first; /* the last one used, the others by their last use */
};

/* A section, or a row while the seats are read. */
struct section {
    char name[SECTION_SIZE];
    int32_t of;         /* a row's section, as an index; 0 for a section */
    int32_t first_seat; /* lowest seatId */
    int64_t price;      /* the highest */
    int32_t rank;
};

struct sections {
    struct section *list;
    size_t count;
    size_t capacity;
};

static void *
grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? *capacity * 2 : 4;
    list = realloc(list, *capacity * size);
    if (list == NULL)
        log_abort("no memory");
    return list;
}

/* Seats come by seatId, so that a section or row is most often the one of the seat before. */
static size_t
find_section(struct sections *sections, int32_t of, const char *name, const struct seat *seat)
{
    for (size_t i = sections->count; i-- > 0;)
        if (sections->list[i].of == of && strcmp(sections->list[i].name, name) == 0)
            return i;
    sections->list =
        grow(sections->list, sections->count, &sections->capacity, sizeof sections->list[0]);
    struct section *section = &sections->list[sections->count];
    *section = (struct section){.of = of, .first_seat = seat->seat_id, .price = seat->price};
    snprintf(section->name, sizeof section->name, "%s", name);
    return sections->count++;
}

/* Adds a seat to the last run, or as the first one of a new run. */
static void
add_seat(struct layout *layout, size_t *capacity, const struct seat_run *seat)
{
    struct seat_run *last = layout->run_count > 0 ? &layout->runs[layout->run_count - 1] : NULL;
    if (last != NULL && last->last + 1 == seat->first && last->section == seat->section &&
        last->row == seat->row && last->price == seat->price &&
        last->restricted == seat->restricted && last->standing == seat->standing &&
        seat->first - last->first < SEAT_RUN_MAX) {
        last->last = seat->last;
        return;
    }
    layout->runs = grow(layout->runs, layout->run_count, capacity, sizeof layout->runs[0]);
    layout->runs[layout->run_count++] = *seat;
}

/* Reads the runs; the section of each is an index so far. */
static enum db_result
read_runs(struct layout *layout, struct sections *sections, struct sections *rows,
          struct database *db)
{
    struct seat seat;
    struct seat_note note;
    struct seat_position position;
    size_t capacity = 0;
    enum db_result result =
        seat_table_list_layout(db, layout->item_id, false, &seat, &note, &position);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        if (seat.kind != SEAT_PLAIN && seat.kind != SEAT_RESTRICTED && seat.kind != SEAT_STANDING)
            continue;
        size_t in = find_section(sections, 0, seat.section, &seat);
        size_t row = find_section(rows, (int32_t)in, seat.row, &seat);
        if (seat.price > sections->list[in].price)
            sections->list[in].price = seat.price;
        struct seat_run one = {.first = seat.seat_id,
                               .last = seat.seat_id,
                               .section = (int32_t)in,
                               .row = rows->list[row].first_seat,
                               .price = seat.price,
                               .restricted = seat.kind == SEAT_RESTRICTED,
                               .standing = seat.kind == SEAT_STANDING};
        add_seat(layout, &capacity, &one);
    }
    return result == DB_NONE ? DB_OK : result;
}

static bool
ranks_before(const struct section *a, const struct section *b)
{
    return a->price != b->price ? a->price > b->price : a->first_seat < b->first_seat;
}

static int
compare_sections(const void *a, const void *b)
{
    const struct section *left = a, *right = b;
    return (left->rank > right->rank) - (left->rank < right->rank);
}

/* Gives each run the rank of its section. */
static void
rank_sections(struct layout *layout, struct sections *sections)
{
    for (size_t i = 0; i < sections->count; i++)
        for (size_t other = 0; other < sections->count; other++)
            sections->list[i].rank += ranks_before(&sections->list[other], &sections->list[i]);
    for (size_t i = 0; i < layout->run_count; i++)
        layout->runs[i].section = sections->list[layout->runs[i].section].rank;
    if (sections->count > 0) /* without any there is no array, and qsort() wants one */
        qsort(sections->list, sections->count, sizeof sections->list[0], compare_sections);
    layout->sections = sections->list;
}

static int
compare_runs(const void *a, const void *b)
{
    const struct seat_run *left = *(const struct seat_run *const *)a;
    const struct seat_run *right = *(const struct seat_run *const *)b;
    if (left->standing != right->standing)
        return right->standing ? -1 : 1;
    if (left->restricted != right->restricted)
        return right->restricted ? -1 : 1;
    if (left->section != right->section)
        return left->section < right->section ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

static void
rank_runs(struct layout *layout)
{
    layout->by_rank = calloc(layout->run_count + 1, sizeof(struct seat_run *));
    if (layout->by_rank == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < layout->run_count; i++)
        layout->by_rank[i] = &layout->runs[i];
    qsort(layout->by_rank, layout->run_count, sizeof(struct seat_run *), compare_runs);
    for (size_t i = 0; i < layout->run_count; i++) {
        layout->by_rank[i]->rank = i;
        layout->plain_run_count += !layout->by_rank[i]->restricted && !layout->by_rank[i]->standing;
    }
}

static void
find_areas(struct layout *layout)
{
    size_t capacity = 0;
    for (size_t i = 0; i < layout->run_count; i++) {
        const struct seat_run *run = layout->by_rank[i];
        if (!run->standing)
            continue;
        if (i == 0 || !layout->by_rank[i - 1]->standing ||
            layout->by_rank[i - 1]->section != run->section) {
            layout->areas =
                grow(layout->areas, layout->area_count, &capacity, sizeof layout->areas[0]);
            layout->areas[layout->area_count++] = (struct area){.begin = i, .reached = i};
        }
        layout->areas[layout->area_count - 1].end = i + 1;
    }
}

static void
layout_free(struct layout *layout)
{
    free(layout->runs);
    free(layout->by_rank);
    free(layout->sections);
    free(layout->areas);
    free(layout);
}

static enum db_result
layout_read(struct database *db, const struct item *item, struct layout **out)
{
    struct layout *layout = calloc(1, sizeof *layout);
    if (layout == NULL)
        log_abort("no memory");
    layout->item_id = item->item_id;
    layout->version = item->layout_version;
    struct sections sections = {0}, rows = {0};
    enum db_result result = read_runs(layout, &sections, &rows, db);
    free(rows.list);
    rank_sections(layout, &sections);
    rank_runs(layout);
    find_areas(layout);
    *out = layout;
    if (result != DB_OK)
        layout_free(layout);
    return result;
}

const char *
layout_section_name(const struct layout *layout, const struct seat_run *run)
{
    return layout->sections[run->section].name;
}

struct area *
layout_find_area(const struct layout *layout, const char *section)
{
    for (size_t i = 0; i < layout->area_count; i++) {
        struct area *area = &layout->areas[i];
        if (strcmp(layout_section_name(layout, layout->by_rank[area->begin]), section) == 0)
            return area;
    }
    return NULL;
}

/* ---- those that are remembered */

struct layouts *
layouts_open(void)
{
    struct layouts *layouts = calloc(1, sizeof *layouts);
    if (layouts == NULL)
        log_abort("no memory");
    return layouts;
}

void
layouts_close(struct layouts *layouts)
{
    while (layouts->first != NULL) {
        struct layout *layout = layouts->first;
        layouts->first = layout->next;
        layout_free(layout);
    }
    free(layouts);
}

/* Takes the layout of an item out of the list; NULL where it is not there. */
static struct layout *
take_out(struct layouts *layouts, int32_t item_id)
{
    for (struct layout **at = &layouts->first; *at != NULL; at = &(*at)->next) {
        struct layout *layout = *at;
        if (layout->item_id != item_id)
            continue;
        *at = layout->next;
        return layout;
    }
    return NULL;
}

/* Puts one in front; those go for which there is no room beside it. */
static void
put_in_front(struct layouts *layouts, struct layout *layout)
{
    size_t count = 1, runs = layout->run_count;
    layout->next = layouts->first;
    layouts->first = layout;
    for (struct layout **at = &layout->next; *at != NULL;) {
        struct layout *older = *at;
        runs += older->run_count;
        if (++count <= LAYOUTS_KEPT && runs <= SEAT_RUNS_KEPT) {
            at = &older->next;
            continue;
        }
        *at = older->next;
        layout_free(older);
    }
}

/* An item that was not made by this program may have no version: it is read each time. */
enum db_result
layouts_find(struct layouts *layouts, struct database *db, const struct item *item,
             struct layout **layout)
{
    struct layout *known = take_out(layouts, item->item_id);
    if (known != NULL && (known->version == 0 || known->version != item->layout_version)) {
        layout_free(known);
        known = NULL;
    }
    enum db_result result = known == NULL ? layout_read(db, item, &known) : DB_OK;
    if (result == DB_OK)
        put_in_front(layouts, known);
    *layout = known;
    return result;
}
