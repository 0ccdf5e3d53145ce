#include "api/input.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/query.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/services.h"

/* What a field's value may be, whether it came as JSON or as text. */
struct value {
    const json_t *json; /* NULL: from a query */
    const char *text;   /* of a JSON string or a query parameter, else NULL */
    bool is_integer;
    int64_t integer;
};

static void *
member(struct input *input, const struct field *field)
{
    return (char *)input + field->offset;
}

static enum error
check_range(const struct field *field, const struct value *value, int64_t min, int64_t max,
            struct problem *problem)
{
    if (value->is_integer && value->integer >= min && value->integer <= max)
        return ERROR_NONE;
    return refuse_field(problem, field->name, "%s must be an integer from %lld to %lld",
                        field->name, (long long)min, (long long)max);
}

/* An id or a number in a query: decimal digits, no sign, no leading zero. */
static bool
parse_decimal(const char *text, int64_t *integer)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
        return false;
    *integer = strtoll(text, NULL, 10);
    return true;
}

/* Puts the n-th of some ids among the others. */
static enum error
add_seat_id(struct seat_list *list, const struct field *field, bool is_integer, int64_t id,
            struct problem *problem)
{
    char name[32];
    snprintf(name, sizeof name, "%s[%zu]", field->name, list->count);
    if (!is_integer || id < 1 || id > INT32_MAX)
        return refuse_field(problem, name, "%s must be an integer from 1 to %d", name, INT32_MAX);
    list->ids[list->count++] = (int32_t)id;
    return ERROR_NONE;
}

/* In a query they are separated by commas. */
static enum error
read_seat_text(struct seat_list *list, const struct field *field, const char *text,
               struct problem *problem)
{
    char id[32];
    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        int64_t number = 0;
        length = strcspn(text, ",");
        if (list->count == SEATS_AT_ONCE || (text[length] == ',' && text[length + 1] == '\0'))
            return refuse_field(problem, field->name, "%s must be 1 to 8 ids", field->name);
        bool is_integer = snprintf(id, sizeof id, "%.*s", (int)length, text) < (int)sizeof id &&
                          parse_decimal(id, &number);
        if (add_seat_id(list, field, is_integer, number, problem) != ERROR_NONE)
            return problem->error;
    }
    return ERROR_NONE;
}

static enum error
read_seat_array(struct seat_list *list, const struct field *field, const json_t *array,
                struct problem *problem)
{
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count < 1 || count > SEATS_AT_ONCE)
        return refuse_field(problem, field->name, "%s must be an array of 1 to 8 ids", field->name);
    for (size_t i = 0; i < count; i++) {
        const json_t *id = json_array_get(array, i);
        if (add_seat_id(list, field, json_is_integer(id), json_integer_value(id), problem) !=
            ERROR_NONE)
            return problem->error;
    }
    return ERROR_NONE;
}

static enum error
check_seat_list(struct seat_list *list, const struct field *field, const struct value *value,
                struct problem *problem)
{
    enum error error = value->json == NULL ? read_seat_text(list, field, value->text, problem)
                                           : read_seat_array(list, field, value->json, problem);
    if (error != ERROR_NONE)
        return error;
    seat_sort_ids(list->ids, list->count);
    for (size_t i = 1; i < list->count; i++)
        if (list->ids[i] == list->ids[i - 1])
            return refuse_field(problem, field->name, "seat %d is listed twice", list->ids[i]);
    return ERROR_NONE;
}

static enum error
check_seat_choice(struct input *input, const struct field *field, const struct value *value,
                  struct problem *problem)
{
    if (input->seats.count > 0 || input->count > 0)
        return refuse_field(problem, field->name,
                            "only one of seatId, seatIds and count may be given");
    input->seats_field = field->name;
    if (field->kind == FIELD_SEAT_IDS)
        return check_seat_list(&input->seats, field, value, problem);
    if (field->kind == FIELD_COUNT) {
        input->count = (int32_t)value->integer;
        return check_range(field, value, 1, SEATS_AT_ONCE, problem);
    }
    input->seats.ids[0] = (int32_t)value->integer;
    input->seats.count = 1;
    return check_range(field, value, 1, INT32_MAX, problem);
}

