/* POST and GET /admin/concert, GET and PATCH /admin/concert/{concert} */
#include "api/api.h"
#include "api/cancel.h"
#include "api/concert.h"
#include "api/concert_draft.h"
#include "api/concert_settings.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/seat.h"
#include "base/clock.h"
#include "domain/concert/refund_rules.h"
#include "domain/draw/draw.h"
#include "domain/organiser/concert_cancel.h"
#include "domain/sale/seat.h"

void
admin_concert_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct concert_draft draft;
    struct problem problem;
    struct concert_create create = {
        .author = concert_author(request->account.name),
        .draft = &draft,
    };
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &create,
        .precheck = concert_create_precheck,
        .execute = concert_create_execute,
        .was_committed = concert_create_was_committed,
        .effect_id = concert_create_id,
        .render = concert_draft_render,
    };
    if (concert_draft_read(request->input->body, &draft, &problem) == ERROR_NONE)
        api_apply(&admin, request, &effect, response);
    else
        response_problem(response, &problem);
    concert_draft_free(&draft);
}

/* null while Redis is away: the sales are worth seeing without it. */
static void
write_queue(struct json *json, struct services *services, const struct concert *concert)
{
    struct queue_state queue;
    struct problem problem;
    if (queue_state(services, concert, &queue, &problem) != ERROR_NONE) {
        json_write_null(json, "queue");
        return;
    }
    json_begin_object(json, "queue");
    json_write_integer(json, "serving", queue.serving);
    json_write_integer(json, "lastNumber", queue.last_number);
    json_write_integer(json, "waiting", queue.waiting);
    json_write_integer(json, "active", queue.active);
    json_end_object(json);
}

static void
answer(struct services *services, const struct concert *concert, const struct concert_about *about,
       const char *warning, struct response *response)
{
    struct sales sales;
    struct item_cancel cancel = {.begun_at = CLOCK_NEVER};
    enum draw_state draw;
    struct problem problem;
    enum error error = seat_count_sales(services, concert->concert_id, &sales, &problem);
    if (error == ERROR_NONE && concert->draw)
        error = draw_find_state(services, concert, &draw, &problem);
    if (error == ERROR_NONE && concert->stored == STORED_CANCELLED)
        error = concert_cancel_find(services, concert->concert_id, &cancel, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    concert_settings_write(&json, services, concert);
    concert_about_write(&json, about);
    json_write_string(&json, "drawState", concert->draw ? draw_state_name(draw) : NULL);
    seat_write_sales(&json, &sales);
    write_queue(&json, services, concert);
    cancel_write_progress(&json, &cancel);
    concert_warning_write(&json, warning);
    json_end_object(&json);
}

void
admin_concert_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct concert concert;
    struct concert_about about;
    struct problem problem;
    int32_t concert_id = (int32_t)request->ids[0];
    if (concert_find_whole(admin.db, concert_id, &concert, &problem) == ERROR_NONE &&
        refund_rules_read(&admin, &concert, &problem) == ERROR_NONE &&
        concert_find_about(admin.db, concert_id, &about, &problem) == ERROR_NONE)
        answer(&admin, &concert, &about, NULL, response);
    else
        response_problem(response, &problem);
}

/* With what was counted of it, and when: of many large halls that may be some seconds ago. */
static void
write_listed(struct json *json, const struct services *services, const struct concert_list *list,
             size_t i)
{
    const struct seat_counts *counts = &list->counts[i].seats;
    json_begin_object(json, NULL);
    concert_write(json, services, &list->rows[i]);
    json_write_boolean(json, "queue", list->rows[i].concert.queued);
    seat_write_sales(json, &counts->sales);
    json_write_instant(json, "countedAt", list->now - (clock_monotonic() - counts->counted_at));
    json_end_object(json);
}

static void
write_list(struct response *response, const struct services *services,
           const struct concert_list *list, bool more)
{
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_begin_array(&json, "concerts");
    for (size_t i = 0; i < list->count; i++)
        write_listed(&json, services, list, i);
    json_end_array(&json);
    json_write_optional_integer(&json, "next", more,
                                more ? list->rows[list->count - 1].concert.concert_id : 0);
    json_write_instant(&json, "now", list->now);
    json_end_object(&json);
}

void
admin_concert_get_list(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct concert_filter filter = {
        .status = (enum concert_status)request->input->status,
        .search = request->input->search,
        .before = request->input->before,
        .limit = request->input->limit,
    };
    struct concert_list list;
    struct problem problem;
    bool more;
    if (concert_list_read_page(&admin, &filter, request->deadline, &list, &more, &problem) ==
        ERROR_NONE)
        write_list(response, &admin, &list, more);
    else
        response_problem(response, &problem);
    concert_list_free(&list);
}

/* The fields are judged before the concert is looked for: over the defaults, and over the row. */
void
admin_concert_patch(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct concert scratch = concert_defaults;
    struct concert_about told = {.has_age_limit = false};
    struct problem problem;
    char warning[QUEUE_WARNING_SIZE];
    struct concert_change change = {
        .author = concert_author(request->account.name),
        .action = "concert change",
        .detail = request->body,
        .concert_id = (int32_t)request->ids[0],
        .apply = concert_change_read,
        .apply_about = concert_about_read,
        .wanted = request->input->body,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
    };
    if (concert_change_read(change.wanted, &scratch, &problem) != ERROR_NONE ||
        concert_about_read(change.wanted, &told, &problem) != ERROR_NONE ||
        concert_check_times(&scratch, &problem) != ERROR_NONE)
        response_problem(response, &problem);
    else if (api_apply(&admin, request, &effect, response)) {
        concert_change_warn(&admin, &change, warning);
        answer(&admin, &change.concert, &change.about, warning, response);
    }
}
