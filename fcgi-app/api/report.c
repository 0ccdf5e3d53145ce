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

/* Writes days and hours into the object that is open. */
static enum error
write_report(struct services *services, const struct concert *concert, int32_t item_id,
             enum payment_method method, struct json *json, struct problem *problem)
{
    struct sales_report report;
    json_begin_array(json, "days");
    enum error error =
        sales_report_read(services, concert, item_id, method, write_day, json, &report, problem);
    json_end_array(json);
    write_hours(json, &report);
    sales_report_free(&report);
    return error;
}

/* What was not paid with points is told apart. */
static enum error
write_reports(struct services *services, const struct concert *concert, int32_t item_id,
              struct json *json, struct problem *problem)
{
    static const struct {
        const char *name;
        enum payment_method method;
    } others[] = {{"boxOffice", PAID_BOX_OFFICE}, {"guest", PAID_GUEST}};
    enum error error = write_report(services, concert, item_id, PAID_POINTS, json, problem);
    for (size_t i = 0; i < sizeof others / sizeof others[0] && error == ERROR_NONE; i++) {
        json_begin_object(json, others[i].name);
        error = write_report(services, concert, item_id, others[i].method, json, problem);
        json_end_object(json);
    }
    return error;
}

void
admin_report_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    struct json json = json_writer(&response->body);
    struct concert concert;
    struct problem problem;
    int32_t concert_id = (int32_t)request->ids[0], item_id = request->input->item_id;
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", concert_id);
    if (sales_report_find(&admin, concert_id, item_id, &concert, &problem) != ERROR_NONE ||
        write_reports(&admin, &concert, item_id, &json, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_write_string(&json, "timeZone", concert_time_zone(&admin, &concert));
    json_write_instant(&json, "now", concert.now);
    json_end_object(&json);
}