/* The number of a word among those with | between them, from 1; 0: it is none of them. */
static int32_t
find_choice(const char *words, const char *text)
{
    size_t length = strlen(text);
    for (int32_t number = 1;; number++) {
        size_t end = strcspn(words, "|");
        if (end == length && memcmp(words, text, length) == 0)
            return number;
        if (words[end] == '\0')
            return 0;
        words += end + 1;
    }
}

/* Whether the text fits the field; `rule` says what would. */
static bool
is_text_allowed(const struct field *field, const char *text, char *rule, size_t rule_size)
{
    size_t length;
    switch (field->kind) {
    case FIELD_USER:
        snprintf(rule, rule_size, "1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -");
        return is_user_id(text);
    case FIELD_DATE:
        snprintf(rule, rule_size, "a day in the form YYYY-MM-DD");
        return clock_is_date(text);
    case FIELD_WORD:
        snprintf(rule, rule_size, "%s", field->word);
        return strcmp(text, field->word) == 0;
    case FIELD_CHOICE:
        snprintf(rule, rule_size, "one of %s", field->word);
        return find_choice(field->word, text) > 0;
    case FIELD_TEXT:
        length = text_count_characters(text);
        snprintf(rule, rule_size, "%lld to %lld characters", (long long)field->min,
                 (long long)field->max);
        return length >= (size_t)field->min && length <= (size_t)field->max;
    default:
        return true;
    }
}

static enum error
check_text(struct input *input, const struct field *field, const struct value *value,
           struct problem *problem)
{
    char rule[64] = "a string";
    if (value->text == NULL || !is_text_allowed(field, value->text, rule, sizeof rule))
        return refuse_field(problem, field->name, "%s must be %s", field->name, rule);
    if (field->kind == FIELD_WORD)
        *(bool *)member(input, field) = true;
    else if (field->kind == FIELD_CHOICE)
        *(int32_t *)member(input, field) = find_choice(field->word, value->text);
    else if (field->kind == FIELD_INSTANT)
        return clock_parse(value->text, member(input, field))
                   ? ERROR_NONE
                   : refuse_field(problem, field->name, "%s must be a time of RFC 3339",
                                  field->name);
    else if (field->kind == FIELD_TOKEN) /* a longer one is no token, and stays none when cut */
        snprintf(member(input, field), field->size, "%s", value->text);
    else if (!text_copy(member(input, field), field->size, value->text))
        return refuse_field(problem, field->name, "%s must be at most %zu bytes", field->name,
                            field->size - 1);
    return ERROR_NONE;
}

static void
set_number(struct input *input, const struct field *field, int64_t number)
{
    int32_t small = (int32_t)number;
    if (field->kind == FIELD_INTEGER || field->kind == FIELD_LARGE_ID ||
        field->kind == FIELD_INSTANT)
        memcpy(member(input, field), &number, sizeof number);
    else
        memcpy(member(input, field), &small, sizeof small);
}

static enum error
check_number(struct input *input, const struct field *field, const struct value *value, int64_t min,
             int64_t max, struct problem *problem)
{
    if (check_range(field, value, min, max, problem) != ERROR_NONE)
        return problem->error;
    set_number(input, field, value->integer);
    return ERROR_NONE;
}

static enum error
check_value(struct input *input, const struct field *field, const struct value *value,
            struct problem *problem)
{
    switch (field->kind) {
    case FIELD_ID:
        return check_number(input, field, value, 1, INT32_MAX, problem);
    case FIELD_LARGE_ID:
        return check_number(input, field, value, 1, LARGE_ID_MAX, problem);
    case FIELD_SMALL:
    case FIELD_INTEGER:
        return check_number(input, field, value, field->min, field->max, problem);
    case FIELD_SEAT_ID:
    case FIELD_SEAT_IDS:
    case FIELD_COUNT:
        return check_seat_choice(input, field, value, problem);
    case FIELD_SEAT_LIST:
        return check_seat_list(member(input, field), field, value, problem);
    case FIELD_USER:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_TEXT:
    case FIELD_WORD:
    case FIELD_CHOICE:
    case FIELD_TOKEN:
        return check_text(input, field, value, problem);
    case FIELD_END:
        break;
    }
    log_abort("a kind of field that is not known");
}

