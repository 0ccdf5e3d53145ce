#include "api/concert_draft.h"

#include <stdlib.h>
#include <string.h>

#include "api/input.h"
#include "base/clock.h"

enum { TITLE_CHARACTERS = 200, SECTION_CHARACTERS = 32, PLACE_MAX = 1000000 };

/* Reads members of one object; after the first refusal nothing more is read. */
struct reader {
    const json_t *object;
    char path[64]; /* what stands before the members' names: "items[0]." */
    struct problem *problem;
    bool ok;
};

static void
refuse_member(struct reader *reader, const char *name, const char *rule)
{
    char field[96];
    snprintf(field, sizeof field, "%s%s", reader->path, name);
    reader->ok = input_refuse(reader->problem, field, "%s must be %s", name, rule);
}

/* The member, NULL where it is absent or must not be looked at. */
static const json_t *
find(struct reader *reader, const char *name, bool required, const char *rule)
{
    const json_t *value = reader->ok ? json_object_get(reader->object, name) : NULL;
    if (value == NULL && reader->ok && required)
        refuse_member(reader, name, rule);
    return value;
}

static size_t
count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* Into an array that holds 4 * most bytes and a NUL; `otherwise` NULL: it must be there. */
static void
read_text(struct reader *reader, const char *name, size_t most, const char *otherwise, char *text)
{
    char rule[64];
    snprintf(rule, sizeof rule, "a string of 1 to %zu characters", most);
    const json_t *value = find(reader, name, otherwise == NULL, rule);
    const char *found = value != NULL ? json_string_value(value) : otherwise;
    size_t length = found != NULL ? count_characters(found) : 0;
    if (length >= 1 && length <= most)
        strcpy(text, found);
    else if (reader->ok)
        refuse_member(reader, name, rule);
}

/* The integer, or `otherwise` where it is absent; `is_null`, where given, allows null. */
static int64_t
read_integer(struct reader *reader, const char *name, int64_t least, int64_t most,
             const int64_t *otherwise, bool *is_null)
{
    char rule[96];
    snprintf(rule, sizeof rule, "an integer from %lld to %lld%s", (long long)least,
             (long long)most, is_null != NULL ? " or null" : "");
    const json_t *value = find(reader, name, otherwise == NULL && is_null == NULL, rule);
    if (is_null != NULL)
        *is_null = value == NULL || json_is_null(value);
    if (value == NULL || (is_null != NULL && *is_null))
        return otherwise != NULL ? *otherwise : 0;
    if (json_is_integer(value) && json_integer_value(value) >= least &&
        json_integer_value(value) <= most)
        return json_integer_value(value);
    refuse_member(reader, name, rule);
    return 0;
}

static int32_t
read_small(struct reader *reader, const char *name, int32_t least, int32_t most,
           const int64_t *otherwise)
{
    return (int32_t)read_integer(reader, name, least, most, otherwise, NULL);
}

/* CLOCK_NEVER for null, and where it is absent. */
static int64_t
read_instant(struct reader *reader, const char *name, bool required)
{
    static const char rule[] = "a time as 2026-11-23T19:00:00+09:00";
    const json_t *value = find(reader, name, required, rule);
    int64_t instant = CLOCK_NEVER;
    if (value == NULL || (!required && json_is_null(value)))
        return instant;
    if (!json_is_string(value) || !clock_parse(json_string_value(value), &instant))
        refuse_member(reader, name, rule);
    return instant;
}

static bool
read_boolean(struct reader *reader, const char *name)
{
    const json_t *value = find(reader, name, false, "");
    if (value != NULL && !json_is_boolean(value))
        refuse_member(reader, name, "true or false");
    return json_is_true(value);
}

static void
read_date(struct reader *reader, const char *name, char date[DATE_SIZE])
{
    static const char rule[] = "a day as YYYY-MM-DD";
    const json_t *value = find(reader, name, true, rule);
    const char *text = value != NULL ? json_string_value(value) : NULL;
    if (text != NULL && clock_is_date(text))
        memcpy(date, text, DATE_SIZE);
    else if (reader->ok)
        refuse_member(reader, name, rule);
}

static enum concert_stored
read_status(struct reader *reader)
{
    static const char rule[] = "open or closed";
    const json_t *value = find(reader, "status", false, rule);
    const char *text = value != NULL ? json_string_value(value) : "closed";
    if (text != NULL && strcmp(text, "open") == 0)
        return STORED_OPEN;
    if (text == NULL || strcmp(text, "closed") != 0)
        refuse_member(reader, "status", rule);
    return STORED_CLOSED;
}

