/* GET and POST /admin/hall, GET and DELETE /admin/hall/{hall} */
#include "api/hall.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/hall_file.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/seat.h"
#include "base/log.h"
#include "base/text.h"

/* ---- a hall as JSON ---- */

/* The members of a hall that is kept, its seats aside. */
static void
write_hall(struct json *json, const struct hall_row *hall)
{
    json_write_integer(json, "hallId", hall->hall_id);
    json_write_string(json, "name", hall->name);
    json_write_integer(json, "seatCount", hall->seat_count);
    json_write_instant(json, "createdAt", hall->created_at);
    json_write_string(json, "createdBy", hall->created_by);
}

void
hall_describe(const struct hall_row *hall, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "hallId", hall->hall_id);
    json_write_string(&json, "name", hall->name);
    json_write_integer(&json, "seatCount", hall->seat_count);
    json_end_object(&json);
}

void
hall_render(const void *state, struct buffer *body)
{
    const struct hall_change *change = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    write_hall(&json, &change->hall);
    json_end_object(&json);
}

static void
write_fault(struct json *json, const struct hall_fault *fault)
{
    json_write_string(json, "fault", hall_fault_name(fault->code));
    json_write_optional_integer(json, "line", fault->line > 0, fault->line);
    json_write_optional_integer(json, "column", fault->column > 0, fault->column);
    json_begin_object(json, "words");
    for (size_t i = 0; i < fault->word_count; i++)
        json_write_string(json, fault->words[i].name, fault->words[i].value);
    json_end_object(json);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Writes each text that seats have, and how many have it. Those of a plan are each there once. */
static void
write_counts(struct json *json, const char *list, const char *name, const char **texts,
             size_t count)
{
    qsort(texts, count, sizeof texts[0], compare_texts);
    json_begin_array(json, list);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin; end < count && texts[end] == texts[begin];)
            end++;
        json_begin_object(json, NULL);
        json_write_string(json, name, texts[begin]);
        json_write_integer(json, "seatCount", (int64_t)(end - begin));
        json_end_object(json);
    }
    json_end_array(json);
}

static void
write_groups(struct json *json, const struct hall_plan *plan)
{
    const char **texts = calloc(plan->count, sizeof(const char *));
    if (texts == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < plan->count; i++)
        texts[i] = plan->seats[i].section;
    write_counts(json, "sections", "section", texts, plan->count);
    for (size_t i = 0; i < plan->count; i++)
        texts[i] = plan->seats[i].category;
    write_counts(json, "categories", "category", texts, plan->count);
    free(texts);
}

static void
write_summary(struct json *json, const struct hall_plan *plan)
{
    struct hall_summary summary;
    hall_plan_summarise(plan, &summary);
    json_write_integer(json, "seatCount", (int64_t)plan->count);
    json_write_integer(json, "rowCount", summary.rows);
    json_begin_object(json, "kinds");
    for (int kind = SEAT_PLAIN; kind <= SEAT_WITHHELD; kind++)
        json_write_integer(json, seat_kind_name((enum seat_kind)kind), summary.kinds[kind]);
    json_end_object(json);
    json_write_optional_integer(json, "minPrice", summary.min_price >= 0, summary.min_price);
    json_write_optional_integer(json, "maxPrice", summary.max_price >= 0, summary.max_price);
    json_write_integer(json, "unpricedCount", summary.unpriced);
    write_groups(json, plan);
}

static void
write_seat(struct json *json, const struct hall_plan *plan, const struct hall_seat *seat)
{
    const struct seat_position *position = &seat->position;
    json_begin_object(json, NULL);
    json_write_integer(json, "seatId", seat->number);
    json_write_string(json, "section", seat->section);
    json_write_string(json, "row", seat->row);
    json_write_string(json, "label", seat->label);
    seat_write_kind(json, seat->kind, seat->note,
                    seat->partner >= 0 ? plan->seats[seat->partner].number : 0);
    if (*seat->category != '\0')
        json_write_string(json, "category", seat->category);
    json_write_optional_integer(json, "price", seat->price >= 0, seat->price);
    json_write_optional_integer(json, "x", position->has_x, position->x);
    json_write_optional_integer(json, "y", position->has_y, position->y);
    json_end_object(json);
}

static void
write_plan(struct json *json, const struct hall_plan *plan)
{
    json_begin_array(json, "notices");
    for (size_t i = 0; i < plan->notice_count && i < HALL_NOTICES_MAX; i++) {
        json_begin_object(json, NULL);
        write_fault(json, &plan->notices[i]);
        json_end_object(json);
    }
    json_end_array(json);
    json_write_integer(json, "noticeCount", (int64_t)plan->notice_count);
    json_begin_array(json, "seats");
    for (size_t i = 0; i < plan->count; i++)
        write_seat(json, plan, &plan->seats[i]);
    json_end_array(json);
}

/* ---- a new one ---- */

