#include "domain/import/import_seats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { FIRST_CAPACITY = 1024, NAME_SIZE = 2 * SECTION_SIZE + LABEL_SIZE };

/* No name has such a character. */
#define NAME_FORMAT "%s\x1f%s\x1f%s"

static void *
resize(void *memory, size_t count, size_t size)
{
    void *larger = realloc(memory, count * size);
    if (larger == NULL)
        log_abort("no memory");
    return larger;
}

static void
add(void *state, const struct seat *seat, const struct seat_note *note)
{
    struct import_seats *seats = state;
    (void)note;
    if (seats->count == seats->capacity) {
        seats->capacity = seats->capacity > 0 ? 2 * seats->capacity : FIRST_CAPACITY;
        seats->seats = resize(seats->seats, seats->capacity, sizeof seats->seats[0]);
    }
    seats->seats[seats->count++] = (struct import_seat){
        .seat_id = seat->seat_id,
        .status = seat->status,
        .blocked = seat->blocked,
        .price = seat->price,
        .name = seats->names.length,
    };
    buffer_format(&seats->names, NAME_FORMAT, seat->section, seat->row, seat->label);
    buffer_append(&seats->names, "", 1);
}

/* The slot that has a name, or where it would stand. */
static uint32_t *
find_slot(const struct import_seats *seats, const char *name)
{
    size_t at = text_hash(name) & (seats->slot_count - 1);
    while (seats->slots[at] != 0 &&
           strcmp(seats->names.data + seats->seats[seats->slots[at] - 1].name, name) != 0)
        at = (at + 1) & (seats->slot_count - 1);
    return &seats->slots[at];
}

static void
make_slots(struct import_seats *seats)
{
    for (seats->slot_count = 2; seats->slot_count < 2 * seats->count;)
        seats->slot_count *= 2;
    seats->slots = calloc(seats->slot_count, sizeof seats->slots[0]);
    if (seats->slots == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < seats->count; i++) {
        uint32_t *slot = find_slot(seats, seats->names.data + seats->seats[i].name);
        if (*slot != 0)
            seats->seats[*slot - 1].is_doubled = true;
        else
            *slot = (uint32_t)i + 1;
    }
}

enum error
import_seats_read(struct services *services, int32_t item_id, int64_t now,
                  struct import_seats *seats, struct problem *problem)
{
    enum error error = seat_visit(services, item_id, false, true, now, add, seats, problem);
    make_slots(seats);
    return error;
}

void
import_seats_free(struct import_seats *seats)
{
    free(seats->seats);
    free(seats->slots);
    buffer_free(&seats->names);
}

struct import_seat *
import_seats_find(const struct import_seats *seats, const char *section, const char *row,
                  const char *label)
{
    char name[NAME_SIZE];
    int length = snprintf(name, sizeof name, NAME_FORMAT, section, row, label);
    if (length < 0 || (size_t)length >= sizeof name)
        return NULL;
    uint32_t found = *find_slot(seats, name);
    return found > 0 ? &seats->seats[found - 1] : NULL;
}

static int
compare_seats(const void *a, const void *b)
{
    int32_t first = ((const struct import_seat *)a)->seat_id;
    int32_t second = ((const struct import_seat *)b)->seat_id;
    return (first > second) - (first < second);
}

struct import_seat *
import_seats_find_id(const struct import_seats *seats, int64_t seat_id)
{
    if (seats->count == 0 || seat_id > INT32_MAX)
        return NULL;
    const struct import_seat wanted = {.seat_id = (int32_t)seat_id};
    return bsearch(&wanted, seats->seats, seats->count, sizeof wanted, compare_seats);
}