/* The array, with room made for its elements; NULL where it was refused or is empty. */
static const json_t *
read_array(struct reader *reader, const char *name, size_t least, size_t most, size_t element_size,
           void **elements)
{
    char rule[64];
    snprintf(rule, sizeof rule, "an array of %zu to %zu objects", least, most);
    const json_t *array = find(reader, name, true, rule);
    size_t count = json_array_size(array);
    if (array == NULL)
        return NULL;
    if (!json_is_array(array) || count < least || count > most) {
        refuse_member(reader, name, rule);
        return NULL;
    }
    if (count == 0)
        return NULL;
    *elements = calloc(count, element_size);
    if (*elements == NULL)
        abort();
    return array;
}

/* A reader of the n-th object of an array. */
static struct reader
enter(struct reader *outer, const char *name, const json_t *array, size_t n)
{
    struct reader inner = {
        .object = json_array_get(array, n), .problem = outer->problem, .ok = outer->ok};
    snprintf(inner.path, sizeof inner.path, "%.32s%s[%zu].", outer->path, name, n);
    if (!json_is_object(inner.object)) {
        inner.path[strlen(inner.path) - 1] = '\0';
        refuse_member(&inner, "", "an object");
    }
    return inner;
}

static void
read_range(struct reader *reader, struct seat_range *range)
{
    static const int64_t first = 0;
    range->from = read_small(reader, "from", 1, INT32_MAX, NULL);
    range->to = read_small(reader, "to", 1, INT32_MAX, NULL);
    range->price = read_integer(reader, "price", 0, PRICE_MAX, NULL, NULL);
    read_text(reader, "section", SECTION_CHARACTERS, "A", range->section);
    read_text(reader, "row", SECTION_CHARACTERS, "1", range->row);
    int64_t label = range->from;
    range->first_label = read_small(reader, "firstLabel", 0, INT32_MAX, &label);
    range->blocked = read_boolean(reader, "blocked");
    range->no_x = json_object_get(reader->object, "x") == NULL;
    range->x = read_small(reader, "x", -PLACE_MAX, PLACE_MAX, &first);
    range->no_y = json_object_get(reader->object, "y") == NULL;
    range->y = read_small(reader, "y", -PLACE_MAX, PLACE_MAX, &first);
}

static void
read_item(struct reader *reader, struct item_draft *draft)
{
    void *ranges = NULL;
    read_date(reader, "date", draft->item.date);
    draft->item.starts_at = read_instant(reader, "startsAt", true);
    const json_t *seats =
        read_array(reader, "seats", 1, CONCERT_SEATS_MAX, sizeof *draft->ranges, &ranges);
    draft->ranges = ranges;
    draft->range_count = json_array_size(seats);
    for (size_t i = 0; i < draft->range_count && reader->ok; i++) {
        struct reader inner = enter(reader, "seats", seats, i);
        read_range(&inner, &draft->ranges[i]);
        reader->ok = inner.ok;
    }
}

static void
read_settings(struct reader *reader, struct concert *concert)
{
    static const int64_t active = CONCERT_ACTIVE_SECONDS;
    static const int64_t hold = CONCERT_HOLD_SECONDS;
    read_text(reader, "title", TITLE_CHARACTERS, NULL, concert->title);
    read_text(reader, "venue", TITLE_CHARACTERS, NULL, concert->venue);
    concert->stored = read_status(reader);
    concert->opens_at = read_instant(reader, "opensAt", false);
    concert->closes_at = read_instant(reader, "closesAt", false);
    concert->admission_capacity = (int32_t)read_integer(reader, "admissionCapacity", 0, INT32_MAX,
                                                        NULL, &concert->no_line);
    concert->active_seconds = read_small(reader, "activeSeconds", 1, 86400, &active);
    concert->hold_seconds = read_small(reader, "holdSeconds", 1, 3600, &hold);
    concert->max_seats_per_user = (int32_t)read_integer(reader, "maxSeatsPerUser", 1, INT32_MAX,
                                                        NULL, &concert->no_seat_limit);
    concert->max_waiting = CONCERT_MAX_WAITING;
}

enum error
concert_draft_read(const json_t *body, struct concert_draft *draft, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    void *list = NULL;
    *draft = (struct concert_draft){0};
    read_settings(&reader, &draft->concert);
    const json_t *items =
        read_array(&reader, "items", 0, CONCERT_ITEMS_MAX, sizeof *draft->items, &list);
    draft->items = list;
    draft->item_count = json_array_size(items);
    for (size_t i = 0; i < draft->item_count && reader.ok; i++) {
        struct reader inner = enter(&reader, "items", items, i);
        read_item(&inner, &draft->items[i]);
        reader.ok = inner.ok;
    }
    return reader.ok ? concert_draft_check(draft, problem) : ERROR_INVALID_FIELD;
}
