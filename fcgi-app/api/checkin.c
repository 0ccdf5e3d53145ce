/* POST /admin/checkin, .../undo, /admin/checkout, GET /admin/item/{item}/ticket, .../attendance */
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

static void
write_ticket(struct json *json, const struct ticket *ticket)
{
    write_names(json, ticket);
    json_write_integer(json, "concertId", ticket->concert_id);
    json_write_integer(json, "itemId", ticket->item_id);
    write_checkin(json, &ticket->checkin);
    json_write_instant(json, "leftAt", ticket->checkin.left_at);
}

/* As the call is answered; also for the audit log. */
static void
describe(const struct ticket *ticket, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    write_ticket(&json, ticket);
    json_end_object(&json);
}

static void
render(const void *state, struct buffer *body)
{
    const struct ticket_checkin *checkin = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    write_ticket(&json, &checkin->ticket);
    if (checkin->conflict.at != CLOCK_NEVER) {
        json_begin_object(&json, "conflict");
        write_checkin(&json, &checkin->conflict);
        json_end_object(&json);
    }
    json_end_object(&json);
}

/* Does what `effect` says with a ticket; fills what is the same for all of them. */
static void
apply(void *services, const struct request *request, struct ticket_checkin *checkin,
      struct effect effect, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    checkin->actor = request->account.name;
    checkin->describe = describe;
    checkin->conflict.at = CLOCK_NEVER;
    effect.kind = EFFECT_CHECKIN;
    effect.state = checkin;
    effect.effect_id = ticket_checkin_id;
    effect.render = render;
    api_apply(&admin, request, &effect, response);
}

void
admin_checkin_post(void *services, const struct request *request, struct response *response)
{
    const struct input *input = request->input;
    struct ticket_checkin checkin = {
        .code = input->code,
        .item_id = input->item_id,
        .is_offline = input->is_offline,
        .scanned_at = input->scanned_at,
        .device_id = input->device_id,
    };
    const struct effect effect = {
        .precheck = ticket_checkin_precheck,
        .execute = ticket_checkin_execute,
        .was_committed = ticket_checkin_was_committed,
    };
    apply(services, request, &checkin, effect, response);
}

void
admin_checkout_post(void *services, const struct request *request, struct response *response)
{
    struct ticket_checkin checkin = {
        .code = request->input->code,
        .item_id = request->input->item_id,
    };
    const struct effect effect = {
        .precheck = ticket_checkout_precheck,
        .execute = ticket_checkout_execute,
        .was_committed = ticket_checkin_was_committed,
    };
    apply(services, request, &checkin, effect, response);
}

void
admin_undo_post(void *services, const struct request *request, struct response *response)
{
    struct ticket_checkin checkin = {
        .ticket_id = request->input->ticket_id,
        .reason = request->input->reason,
    };
    const struct effect effect = {
        .precheck = ticket_undo_precheck,
        .execute = ticket_undo_execute,
        .was_committed = ticket_undo_was_committed,
    };
    apply(services, request, &checkin, effect, response);
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct ticket *ticket = (const struct ticket *)rows + i;
    write_names(json, ticket);
    json_write_boolean(json, "valid", ticket->is_valid);
    write_checkin(json, &ticket->checkin);
    json_write_instant(json, "leftAt", ticket->checkin.left_at);
    return ticket->ticket_id;
}

void
admin_ticket_get_list(void *services, const struct request *request, struct response *response)
{
    static struct ticket list[PAGE_ROWS]; /* too large for the stack */
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct page page = {"tickets", list, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (ticket_list(&admin, (int32_t)request->ids[0], input->since, input->before, input->limit + 1,
                    list, &page.count, &page.now, &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}

static void
write_section(void *state, const struct section_attendance *section)
{
    struct json *json = state;
    json_begin_object(json, NULL);
    json_write_string(json, "section", section->section);
    json_write_integer(json, "sold", section->sold);
    json_write_integer(json, "checkedIn", section->checked_in);
    json_write_integer(json, "inside", section->inside);
    json_end_object(json);
}

void
admin_attendance_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    int32_t item_id = (int32_t)request->ids[0];
    struct attendance attendance;
    struct problem problem;
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item_id);
    json_begin_array(&json, "sections");
    if (ticket_attendance(&admin, item_id, &attendance, write_section, &json, &problem) !=
        ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_end_array(&json);
    json_write_integer(&json, "sold", attendance.sold);
    json_write_integer(&json, "issued", attendance.issued);
    json_write_integer(&json, "checkedIn", attendance.checked_in);
    json_write_instant(&json, "lastCheckedInAt", attendance.last_at);
    json_write_instant(&json, "now", attendance.now);
    json_end_object(&json);
}
