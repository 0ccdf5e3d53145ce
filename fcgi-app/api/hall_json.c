#include "api/hall_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json_path.h"
#include "base/log.h"
#include "base/text.h"

/* 20 for each seat: a seat with all its members, or one of pretix, has 13. */
enum { JSON_VALUES_MAX = 20 * HALL_SEATS_MAX };

/* ---- reading ---- */

struct reading {
    const char *text;
    const json_t *whole;
    struct hall_plan *plan;
    struct hall_fault *fault;
    struct json_path path; /* of what is read */
    bool is_pretix;
    int32_t seats; /* read so far: a record's origin is its number from 1 */
    json_t *categories;
};

static void
enter(struct reading *reading, const char *name, size_t n)
{
    reading->path.steps[reading->path.length++] = (struct json_step){name, (ptrdiff_t)n};
}

static void
leave(struct reading *reading)
{
    reading->path.length--;
}

/* Refuses a member of what is read, or, `name` being NULL, that itself. */
static bool
refuse_member(struct reading *reading, const char *name, enum hall_fault_code code)
{
    struct json_path path = reading->path;
    if (name != NULL)
        path.steps[path.length++] = (struct json_step){name, -1};
    hall_fault_set(reading->fault, code);
    json_path_find(reading->text, &path, &reading->fault->line, &reading->fault->column);
    return false;
}

static bool
refuse_type(struct reading *reading, const char *name, const char *type)
{
    const struct json_path *path = &reading->path;
    refuse_member(reading, name, HALL_BAD_MEMBER);
    hall_fault_word(reading->fault, "member",
                    name != NULL ? name : path->steps[path->length - 1].name);
    hall_fault_word(reading->fault, "type", type);
    return false;
}

/* A member that must be an array of objects. */
static const json_t *
find_list(struct reading *reading, const json_t *object, const char *name)
{
    const json_t *list = json_object_get(object, name);
    if (json_is_array(list))
        return list;
    refuse_type(reading, name, "array");
    return NULL;
}

/* The text of a member, trimmed, which the caller frees; NULL: it is absent or null. False: it has
 * another type. A fraction is taken where a number is wanted: of a name it is not known how it was
 * written. */
static bool
copy_value(struct reading *reading, const json_t *object, const char *name, bool takes_fraction,
           char **copy)
{
    const json_t *value = json_object_get(object, name);
    char number[40];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value) && takes_fraction) {
        snprintf(number, sizeof number, "%.3f", json_real_value(value));
        text = number;
    }
    *copy = NULL;
    if (value == NULL || json_is_null(value))
        return true;
    if (text == NULL)
        return refuse_type(reading, name, takes_fraction ? "text, number" : "text, whole number");
    *copy = strdup(text);
    if (*copy == NULL)
        log_abort("no memory");
    const char *trimmed = text_trim(*copy);
    memmove(*copy, trimmed, strlen(trimmed) + 1);
    return true;
}

static bool
copy_text(struct reading *reading, const json_t *object, const char *name, char **copy)
{
    return copy_value(reading, object, name, false, copy);
}

/* What a cell is called in the file that is read. */
static const char *
member_of(const struct reading *reading, enum hall_column column)
{
    if (!reading->is_pretix)
        return hall_column_name(column);
    return column == HALL_COLUMN_LABEL      ? "seat_number"
           : column == HALL_COLUMN_CATEGORY ? "category"
                                            : "position";
}

static bool
add_record(struct reading *reading, const struct hall_record *record)
{
    struct hall_refusal refusal = {.column = HALL_COLUMN_COUNT};
    if (hall_plan_add(reading->plan, record, &refusal))
        return true;
    const char *member =
        refusal.column == HALL_COLUMN_COUNT ? NULL : member_of(reading, refusal.column);
    refuse_member(reading, member, HALL_SOUND);
    refusal.fault.line = reading->fault->line;
    refusal.fault.column = reading->fault->column;
    *reading->fault = refusal.fault;
    return false;
}

/* ---- our own form ---- */

static bool
read_seat(struct reading *reading, const json_t *seat)
{
    char *copies[HALL_COLUMN_COUNT] = {NULL};
    struct hall_record record = {.origin = ++reading->seats};
    bool sound = true;
    if (!json_is_object(seat))
        return refuse_type(reading, NULL, "object");
    if (json_is_true(json_object_get(seat, "gap"))) {
        hall_plan_add_gap(reading->plan);
        return true;
    }
    for (int i = 0; i < HALL_COLUMN_COUNT && sound; i++) {
        bool is_coordinate = i == HALL_COLUMN_X || i == HALL_COLUMN_Y;
        sound = copy_value(reading, seat, hall_column_name((enum hall_column)i), is_coordinate,
                           &copies[i]);
        record.cells[i] = copies[i];
    }
    sound = sound && add_record(reading, &record);
    for (int i = 0; i < HALL_COLUMN_COUNT; i++)
        free(copies[i]);
    return sound;
}

static bool
read_seats(struct reading *reading, const json_t *seats)
{
    for (size_t i = 0; i < json_array_size(seats); i++) {
        enter(reading, "seats", i);
        if (!read_seat(reading, json_array_get(seats, i)))
            return false;
        leave(reading);
    }
    return true;
}

