/* GET and POST /admin/concert/{concert}/item, PATCH of one of them */
#include "api/api.h"
#include "api/cancel.h"
#include "api/concert_draft.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/seat.h"

/* ---- a new date ---- */

static void
describe_created(const struct item_draft *draft, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", draft->item.item_id);
    json_write_string(&json, "date", draft->item.date);
    json_write_instant(&json, "startsAt", draft->item.starts_at);
    json_write_integer(&json, "seatCount", draft->item.seat_count);
    if (draft->hall_id != 0)
        json_write_integer(&json, "hallId", draft->hall_id);
    if (draft->like_id != 0)
        json_write_integer(&json, "likeItemId", draft->like_id);
    json_end_object(&json);
}

static void
render_created(const void *state, struct buffer *body)
{
    const struct item_create *create = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", create->concert_id);
    json_write_integer(&json, "itemId", create->draft->item.item_id);
    json_end_object(&json);
}

void
admin_item_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct item_draft draft;
    struct problem problem;
    struct item_create create = {
        .actor = request->account.name,
        .concert_id = (int32_t)request->ids[0],
        .draft = &draft,
        .describe = describe_created,
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &create,
        .precheck = item_create_precheck,
        .execute = item_create_execute,
        .was_committed = item_create_was_committed,
        .effect_id = item_create_id,
        .render = render_created,
    };
    if (item_draft_read(request->input->body, &draft, &problem) == ERROR_NONE)
        api_apply(&admin, request, &effect, response);
    else
        response_problem(response, &problem);
    item_draft_free(&draft);
    hall_shelf_free(&create.shelf);
}

/* ---- a change ---- */

/* What is named of a range, as the change itself has it. */
static void
write_seats(struct json *json, const struct seat_change *seats)
{
    json_begin_object(json, NULL);
    json_write_integer(json, "from", seats->from);
    json_write_integer(json, "to", seats->to);
    if (seats->has_price)
        json_write_integer(json, "price", seats->price);
    if (seats->has_blocked)
        json_write_boolean(json, "blocked", seats->blocked);
    if (seats->has_section)
        json_write_string(json, "section", seats->section);
    if (seats->has_row)
        json_write_string(json, "row", seats->row);
    if (seats->has_label && *seats->label != '\0')
        json_write_string(json, "label", seats->label);
    else if (seats->has_label)
        json_write_integer(json, "firstLabel", seats->first_label);
    if (seats->has_x)
        json_write_integer(json, "x", seats->x);
    if (seats->has_y)
        json_write_integer(json, "y", seats->y);
    if (seats->has_kind)
        json_write_string(json, "kind", seat_kind_name(seats->kind));
    if (seats->has_note)
        json_write_optional_string(json, "note", seats->note);
    json_end_object(json);
}

/* The log's room is limited: of many ranges the first ones are there. */
static void
write_side(const struct item_change *change, const struct item *item,
           const struct seat_change *seats, size_t count, bool more, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", change->item_id);
    if (change->has_date)
        json_write_string(&json, "date", item->date);
    if (change->has_starts_at)
        json_write_instant(&json, "startsAt", item->starts_at);
    if (change->seat_count > 0)
        json_begin_array(&json, "seats");
    for (size_t i = 0; i < count; i++)
        write_seats(&json, &seats[i]);
    if (change->seat_count > 0)
        json_end_array(&json);
    if (more)
        json_write_boolean(&json, "more", true);
    json_end_object(&json);
}

static void
describe_change(const struct item_change *change, struct buffer *old_values,
                struct buffer *new_values)
{
    bool more = change->seat_count > ITEM_RUNS_LOGGED;
    write_side(change, &change->before, change->history.runs, change->history.count,
               change->history.more, old_values);
    write_side(change, &change->after, change->seats, more ? ITEM_RUNS_LOGGED : change->seat_count,
               more, new_values);
}

static void
render_change(const void *state, struct buffer *body)
{
    const struct item_change *change = state;
    char version[LAYOUT_VERSION_SIZE];
    struct json json = json_writer(body);
    seat_layout_version(&change->after, version);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", change->concert_id);
    json_write_integer(&json, "itemId", change->item_id);
    json_write_string(&json, "date", change->after.date);
    json_write_instant(&json, "startsAt", change->after.starts_at);
    json_write_string(&json, "layoutVersion", version);
    json_write_integer(&json, "changedSeats", change->changed_seats);
    json_end_object(&json);
}

void
admin_item_patch(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct problem problem;
    struct item_change change = {
        .actor = request->account.name,
        .detail = request->body,
        .concert_id = (int32_t)request->ids[0],
        .item_id = (int32_t)request->ids[1],
        .describe = describe_change,
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &change,
        .execute = item_change_execute,
        .was_committed = item_change_was_committed,
        .effect_id = item_change_id,
        .render = render_change,
    };
    if (item_change_read(request->input->body, &change, &problem) == ERROR_NONE)
        api_apply(&admin, request, &effect, response);
    else
        response_problem(response, &problem);
    item_change_free(&change);
}

/* ---- all of them ---- */

static void
write_row(void *state, const struct admin_item *row)
{
    struct json *json = state;
    const struct item *item = &row->item;
    char version[LAYOUT_VERSION_SIZE];
    seat_layout_version(item, version);
    json_begin_object(json, NULL);
    json_write_integer(json, "itemId", item->item_id);
    json_write_string(json, "date", item->date);
    json_write_instant(json, "startsAt", item->starts_at);
    json_write_string(json, "status", item_status_name(item->status));
    json_write_string(json, "layoutVersion", version);
    json_write_integer(json, "minPrice", row->min_price);
    json_write_integer(json, "maxPrice", row->max_price);
    json_write_integer(json, "waiting", item->waiting);
    seat_write_sales(json, &row->sales);
    cancel_write_progress(json, &row->cancel);
    json_end_object(json);
}

void
admin_item_get_list(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct json json = json_writer(&response->body);
    struct problem problem;
    json_begin_object(&json, NULL);
    json_begin_array(&json, "items");
    if (item_admin_visit(&admin, (int32_t)request->ids[0], write_row, &json, &problem) !=
        ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_end_array(&json);
    json_end_object(&json);
}
