#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { MAINTENANCE_RETRY_S = 30 };

bool
is_user_id(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._@+|:~=-";
    size_t length = strlen(text);
    return length >= 1 && length < USER_ID_SIZE && strspn(text, allowed) == length;
}

bool
is_by_operator(const struct request *request)
{
    return request->account.name[0] != '\0';
}

void
response_reset(struct response *response)
{
    struct buffer body = response->body;
    buffer_clear(&body);
    *response = (struct response){.status = 200, .content_type = "application/json", .body = body};
}

static void
write_members(struct json *json, const struct problem *problem, int status)
{
    char type[64];
    snprintf(type, sizeof type, "/problems/%s", error_code(problem->error));
    json_write_string(json, "type", type);
    json_write_string(json, "title", error_title(problem->error));
    json_write_integer(json, "status", status);
    json_write_string(json, "detail",
                      problem->detail[0] != '\0' ? problem->detail : error_title(problem->error));
    json_write_string(json, "code", error_code(problem->error));
    if (problem->field[0] != '\0')
        json_write_string(json, "field", problem->field);
    if (problem->seat_count > 0) {
        json_begin_array(json, "seatIds");
        for (size_t i = 0; i < problem->seat_count; i++)
            json_write_integer(json, NULL, problem->seat_ids[i]);
        json_end_array(json);
    }
    if (problem->has_balance)
        json_write_integer(json, "balance", problem->balance);
    if (problem->is_checked_in) {
        json_write_instant(json, "checkedInAt", problem->checked_in_at);
        json_write_instant(json, "scannedAt", problem->scanned_at);
        json_write_optional_string(json, "deviceId", problem->device_id);
    }
}

/* Clients that were refused together must not come back together: 1 to 3 s at random. */
static int
retry_after(const struct problem *problem, int status)
{
    if (problem->retry_after > 0)
        return problem->retry_after;
    return status == 429 || status == 503 ? 1 + rand() % 3 : 0;
}

struct json
response_begin_problem(struct response *response, const struct problem *problem)
{
    int status = error_status(problem->error);
    const char *allow = response->allow;
    response_reset(response);
    response->status = status;
    response->error = problem->error;
    response->content_type = "application/problem+json";
    response->retry_after = retry_after(problem, status);
    response->limit = problem->limit;
    if (status == 405)
        response->allow = allow;
    if (status == 401)
        response->authenticate = problem->error == ERROR_TOKEN_MISSING ? "Queue-Token" : "Bearer";

    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_members(&json, problem, status);
    return json;
}

void
response_problem(struct response *response, const struct problem *problem)
{
    struct json json = response_begin_problem(response, problem);
    json_end_object(&json);
}

/* A name of somebody's may be cut anywhere: what is left is a text all the same. */
static void __attribute__((format(printf, 2, 0)))
write_detail(struct problem *problem, const char *format, va_list arguments)
{
    vsnprintf(problem->detail, sizeof problem->detail, format, arguments);
    text_drop_halves(problem->detail);
}

void
response_error(struct response *response, enum error error, const char *format, ...)
{
    struct problem problem = {.error = error};
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        write_detail(&problem, format, arguments);
        va_end(arguments);
    }
    response_problem(response, &problem);
}

enum error
refuse(struct problem *problem, enum error error)
{
    *problem = (struct problem){.error = error};
    return error;
}

enum error
refuse_because(struct problem *problem, enum error error, const char *format, ...)
{
    *problem = (struct problem){.error = error};
    va_list arguments;
    va_start(arguments, format);
    write_detail(problem, format, arguments);
    va_end(arguments);
    return error;
}

enum error
refuse_maintenance(struct problem *problem)
{
    *problem = (struct problem){.error = ERROR_MAINTENANCE, .retry_after = MAINTENANCE_RETRY_S};
    return ERROR_MAINTENANCE;
}

enum error
refuse_field(struct problem *problem, const char *field, const char *format, ...)
{
    *problem = (struct problem){.error = ERROR_INVALID_FIELD};
    snprintf(problem->field, sizeof problem->field, "%s", field);
    va_list arguments;
    va_start(arguments, format);
    write_detail(problem, format, arguments);
    va_end(arguments);
    return ERROR_INVALID_FIELD;
}
