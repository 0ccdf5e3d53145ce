/* POST and GET /admin/concert/{concert}/presale, PATCH and DELETE of one, POST .../code */
#include "api/presale.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/reader.h"
#include "base/text.h"

/* ---- what is read ---- */

static bool
has(const struct reader *reader, const char *name)
{
    return json_object_get(reader->object, name) != NULL;
}

/* A list of names; null, or none: all of the hall. */
static void
read_sections(struct reader *reader, struct presale *presale)
{
    static const char rule[] = "null or an array of 1 to 32 sections";
    const json_t *list = reader_find(reader, "sections", false, rule);
    size_t count = json_array_size(list), length = 0;
    presale->sections[0] = '\0';
    if (list == NULL || json_is_null(list))
        return;
    if (!json_is_array(list) || count < 1 || count > PRESALE_SECTIONS_MAX)
        reader_refuse(reader, "sections", rule);
    for (size_t i = 0; i < count && reader->ok; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        size_t characters = name != NULL ? text_count_characters(name) : 0;
        if (characters < 1 || characters > SECTION_CHARACTERS || strlen(name) >= SECTION_SIZE ||
            text_has_control_character(name))
            reader_refuse(reader, "sections", "names of 1 to 32 characters");
        else
            length += (size_t)snprintf(presale->sections + length,
                                       sizeof presale->sections - length, "%s\n", name);
    }
}

/* The shared code. Only its hash goes on. */
static void
read_code(struct reader *reader, struct presale *presale)
{
    static const char rule[] = "8 to 64 letters A-Z and digits; blanks and hyphens do not count";
    const json_t *value = reader_find(reader, "code", true, rule);
    const char *text = json_string_value(value);
    if (reader->ok &&
        (text == NULL || !presale_code_hash(presale->concert_id, text, presale->code_hash)))
        reader_refuse(reader, "code", rule);
}

static void
read_codes(struct reader *reader, struct presale *presale)
{
    static const char rule[] = "shared or single";
    const json_t *value = reader_find(reader, "codes", true, rule);
    const char *text = value != NULL ? json_string_value(value) : NULL;
    if (text != NULL && strcmp(text, "shared") == 0)
        presale->codes = PRESALE_SHARED;
    else if (text != NULL && strcmp(text, "single") == 0)
        presale->codes = PRESALE_SINGLE;
    else if (reader->ok)
        reader_refuse(reader, "codes", rule);
    if (presale->codes == PRESALE_SHARED)
        read_code(reader, presale);
    else if (reader->ok && has(reader, "code"))
        reader_refuse(reader, "code", "left out: single codes are made by a call of their own");
}

static void
read_limit(struct reader *reader, struct presale *presale)
{
    if (has(reader, "maxSeatsPerUser"))
        presale->max_seats_per_user = (int32_t)reader_integer(
            reader, "maxSeatsPerUser", 1, INT32_MAX, NULL, &presale->has_seat_limit);
}

bool
presale_read(const json_t *body, int32_t concert_id, struct presale *presale,
             struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    *presale = (struct presale){.concert_id = concert_id};
    presale->starts_at = reader_instant(&reader, "startsAt", true);
    presale->ends_at = reader_instant(&reader, "endsAt", true);
    presale->quota = reader_small(&reader, "quota", 1, PRESALE_QUOTA_MAX, NULL);
    read_limit(&reader, presale);
    read_sections(&reader, presale);
    read_codes(&reader, presale);
    return reader.ok;
}

enum error
presale_apply(const void *body, struct presale *presale, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    if (has(&reader, "startsAt"))
        presale->starts_at = reader_instant(&reader, "startsAt", true);
    if (has(&reader, "endsAt"))
        presale->ends_at = reader_instant(&reader, "endsAt", true);
    if (has(&reader, "quota"))
        presale->quota = reader_small(&reader, "quota", 1, PRESALE_QUOTA_MAX, NULL);
    read_limit(&reader, presale);
    if (has(&reader, "sections"))
        read_sections(&reader, presale);
    if (reader.ok && has(&reader, "codes"))
        reader_refuse(&reader, "codes", "left out: it cannot be changed");
    if (has(&reader, "code") && presale->codes == PRESALE_SHARED)
        read_code(&reader, presale);
    else if (reader.ok && has(&reader, "code"))
        reader_refuse(&reader, "code", "left out: the codes of this presale are single ones");
    return reader.ok ? ERROR_NONE : problem->error;
}

/* ---- what is written ---- */

static const char *
codes_name(enum presale_codes codes)
{
    static const char *const names[] = {"other", "shared", "single"};
    return names[codes];
}

static void
write_sections(struct json *json, const char *sections)
{
    char section[SECTION_SIZE];
    if (*sections == '\0') {
        json_write_null(json, "sections");
        return;
    }
    json_begin_array(json, "sections");
    for (size_t length; *sections != '\0'; sections += length + 1) {
        length = strcspn(sections, "\n");
        snprintf(section, sizeof section, "%.*s", (int)length, sections);
        json_write_string(json, NULL, section);
    }
    json_end_array(json);
}

static void
write_window(struct json *json, const struct presale *presale)
{
    json_write_integer(json, "presaleId", presale->presale_id);
    json_write_instant(json, "startsAt", presale->starts_at);
    json_write_instant(json, "endsAt", presale->ends_at);
    json_write_integer(json, "quota", presale->quota);
    json_write_optional_integer(json, "maxSeatsPerUser", presale->has_seat_limit,
                                presale->max_seats_per_user);
    write_sections(json, presale->sections);
    json_write_string(json, "codes", codes_name(presale->codes));
}