/* The caller is named by the gateway too, but nobody else; an operator names somebody else. */
static enum error
check_absent(const struct services *services, struct input *input, const struct route *route,
             const struct field *field, struct problem *problem)
{
    bool is_caller = field->kind == FIELD_USER && field->offset == offsetof(struct input, user_id);
    bool is_named = is_caller && route->who != WHO_ADMIN && !config_trusts_body(services->config);
    if (!field->optional && !is_named)
        return refuse_field(problem, field->name, "%s is missing", field->name);
    if (field->default_value != 0)
        set_number(input, field, field->default_value);
    return ERROR_NONE;
}

static enum error
read_query_field(const struct services *services, const struct route *route,
                 const struct request *request, const struct field *field, struct problem *problem)
{
    char text[256];
    struct value value = {.text = text};
    switch (query_read(request->query, field->name, text, sizeof text)) {
    case QUERY_ABSENT:
        return check_absent(services, request->input, route, field, problem);
    case QUERY_BAD:
        return refuse_field(problem, field->name,
                            "%s is empty, given twice, too long or not valid text", field->name);
    case QUERY_FOUND:
        break;
    }
    value.is_integer = parse_decimal(text, &value.integer);
    return check_value(request->input, field, &value, problem);
}

static enum error
read_body_field(const struct services *services, const struct route *route,
                const struct request *request, const struct field *field, struct problem *problem)
{
    const json_t *json = json_object_get(request->input->body, field->name);
    if (json == NULL)
        return check_absent(services, request->input, route, field, problem);
    struct value value = {
        .json = json,
        .text = json_string_value(json),
        .is_integer = json_is_integer(json),
        .integer = json_integer_value(json),
    };
    return check_value(request->input, field, &value, problem);
}

static enum error
parse_body(struct request *request, struct problem *problem)
{
    json_error_t error;
    json_t *body = json_loadb(request->body, request->body_length, JSON_REJECT_DUPLICATES, &error);
    request->input->body = body;
    if (body == NULL)
        return refuse_because(problem, ERROR_INVALID_JSON, "The body is not JSON: error at byte %d",
                              error.position);
    return json_is_object(body) ? ERROR_NONE : refuse(problem, ERROR_INVALID_JSON);
}

bool
api_read_input(void *services, const struct route *route, struct request *request,
               char stated_user[USER_ID_SIZE], struct problem *problem)
{
    request->input = calloc(1, sizeof *request->input);
    if (request->input == NULL)
        log_abort("no memory");
    bool from_body = (request->method == METHOD_POST || request->method == METHOD_PATCH) &&
                     route->file_type == NULL;
    const char *seats_field = NULL; /* the first one that names some, where a count may too */
    bool has_count = false;
    if (from_body && parse_body(request, problem) != ERROR_NONE)
        return false;
    for (const struct field *field = route->fields; field->kind != FIELD_END; field++) {
        enum error error = from_body ? read_body_field(services, route, request, field, problem)
                                     : read_query_field(services, route, request, field, problem);
        if (error != ERROR_NONE)
            return false;
        if (seats_field == NULL && (field->kind == FIELD_SEAT_ID || field->kind == FIELD_SEAT_IDS))
            seats_field = field->name;
        has_count = has_count || field->kind == FIELD_COUNT;
    }
    if (has_count && request->input->seats.count == 0 && request->input->count == 0) {
        refuse_field(problem, seats_field, "the seats have to be named or counted (count)");
        return false;
    }
    snprintf(stated_user, USER_ID_SIZE, "%s", request->input->user_id);
    return true;
}

void
api_free_input(struct request *request)
{
    if (request->input == NULL)
        return;
    json_decref(request->input->body);
    free(request->input);
    request->input = NULL;
}
