/* GET /admin/concert/{concert}/report */
#include "domain/organiser/sales_report.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"

static void
write_sum(struct json *json, const struct report_sum *sum)
{
    json_write_integer(json, "sold", sum->sold);
    json_write_integer(json, "givenBack", sum->given_back);
    json_write_integer(json, "revenue", sum->revenue);
}

static void
write_day(void *state, const struct report_day *day)
{
    struct json *json = state;
    json_begin_object(json, NULL);
    json_write_string(json, "day", day->day);
    json_write_integer(json, "itemId", day->item_id);
    json_write_string(json, "date", day->date);
    json_write_string(json, "section", day->section);
    json_write_integer(json, "price", day->price);
    write_sum(json, &day->sum);
    json_end_object(json);
}

static void
write_hours(struct json *json, const struct sales_report *report)
{
    json_begin_array(json, "hours");
    for (size_t i = 0; i < report->hour_count; i++) {
        json_begin_object(json, NULL);
        json_write_instant(json, "hour", report->hours[i].begin);
        write_sum(json, &report->hours[i].sum);
        json_end_object(json);
    }
    json_end_array(json);
}

void
admin_report_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct json json = json_writer(&response->body);
    struct sales_report report;
    struct problem problem;
    int32_t concert_id = (int32_t)request->ids[0];
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", concert_id);
    json_begin_array(&json, "days");
    if (sales_report_read(&admin, concert_id, request->input->item_id, write_day, &json, &report,
                          &problem) == ERROR_NONE) {
        json_end_array(&json);
        write_hours(&json, &report);
        json_write_string(&json, "timeZone", concert_time_zone(&admin, &report.concert));
        json_write_instant(&json, "now", report.concert.now);
        json_end_object(&json);
    } else {
        response_problem(response, &problem);
    }
    sales_report_free(&report);
}
