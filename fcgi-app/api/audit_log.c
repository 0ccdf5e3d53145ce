/* GET /admin/log */
#include "domain/organiser/audit_log.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"

/* A page that is written row by row: each may have some 100,000 bytes. */
struct log_page {
    struct json json;
    int32_t left; /* rows that still belong to it */
    int64_t last_id;
    bool more;
};

static void
write_row(void *state, const struct log_row *row)
{
    struct log_page *page = state;
    struct json *json = &page->json;
    page->more = page->left-- == 0;
    if (page->more)
        return;
    page->last_id = row->log_id;
    json_begin_object(json, NULL);
    json_write_integer(json, "logId", row->log_id);
    json_write_string(json, "actor", row->actor);
    json_write_string(json, "action", row->action);
    json_write_optional_integer(json, "concertId", row->concert_id != 0, row->concert_id);
    json_write_string(json, "detail", row->detail);
    json_write_raw(json, "before", row->old_values);
    json_write_raw(json, "after", row->new_values);
    json_write_instant(json, "createdAt", row->created_at);
    json_end_object(json);
}

void
admin_log_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct log_page page = {.json = json_writer(&response->body), .left = input->limit};
    struct problem problem;
    json_begin_object(&page.json, NULL);
    json_begin_array(&page.json, "log");
    if (audit_log_visit(&admin, input->concert_id, input->before, input->limit + 1, write_row,
                        &page, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_end_array(&page.json);
    json_write_optional_integer(&page.json, "next", page.more, page.last_id);
    json_end_object(&page.json);
}