/* How the file was understood. */
static void
write_form(struct json *json, const struct hall_file *file)
{
    static const char *const forms[] = {
        [HALL_FORM_CSV] = "csv", [HALL_FORM_JSON] = "json", [HALL_FORM_PRETIX] = "pretix"};
    const char delimiter[] = {file->csv.delimiter, '\0'};
    json_write_string(json, "form", forms[file->form]);
    json_write_string(json, "encoding", file->encoding);
    json_write_optional_string(json, "delimiter", delimiter);
    json_begin_array(json, "columns");
    for (size_t i = 0; i < file->csv.header_count; i++) {
        enum hall_column column = file->csv.columns[i];
        json_begin_object(json, NULL);
        json_write_string(json, "header", file->csv.headers[i]);
        json_write_string(json, "column",
                          column != HALL_COLUMN_COUNT ? hall_column_name(column) : NULL);
        json_end_object(json);
    }
    json_end_array(json);
}

static void
write_preview(const struct hall_file *file, const char *name, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_optional_string(&json, "name", name);
    write_form(&json, file);
    write_summary(&json, &file->plan);
    write_plan(&json, &file->plan);
    json_end_object(&json);
}

/* With the fault, by which a page can say it in another language. */
static void
answer_fault(struct response *response, const struct hall_fault *fault)
{
    struct problem problem;
    char text[HALL_FAULT_TEXT_SIZE];
    hall_fault_text(fault, text);
    refuse_because(&problem, fault->code == HALL_NOT_JSON ? ERROR_INVALID_JSON : ERROR_INVALID_HALL,
                   "%.*s", (int)text_cut(text, sizeof problem.detail - 1), text);
    struct json json = response_begin_problem(response, &problem);
    write_fault(&json, fault);
    json_end_object(&json);
}

static void
create(struct services *services, const struct request *request, const struct hall_file *file,
       const char *name, struct response *response)
{
    struct hall_change change = {
        .actor = request->account.name, .describe = hall_describe, .plan = &file->plan};
    struct effect effect = {
        .kind = EFFECT_HALL,
        .state = &change,
        .execute = hall_create_execute,
        .was_committed = hall_create_was_committed,
        .effect_id = hall_change_id,
        .render = hall_render,
    };
    memcpy(change.hall.name, name, strlen(name) + 1);
    api_apply(services, request, &effect, response);
}

/* What says that it is JSON must be an object: so it is with all calls. */
static bool
is_no_object(const struct request *request, const struct hall_file *file)
{
    return file->form == HALL_FORM_CSV && strncasecmp(request->content_type, "text/", 5) != 0;
}

void
admin_hall_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct hall_file file;
    struct hall_fault fault;
    struct problem problem;
    bool sound = hall_file_read(request->body, request->body_length, &file, &fault);
    const char *name = input->hall_name[0] != '\0' ? input->hall_name : file.name;
    if (is_no_object(request, &file)) {
        response_error(response, ERROR_INVALID_JSON, NULL);
    } else if (!sound) {
        answer_fault(response, &fault);
    } else if (input->dry_run == DRY_RUN) {
        write_preview(&file, name, &response->body);
    } else if (*name == '\0') {
        refuse_field(&problem, "name", "name is missing");
        response_problem(response, &problem);
    } else {
        create(&admin, request, &file, name, response);
    }
    hall_file_free(&file);
}

/* ---- those that are kept ---- */

void
admin_hall_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct hall_row hall;
    struct hall_plan plan;
    struct problem problem;
    if (hall_kept_read(&admin, (int32_t)request->ids[0], &hall, &plan, &problem) == ERROR_NONE) {
        struct json json = json_writer(&response->body);
        json_begin_object(&json, NULL);
        json_write_integer(&json, "hallId", hall.hall_id);
        json_write_string(&json, "name", hall.name);
        json_write_instant(&json, "createdAt", hall.created_at);
        json_write_string(&json, "createdBy", hall.created_by);
        write_summary(&json, &plan);
        write_plan(&json, &plan);
        json_end_object(&json);
    } else {
        response_problem(response, &problem);
    }
    hall_plan_free(&plan);
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct hall_row *hall = (const struct hall_row *)rows + i;
    write_hall(json, hall);
    return hall->hall_id;
}

void
admin_hall_get_list(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct hall_row halls[PAGE_ROWS];
    struct page page = {"halls", halls, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (hall_kept_list(&admin, input->before, input->limit + 1, halls, &page.count, &problem) ==
        ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}

void
admin_hall_delete(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct hall_change change = {.actor = request->account.name,
                                 .describe = hall_describe,
                                 .hall = {.hall_id = (int32_t)request->ids[0]}};
    struct effect effect = {
        .kind = EFFECT_HALL,
        .state = &change,
        .execute = hall_delete_execute,
        .was_committed = hall_delete_was_committed,
        .effect_id = hall_change_id,
        .render = hall_render,
    };
    api_apply(&admin, request, &effect, response);
}