void
presale_describe(const struct presale *presale, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    write_window(&json, presale);
    json_end_object(&json);
}

void
presale_write(struct json *json, const struct presale *presale, const struct presale_counts *counts)
{
    json_begin_object(json, NULL);
    write_window(json, presale);
    json_write_integer(json, "heldCount", counts->held);
    json_write_integer(json, "paidCount", counts->paid);
    json_write_integer(json, "codeCount", counts->codes);
    json_write_integer(json, "boundCodeCount", counts->bound);
    json_write_integer(json, "usedCodeCount", counts->used);
    json_end_object(json);
}

void
presale_render(const void *state, struct buffer *body)
{
    const struct presale_edit *edit = state;
    bool is_gone = edit->after.presale_id == 0;
    struct json json = json_writer(body);
    presale_write(&json, is_gone ? &edit->before : &edit->after, &edit->counts);
}

/* ---- windows ---- */

static struct presale_edit
edit_of(const struct request *request)
{
    return (struct presale_edit){
        .actor = request->account.name,
        .concert_id = (int32_t)request->ids[0],
        .presale_id = (int32_t)request->ids[1],
        .describe = presale_describe,
    };
}

static struct effect
effect_of(struct presale_edit *edit)
{
    return (struct effect){
        .kind = EFFECT_CREATE,
        .state = edit,
        .effect_id = presale_edit_id,
        .render = presale_render,
    };
}

void
admin_presale_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct presale_edit edit = edit_of(request);
    struct effect effect = effect_of(&edit);
    struct problem problem;
    effect.execute = presale_create_execute;
    effect.was_committed = presale_create_was_committed;
    if (presale_read(request->input->body, edit.concert_id, &edit.after, &problem))
        api_apply(&admin, request, &effect, response);
    else
        response_problem(response, &problem);
}

void
admin_presale_patch(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct presale_edit edit = edit_of(request);
    struct effect effect = effect_of(&edit);
    edit.wanted = request->input->body;
    edit.apply = presale_apply;
    effect.execute = presale_change_execute;
    effect.was_committed = presale_change_was_committed;
    api_apply(&admin, request, &effect, response);
}

void
admin_presale_delete(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct presale_edit edit = edit_of(request);
    struct effect effect = effect_of(&edit);
    effect.execute = presale_delete_execute;
    effect.was_committed = presale_delete_was_committed;
    api_apply(&admin, request, &effect, response);
}

static void
write_listed(void *json, const struct presale *presale, const struct presale_counts *counts)
{
    presale_write(json, presale, counts);
}

void
admin_presale_get_list(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct json json = json_writer(&response->body);
    struct problem problem;
    json_begin_object(&json, NULL);
    json_begin_array(&json, "presales");
    if (presale_visit_all(&admin, (int32_t)request->ids[0], write_listed, &json, &problem) !=
        ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_end_array(&json);
    json_end_object(&json);
}

/* ---- single codes ---- */

void
presale_describe_codes(const struct presale_codes_make *make, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "presaleId", make->presale_id);
    json_write_integer(&json, "count", make->count);
    json_end_object(&json);
}

/*
 * What is stored under the key tells which seed the codes are of, and not the seed: who repeats the
 * call with another operator's key would be shown codes that nobody made.
 */
static void
render_codes(const void *state, struct buffer *body)
{
    const struct presale_codes_make *make = state;
    char hash[API_HASH_SIZE];
    api_hash((const char *)make->seed, sizeof make->seed, hash);
    buffer_append(body, hash, API_HASH_SIZE - 1);
}

static void
write_codes(const struct presale_codes_make *make, struct buffer *body)
{
    char text[PRESALE_CODE_TEXT_SIZE];
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "presaleId", make->presale_id);
    json_write_integer(&json, "count", make->count);
    json_begin_array(&json, "codes");
    for (int32_t n = 0; n < make->count; n++) {
        presale_code_write(make->seed, (uint32_t)n, text);
        json_write_string(&json, NULL, text);
    }
    json_end_array(&json);
    json_end_object(&json);
}

void
admin_presale_code_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct presale_codes_make make = {
        .actor = request->account.name,
        .concert_id = (int32_t)request->ids[0],
        .presale_id = (int32_t)request->ids[1],
        .count = request->input->count,
        .describe = presale_describe_codes,
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &make,
        .execute = presale_codes_execute,
        .was_committed = presale_codes_was_committed,
        .effect_id = presale_codes_id,
        .render = render_codes,
    };
    struct buffer mine = {0};
    if (request->idempotency_key != NULL)
        presale_code_derive(request->authorization, make.presale_id, request->idempotency_key,
                            make.seed);
    else
        presale_code_seed(make.seed);
    api_apply(&admin, request, &effect, response);
    if (response->error != ERROR_NONE)
        return;
    render_codes(&make, &mine);
    bool is_mine = mine.length == response->body.length &&
                   memcmp(mine.data, response->body.data, mine.length) == 0;
    buffer_free(&mine);
    buffer_clear(&response->body);
    if (is_mine)
        write_codes(&make, &response->body);
    else
        response_error(response, ERROR_IDEMPOTENCY_KEY_REUSED,
                       "The codes are shown again to the key of the operator alone that made them");
}