/* ---- pretix ---- */

/* Adds a member `position`, which may be absent, to the coordinates. */
static bool
add_position(struct reading *reading, const json_t *object, double *x, double *y)
{
    const json_t *position = json_object_get(object, "position");
    const json_t *own_x = json_object_get(position, "x"), *own_y = json_object_get(position, "y");
    if (position == NULL)
        return true;
    if (!json_is_number(own_x) || !json_is_number(own_y))
        return refuse_type(reading, "position", "object with numbers x, y");
    *x += json_number_value(own_x);
    *y += json_number_value(own_y);
    return true;
}

/* The name of a zone or a row; its number where it has none. */
static bool
name_part(struct reading *reading, const json_t *object, const char *member, size_t n, char **name)
{
    if (!copy_text(reading, object, member, name))
        return false;
    if (*name != NULL && **name != '\0')
        return true;
    free(*name);
    if (asprintf(name, "%zu", n + 1) < 0)
        log_abort("no memory");
    return true;
}

static bool
check_category(struct reading *reading, const char *category)
{
    if (json_object_get(reading->categories, category) != NULL)
        return true;
    refuse_member(reading, "category", HALL_UNKNOWN_CATEGORY);
    hall_fault_word(reading->fault, "category", category);
    return false;
}

static bool
add_pretix_seat(struct reading *reading, struct hall_record *record, const json_t *seat, double x,
                double y)
{
    char *label = NULL, *category = NULL, x_text[40], y_text[40];
    bool sound = false;
    if (add_position(reading, seat, &x, &y) && copy_text(reading, seat, "seat_number", &label) &&
        copy_text(reading, seat, "category", &category)) {
        snprintf(x_text, sizeof x_text, "%.3f", x);
        snprintf(y_text, sizeof y_text, "%.3f", y);
        record->cells[HALL_COLUMN_LABEL] = label;
        record->cells[HALL_COLUMN_CATEGORY] = category;
        record->cells[HALL_COLUMN_X] = x_text;
        record->cells[HALL_COLUMN_Y] = y_text;
        if (label == NULL || *label == '\0') /* of theirs it is no gap */
            sound = refuse_type(reading, "seat_number", "text");
        else
            sound = (category == NULL || check_category(reading, category)) &&
                    add_record(reading, record);
    }
    free(label);
    free(category);
    return sound;
}

/* The same name may stand for the left and the right half of a row: they are not adjacent. */
static bool
read_row(struct reading *reading, const json_t *row, size_t n, const char *section, double x,
         double y)
{
    char *name = NULL;
    const json_t *seats = find_list(reading, row, "seats");
    bool sound = seats != NULL && add_position(reading, row, &x, &y) &&
                 name_part(reading, row, "row_number", n, &name);
    hall_plan_add_gap(reading->plan);
    for (size_t i = 0; sound && i < json_array_size(seats); i++) {
        struct hall_record record = {.origin = ++reading->seats};
        record.cells[HALL_COLUMN_SECTION] = section;
        record.cells[HALL_COLUMN_ROW] = name;
        enter(reading, "seats", i);
        sound = add_pretix_seat(reading, &record, json_array_get(seats, i), x, y);
        if (sound)
            leave(reading);
    }
    free(name);
    return sound;
}

static bool
read_zone(struct reading *reading, const json_t *zone, size_t n)
{
    char *name = NULL;
    double x = 0, y = 0;
    const json_t *rows = find_list(reading, zone, "rows");
    bool sound = rows != NULL && add_position(reading, zone, &x, &y) &&
                 name_part(reading, zone, "name", n, &name);
    for (size_t i = 0; sound && i < json_array_size(rows); i++) {
        enter(reading, "rows", i);
        sound = read_row(reading, json_array_get(rows, i), i, name, x, y);
        if (sound)
            leave(reading);
    }
    free(name);
    return sound;
}

/* The names as members of an object: a hall may have thousands of seats for each. */
static bool
read_categories(struct reading *reading)
{
    const json_t *list = find_list(reading, reading->whole, "categories");
    reading->categories = json_object();
    if (reading->categories == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char *name;
        enter(reading, "categories", i);
        if (!copy_text(reading, json_array_get(list, i), "name", &name))
            return false;
        if (name != NULL)
            json_object_set_new(reading->categories, name, json_true());
        free(name);
        leave(reading);
    }
    return list != NULL;
}

static bool
read_pretix(struct reading *reading, const json_t *zones)
{
    bool sound = read_categories(reading);
    for (size_t i = 0; sound && i < json_array_size(zones); i++) {
        enter(reading, "zones", i);
        sound = read_zone(reading, json_array_get(zones, i), i);
        if (sound)
            leave(reading);
    }
    json_decref(reading->categories);
    return sound;
}

