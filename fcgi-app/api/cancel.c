/* POST /admin/concert/{concert}/cancel, /admin/concert/{concert}/item/{item}/cancel */
#include "api/cancel.h"

#include "api/api.h"
#include "api/concert_settings.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/clock.h"
#include "domain/organiser/concert_cancel.h"

void
cancel_write_progress(struct json *json, const struct item_cancel *cancel)
{
    if (cancel->begun_at == CLOCK_NEVER) {
        json_write_null(json, "cancel");
        return;
    }
    json_begin_object(json, "cancel");
    json_write_instant(json, "begunAt", cancel->begun_at);
    json_write_instant(json, "doneAt", cancel->done_at);
    json_write_integer(json, "refunded", cancel->refunded);
    json_write_integer(json, "points", cancel->points);
    json_write_integer(json, "holds", cancel->holds);
    json_write_integer(json, "left", cancel->left);
    json_end_object(json);
}

/* ---- of a date ---- */

static void
write_cancelled(struct json *json, const struct item_cancel_begin *cancel)
{
    json_write_integer(json, "itemId", cancel->item_id);
    json_write_string(json, "status", item_status_name(cancel->item.status));
}

/* Before and after. */
static void
describe_cancel(const struct item_cancel_begin *cancel, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    write_cancelled(&json, cancel);
    json_end_object(&json);
}

static void
render_cancel(const void *state, struct buffer *body)
{
    const struct item_cancel_begin *cancel = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", cancel->concert_id);
    write_cancelled(&json, cancel);
    json_write_instant(&json, "begunAt", cancel->begun_at);
    json_end_object(&json);
}

void
admin_item_cancel_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct item_cancel_begin cancel = {
        .actor = request->account.name,
        .reason = request->input->reason,
        .concert_id = (int32_t)request->ids[0],
        .item_id = (int32_t)request->ids[1],
        .describe = describe_cancel,
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &cancel,
        .execute = item_cancel_execute,
        .was_committed = item_cancel_was_committed,
        .effect_id = item_cancel_id,
        .render = render_cancel,
    };
    api_apply(&admin, request, &effect, response);
}

/* ---- of a whole concert ---- */

static void
render_concert_cancel(const void *state, struct buffer *body)
{
    const struct concert_cancel_begin *cancel = state;
    const struct concert *concert = &cancel->change.concert;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", concert->concert_id);
    json_write_string(&json, "status", concert_status_name(concert_status(concert, concert->now)));
    json_write_instant(&json, "begunAt", cancel->begun_at);
    json_end_object(&json);
}

void
admin_concert_cancel_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct concert_cancel_begin cancel = {
        .change =
            {
                .author = concert_author(request->account.name),
                .detail = request->input->reason,
                .concert_id = (int32_t)request->ids[0],
            },
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &cancel,
        .execute = concert_cancel_execute,
        .was_committed = concert_cancel_was_committed,
        .effect_id = concert_cancel_id,
        .render = render_concert_cancel,
    };
    api_apply(&admin, request, &effect, response);
}
