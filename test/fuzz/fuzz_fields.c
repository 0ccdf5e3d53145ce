/*
 * fuzz_fields: the fields of each route of the table, out of a JSON body or a query, with both
 * settings of `caller`. It is here that a stranger's texts are copied into arrays.
 *
 * The input is a line with method and pattern of a route, "POST /reservation", and behind it the
 * body or the query. What was taken must be what the table allows, and must be read again as the
 * same where it is written again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/config.h"
#include "domain/services.h"
#include "fuzz.h"
#include "fuzz_input.h"

static bool
has_body(const struct route *route)
{
    return route->method == METHOD_POST || route->method == METHOD_PATCH;
}

static const struct route *
find_route(const char *line)
{
    static const char *const names[METHOD_OTHER] = {
        [METHOD_GET] = "GET",
        [METHOD_POST] = "POST",
        [METHOD_PATCH] = "PATCH",
        [METHOD_DELETE] = "DELETE",
    };
    for (size_t i = 0; i < api_route_count; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s %s", names[api_routes[i].method], api_routes[i].pattern);
        if (strcmp(line, name) == 0 && api_routes[i].fields != NULL)
            return &api_routes[i];
    }
    return NULL;
}

/* Reads the fields into request->input; true where they were taken. */
static bool
read_input(const char *caller, const struct route *route, const char *text, size_t length,
           struct request *request)
{
    static struct config config;
    struct services services = {.config = &config};
    struct problem problem;
    char stated_user[USER_ID_SIZE];
    memset(stated_user, 'x', sizeof stated_user);
    snprintf(config.caller, sizeof config.caller, "%s", caller);
    *request = (struct request){.method = route->method, .query = "", .body = ""};
    if (has_body(route)) {
        request->body = text;
        request->body_length = length;
    } else {
        request->query = text;
    }
    bool ok = api_read_input(&services, route, request, stated_user, &problem);
    if (ok) {
        fuzz_require_text(stated_user, sizeof stated_user);
        REQUIRE(strcmp(stated_user, request->input->user_id) == 0);
    } else {
        REQUIRE(problem.error == ERROR_INVALID_FIELD || problem.error == ERROR_INVALID_JSON);
        fuzz_require_problem(&problem);
    }
    return ok;
}

static void
require_same_again(const char *caller, const struct route *route, const struct input *input)
{
    struct buffer again = {0};
    struct request request;
    if (has_body(route))
        fuzz_write_body(route, input, &again);
    else
        fuzz_write_query(route, input, &again);
    REQUIRE(read_input(caller, route, again.data, again.length, &request));
    for (const struct field *field = route->fields; field->kind != FIELD_END; field++)
        REQUIRE(memcmp((const char *)input + field->offset,
                       (const char *)request.input + field->offset, field->size) == 0);
    api_free_input(&request);
    buffer_free(&again);
}

static void
read_as(const char *caller, const struct route *route, const char *text, size_t length)
{
    struct request request;
    if (read_input(caller, route, text, length, &request)) {
        fuzz_require_input(route, request.input);
        require_same_again(caller, route, request.input);
    }
    api_free_input(&request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size), *rest = text;
    const struct route *route = find_route(fuzz_cut(&rest, "\n"));
    if (route != NULL) {
        size_t length = size - (size_t)(rest - text);
        char *sent = fuzz_copy((const uint8_t *)rest, length);
        read_as("body", route, sent, length);
        read_as("header", route, sent, length);
        free(sent);
    }
    free(text);
    return 0;
}