/* The way to the seat with this number. */
static struct json_path
find_seat(const struct reading *reading, int64_t origin)
{
    ptrdiff_t left = (ptrdiff_t)origin - 1;
    const json_t *zones = json_object_get(reading->whole, "zones");
    if (!reading->is_pretix)
        return (struct json_path){.steps = {{"seats", left}}, .length = 1};
    for (size_t z = 0; z < json_array_size(zones); z++) {
        const json_t *rows = json_object_get(json_array_get(zones, z), "rows");
        for (size_t r = 0; r < json_array_size(rows); r++) {
            const json_t *seats = json_object_get(json_array_get(rows, r), "seats");
            ptrdiff_t count = (ptrdiff_t)json_array_size(seats);
            if (left < count)
                return (struct json_path){
                    .steps = {{"zones", (ptrdiff_t)z}, {"rows", (ptrdiff_t)r}, {"seats", left}},
                    .length = 3};
            left -= count;
        }
    }
    return (struct json_path){.length = 0};
}

/* ---- the whole ---- */

/* Says lines and characters in place of the numbers of seats. */
static void
resolve(const struct reading *reading, struct hall_fault *fault)
{
    int64_t line, column;
    if (fault->line == 0)
        return;
    struct json_path path = find_seat(reading, fault->line);
    json_path_find(reading->text, &path, &fault->line, &fault->column);
    for (size_t i = 0; i < fault->word_count; i++) {
        struct hall_word *word = &fault->words[i];
        if (strcmp(word->name, "line") != 0)
            continue;
        path = find_seat(reading, strtoll(word->value, NULL, 10));
        json_path_find(reading->text, &path, &line, &column);
        snprintf(word->value, sizeof word->value, "%lld", (long long)line);
    }
}

static bool
finish(struct reading *reading)
{
    struct hall_refusal refusal = {.column = HALL_COLUMN_COUNT};
    struct hall_plan *plan = reading->plan;
    if (!hall_plan_finish(plan, &refusal)) {
        *reading->fault = refusal.fault;
        resolve(reading, reading->fault);
        return false;
    }
    for (size_t i = 0; i < plan->notice_count && i < HALL_NOTICES_MAX; i++)
        resolve(reading, &plan->notices[i]);
    return true;
}

static bool
read_name(struct reading *reading, char name[HALL_NAME_SIZE])
{
    char *copy;
    if (!copy_text(reading, reading->whole, "name", &copy))
        return false;
    const char *text = copy != NULL ? copy : "";
    enum hall_fault_code code = HALL_SOUND;
    if (text_has_control_character(text))
        code = HALL_CONTROL_CHARACTER;
    else if (text_count_characters(text) > HALL_NAME_CHARACTERS)
        code = HALL_TOO_LONG;
    snprintf(name, HALL_NAME_SIZE, "%s", code == HALL_SOUND ? text : "");
    free(copy);
    if (code == HALL_SOUND)
        return true;
    refuse_member(reading, "name", code);
    hall_fault_word(reading->fault, "column", "name");
    if (code == HALL_TOO_LONG)
        hall_fault_number(reading->fault, "max", HALL_NAME_CHARACTERS);
    return false;
}

static bool
read_whole(struct reading *reading, char name[HALL_NAME_SIZE])
{
    const json_t *seats = json_object_get(reading->whole, "seats");
    const json_t *zones = json_object_get(reading->whole, "zones");
    reading->is_pretix = json_is_array(zones);
    if (!json_is_array(seats) && !json_is_array(zones))
        return refuse_member(reading, NULL, HALL_NO_PLAN);
    return read_name(reading, name) &&
           (reading->is_pretix ? read_pretix(reading, zones) : read_seats(reading, seats)) &&
           finish(reading);
}

/*
 * Whether there are more values than the seats of a hall have: jansson takes up to 230 bytes for
 * each. All but the first stand behind one of these characters; in texts they do not count.
 */
static bool
has_too_many_values(const char *text)
{
    int64_t values = 1;
    while (*(text += strcspn(text, ",[{\"")) != '\0') {
        bool is_text = *text++ == '"';
        values += !is_text;
        while (is_text && *(text += strcspn(text, "\"\\")) == '\\')
            text += text[1] != '\0' ? 2 : 1;
        text += is_text && *text == '"';
    }
    return values > JSON_VALUES_MAX;
}

static bool
refuse_json(struct hall_fault *fault, int line, int column, const char *reason)
{
    hall_fault_set(fault, HALL_NOT_JSON);
    fault->line = line;
    fault->column = column;
    hall_fault_word(fault, "reason", reason);
    return false;
}

bool
hall_json_read(const char *text, size_t length, struct hall_plan *plan, char name[HALL_NAME_SIZE],
               bool *is_pretix, struct hall_fault *fault)
{
    json_error_t error;
    if (has_too_many_values(text))
        return refuse_json(fault, 0, 0, "it has more values than the seats of a hall");
    json_t *whole = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    struct reading reading = {.text = text, .whole = whole, .plan = plan, .fault = fault};
    if (whole == NULL)
        return refuse_json(fault, error.line, error.column, error.text);
    bool sound = json_is_object(whole) ? read_whole(&reading, name)
                                       : refuse_json(fault, 1, 1, "it is no object");
    *is_pretix = reading.is_pretix;
    json_decref(whole);
    return sound;
}
