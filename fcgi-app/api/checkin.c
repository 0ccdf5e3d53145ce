/* POST /admin/checkin, /admin/checkin/undo, GET /admin/item/{item}/ticket, .../attendance */
#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/organiser/ticket_checkin.h"

/* Its buyer is not named: gates need not know. */
static void
write_names(struct json *json, const struct ticket *ticket)
{
    const struct seat *seat = &ticket->seat;
    char ticket_id[TICKET_REFERENCE_SIZE];
    base32_write(ticket->reference, TICKET_REFERENCE_BYTES, ticket_id);
    json_write_string(json, "ticketId", ticket_id);
    json_begin_object(json, "seat");
    json_write_integer(json, "seatId", seat->seat_id);
    json_write_string(json, "section", seat->section);
    json_write_string(json, "row", seat->row);
    json_write_string(json, "label", seat->label);
    json_end_object(json);
}

static void
write_checkin(struct json *json, const struct checkin *checkin)
{
    json_write_instant(json, "checkedInAt", checkin->at);
    json_write_instant(json, "scannedAt", checkin->scanned_at);
    json_write_optional_string(json, "deviceId", checkin->device_id);
}

/* As the call is answered; also for the audit log. */
static void
describe(const struct ticket *ticket, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    write_names(&json, ticket);
    json_write_integer(&json, "concertId", ticket->concert_id);
    json_write_integer(&json, "itemId", ticket->item_id);
    write_checkin(&json, &ticket->checkin);
    json_end_object(&json);
}

static void
render(const void *state, struct buffer *body)
{
    describe(&((const struct ticket_checkin *)state)->ticket, body);
}

void
admin_checkin_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct ticket_checkin checkin = {
        .code = input->code,
        .item_id = input->item_id,
        .scanned_at = input->scanned_at,
        .device_id = input->device_id,
        .actor = request->account.name,
        .describe = describe,
    };
    struct effect effect = {
        .kind = EFFECT_CHECKIN,
        .state = &checkin,
        .precheck = ticket_checkin_precheck,
        .execute = ticket_checkin_execute,
        .was_committed = ticket_checkin_was_committed,
        .effect_id = ticket_checkin_id,
        .render = render,
    };
    api_apply(&admin, request, &effect, response);
}

void
admin_undo_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct ticket_checkin checkin = {
        .ticket_id = request->input->ticket_id,
        .reason = request->input->reason,
        .actor = request->account.name,
        .describe = describe,
    };
    struct effect effect = {
        .kind = EFFECT_CHECKIN,
        .state = &checkin,
        .precheck = ticket_undo_precheck,
        .execute = ticket_undo_execute,
        .was_committed = ticket_undo_was_committed,
        .effect_id = ticket_checkin_id,
        .render = render,
    };
    api_apply(&admin, request, &effect, response);
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct ticket *ticket = (const struct ticket *)rows + i;
    write_names(json, ticket);
    json_write_boolean(json, "valid", ticket->is_valid);
    write_checkin(json, &ticket->checkin);
    return ticket->ticket_id;
}

void
admin_ticket_get_list(void *services, const struct request *request, struct response *response)
{
    static struct ticket list[PAGE_ROWS]; /* too large for the stack */
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct page page = {"tickets", list, 0, input->limit, write_listed};
    struct problem problem;
    if (ticket_list(&admin, (int32_t)request->ids[0], input->before, input->limit + 1, list,
                    &page.count, &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}

void
admin_attendance_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    int32_t item_id = (int32_t)request->ids[0];
    struct attendance attendance;
    struct problem problem;
    if (ticket_attendance(&admin, item_id, &attendance, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item_id);
    json_write_integer(&json, "sold", attendance.sold);
    json_write_integer(&json, "issued", attendance.issued);
    json_write_integer(&json, "checkedIn", attendance.checked_in);
    json_write_instant(&json, "now", attendance.now);
    json_end_object(&json);
}
