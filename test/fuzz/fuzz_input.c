#include "fuzz_input.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

static const void *
member(const struct input *input, const struct field *field)
{
    return (const char *)input + field->offset;
}

static int64_t
number_of(const struct input *input, const struct field *field)
{
    return field->size == sizeof(int64_t) ? *(const int64_t *)member(input, field)
                                          : *(const int32_t *)member(input, field);
}

/* Where a field's value is not in the request: such a number is not within what is allowed. */
static bool
is_set(const struct input *input, const struct field *field)
{
    int64_t number = number_of(input, field);
    if (field->kind == FIELD_CHOICE)
        return number > 0;
    if (field->kind == FIELD_ID || field->kind == FIELD_LARGE_ID)
        return number != 0 && number <= LARGE_ID_MAX;
    return number >= field->min && number <= field->max;
}

static void
require_seats(const struct seat_list *list)
{
    REQUIRE(list->count <= SEATS_AT_ONCE);
    for (size_t i = 0; i < list->count; i++)
        REQUIRE(list->ids[i] > (i > 0 ? list->ids[i - 1] : 0));
}

static void
require_field(const struct input *input, const struct field *field)
{
    const char *text = member(input, field);
    switch (field->kind) {
    case FIELD_ID:
    case FIELD_LARGE_ID:
    case FIELD_INTEGER:
    case FIELD_SMALL:
    case FIELD_CHOICE:
        REQUIRE(number_of(input, field) >= (field->min < 0 ? field->min : 0));
        REQUIRE(is_set(input, field) || field->optional);
        break;
    case FIELD_USER:
        fuzz_require_text(text, field->size);
        REQUIRE(*text == '\0' || is_user_id(text));
        break;
    case FIELD_DATE:
        fuzz_require_text(text, field->size);
        REQUIRE(clock_is_date(text) || (*text == '\0' && field->optional));
        break;
    case FIELD_INSTANT:
        REQUIRE(number_of(input, field) >= 0 || number_of(input, field) == field->default_value);
        break;
    case FIELD_TEXT:
        fuzz_require_text(text, field->size);
        REQUIRE(text_count_characters(text) <= (size_t)field->max);
        break;
    case FIELD_TOKEN:
        REQUIRE(memchr(text, '\0', field->size) != NULL);
        break;
    case FIELD_SEAT_ID:
        REQUIRE((input->seats.count > 0) != (input->count > 0));
        break;
    case FIELD_COUNT:
        REQUIRE(input->count >= 0 && input->count <= SEATS_AT_ONCE);
        break;
    case FIELD_SEAT_IDS:
    case FIELD_SEAT_LIST:
        require_seats(member(input, field));
        break;
    default:
        break;
    }
}

void
fuzz_require_input(const struct route *route, const struct input *input)
{
    for (const struct field *field = route->fields; field->kind != FIELD_END; field++) {
        require_field(input, field);
        if (field->kind == FIELD_TEXT && input->body == NULL) /* of a query */
            fuzz_require_line(member(input, field));
    }
}

/* ---- written again ---- */

/* The list stands at the first of the fields that may name seats. */
static bool
names_seats(const struct route *route, const struct field *field)
{
    if (field->kind != FIELD_SEAT_ID && field->kind != FIELD_SEAT_IDS)
        return false;
    const struct field *first = route->fields;
    while (first->kind != FIELD_SEAT_ID && first->kind != FIELD_SEAT_IDS)
        first++;
    return field == first;
}

static const char *
find_word(const struct field *field, int64_t number, char words[200])
{
    char *rest = words;
    REQUIRE(text_copy(words, 200, field->word));
    while (number-- > 1)
        fuzz_cut(&rest, "|");
    return fuzz_cut(&rest, "|");
}

/* One that is not there is not written. */
static void
write_instant(struct json *json, const struct input *input, const struct field *field)
{
    int64_t instant = number_of(input, field);
    if (instant >= 0)
        json_write_instant(json, field->name, instant);
}

static void
write_seats(struct json *json, const char *name, const struct seat_list *list)
{
    if (list->count == 0)
        return;
    json_begin_array(json, name);
    for (size_t i = 0; i < list->count; i++)
        json_write_integer(json, NULL, list->ids[i]);
    json_end_array(json);
}

void
fuzz_write_body(const struct route *route, const struct input *input, struct buffer *out)
{
    struct json json = json_writer(out);
    json_begin_object(&json, NULL);
    for (const struct field *field = route->fields; field->kind != FIELD_END; field++) {
        const char *text = member(input, field);
        char words[200];
        if (names_seats(route, field))
            write_seats(&json, "seatIds", &input->seats);
        else if (field->kind == FIELD_SEAT_LIST)
            write_seats(&json, field->name, member(input, field));
        else if (field->kind == FIELD_COUNT) {
            if (input->count > 0)
                json_write_integer(&json, field->name, input->count);
        } else if (field->kind == FIELD_INSTANT)
            write_instant(&json, input, field);
        else if (field->kind == FIELD_WORD) {
            if (*(const bool *)member(input, field))
                json_write_string(&json, field->name, field->word);
        } else if (field->kind == FIELD_CHOICE) {
            if (is_set(input, field))
                json_write_string(&json, field->name,
                                  find_word(field, number_of(input, field), words));
        } else if (field->kind == FIELD_ID || field->kind == FIELD_LARGE_ID ||
                   field->kind == FIELD_INTEGER || field->kind == FIELD_SMALL) {
            if (is_set(input, field))
                json_write_integer(&json, field->name, number_of(input, field));
        } else if (field->kind != FIELD_SEAT_ID && field->kind != FIELD_SEAT_IDS && *text != '\0')
            json_write_string(&json, field->name, text);
    }
    json_end_object(&json);
}

static void
write_parameter(struct buffer *out, const char *name, const char *value)
{
    for (; *name != '\0'; name++)
        buffer_format(out, "%%%02x", (unsigned char)*name);
    buffer_text(out, "=");
    for (; *value != '\0'; value++)
        buffer_format(out, "%%%02X", (unsigned char)*value);
    buffer_text(out, "&");
}

static void
write_choice(struct buffer *out, const struct field *field, int64_t number)
{
    char words[200];
    write_parameter(out, field->name, find_word(field, number, words));
}

static void
write_seat_list(struct buffer *out, const struct field *field, const struct seat_list *seats)
{
    char list[12 * SEATS_AT_ONCE] = "";
    for (size_t i = 0, length = 0; i < seats->count; i++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%d", i > 0 ? "," : "",
                                   (int)seats->ids[i]);
    if (seats->count > 0)
        write_parameter(out, field->name, list);
}

void
fuzz_write_query(const struct route *route, const struct input *input, struct buffer *out)
{
    buffer_text(out, "");
    for (const struct field *field = route->fields; field->kind != FIELD_END; field++) {
        char number[24], instant[CLOCK_TEXT_SIZE];
        const char *text = member(input, field);
        switch (field->kind) {
        case FIELD_ID:
        case FIELD_LARGE_ID:
        case FIELD_INTEGER:
        case FIELD_SMALL:
            snprintf(number, sizeof number, "%lld", (long long)number_of(input, field));
            if (is_set(input, field))
                write_parameter(out, field->name, number);
            break;
        case FIELD_CHOICE:
            if (is_set(input, field))
                write_choice(out, field, number_of(input, field));
            break;
        case FIELD_WORD:
            if (*(const bool *)member(input, field))
                write_parameter(out, field->name, field->word);
            break;
        case FIELD_SEAT_IDS:
            write_seat_list(out, field, member(input, field));
            break;
        case FIELD_INSTANT:
            clock_format(number_of(input, field), instant);
            if (number_of(input, field) >= 0)
                write_parameter(out, field->name, instant);
            break;
        default:
            if (*text != '\0')
                write_parameter(out, field->name, text);
        }
    }
}
