#include "server/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/path.h"

enum { READ_STEP = 4096, OLDEST_BODY_SECONDS = 15 };

/* ---- the request ---- */

struct parameter {
    const char *name;
    size_t length;
    size_t offset; /* of a const char * in struct request */
    bool keep_empty;
    const char *header; /* that of ours which it is, as it may come once only; else NULL */
};

#define NAMED(name, member, keep_empty, header)                                                    \
    {                                                                                              \
        name, sizeof(name) - 1, offsetof(struct request, member), (keep_empty), (header)           \
    }
#define PARAMETER(name, member, keep_empty) NAMED(name, member, keep_empty, NULL)
#define HEADER(name, member, header) NAMED(name, member, false, header)

static const struct parameter parameters[] = {
    PARAMETER("REQUEST_METHOD", method_name, true),
    PARAMETER("DOCUMENT_URI", path, true),
    PARAMETER("QUERY_STRING", query, true),
    PARAMETER("CONTENT_TYPE", content_type, false),
    PARAMETER("REQUEST_ID", request_id, false),
    PARAMETER("FRONTROW_TRACE", trace_id, false),
    PARAMETER("SERVER_ADDR", server_address, false),
    PARAMETER("FRONTROW_ENCODING", encoding, false),
    PARAMETER("FRONTROW_REDIRECTS", redirects, false),
    PARAMETER("FRONTROW_SECRET", front_secret, false),
    HEADER("HTTP_X_QUEUE_TOKEN", queue_token, "X-Queue-Token"),
    HEADER("HTTP_IDEMPOTENCY_KEY", idempotency_key, "Idempotency-Key"),
    HEADER("HTTP_AUTHORIZATION", authorization, "Authorization"),
    HEADER("HTTP_X_FRONTROW_USER", user_header, "X-Frontrow-User"),
    HEADER("HTTP_X_FRONTROW_GATEWAY", gateway_secret, "X-Frontrow-Gateway"),
};

enum { PARAMETER_COUNT = sizeof parameters / sizeof parameters[0] };

/* What is looked at while the parameters are read. */
struct reading {
    bool seen[PARAMETER_COUNT];
    bool from_gateway;
    /* of web servers that send no DOCUMENT_URI */
    const char *script_name;
    const char *path_info;
    const char *request_uri;
};

/* The value of a "NAME=value" if it has this name, else NULL. */
static const char *
value_of(const char *pair, const char *name, size_t length)
{
    return strncmp(pair, name, length) == 0 && pair[length] == '=' ? pair + length + 1 : NULL;
}

#define VALUE_OF(pair, name) value_of(pair, name, sizeof(name) - 1)

/* nginx's $msec: seconds with three decimals. Anything else is no time: 0. */
static int64_t
parse_msec(const char *text)
{
    static const char digits[] = "0123456789";
    size_t length = strspn(text, digits);
    const char *decimals = text + length + 1;
    if (length < 1 || length > 12 || text[length] != '.' || strspn(decimals, digits) != 3 ||
        decimals[3] != '\0')
        return 0;
    return strtoll(text, NULL, 10) * 1000 + strtol(decimals, NULL, 10);
}

static int64_t
parse_length(const char *text)
{
    char *end;
    long long length = strtoll(text, &end, 10);
    return end != text && *end == '\0' && length >= 0 ? length : -1;
}

/*
 * nginx before 1.23 sends each of two headers with one name, later ones and other web servers send
 * both as one, with ", " between: no value of ours has that. (Others' schemes of Authorization do.)
 */
static void
look_for_doubled(struct request *request, const struct parameter *parameter, const char *value,
                 bool seen)
{
    bool may_have_commas = parameter->offset == offsetof(struct request, authorization);
    if (parameter->header != NULL && (seen || (!may_have_commas && strstr(value, ", ") != NULL)))
        request->doubled_header = parameter->header;
}

/* Parameters that are no text of the request. */
static void
take_other(struct exchange *exchange, struct reading *reading, const char *pair)
{
    const char *value;
    if ((value = VALUE_OF(pair, "MSEC")) != NULL)
        exchange->sent_at = parse_msec(value);
    else if ((value = VALUE_OF(pair, "CONTENT_LENGTH")) != NULL)
        exchange->content_length = parse_length(value);
    else if ((value = VALUE_OF(pair, "FRONTROW_GATEWAY")) != NULL)
        reading->from_gateway = strcmp(value, "1") == 0;
    else if ((value = VALUE_OF(pair, "FRONTROW_OPERATOR")) != NULL)
        exchange->request.from_operator = strcmp(value, "1") == 0;
    else if ((value = VALUE_OF(pair, "FRONTROW_GATE")) != NULL)
        exchange->request.from_gate = strcmp(value, "1") == 0;
    else if ((value = VALUE_OF(pair, "SCRIPT_NAME")) != NULL)
        reading->script_name = value;
    else if ((value = VALUE_OF(pair, "PATH_INFO")) != NULL)
        reading->path_info = value;
    else if ((value = VALUE_OF(pair, "REQUEST_URI")) != NULL)
        reading->request_uri = value;
}

static void
take_parameter(struct exchange *exchange, struct reading *reading, const char *pair)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *parameter = &parameters[i];
        const char *value = value_of(pair, parameter->name, parameter->length);
        if (value == NULL)
            continue;
        look_for_doubled(&exchange->request, parameter, value, reading->seen[i]);
        if (*value != '\0' || parameter->keep_empty)
            memcpy((char *)&exchange->request + parameter->offset, &value, sizeof value);
        reading->seen[i] = true;
        return;
    }
    take_other(exchange, reading, pair);
}

/*
 * Without nginx's path that of CGI's names is taken, else that of the target. A target that is not
 * sound is not made so by whoever decoded it: a NUL would end the names early. No route has it.
 */
static void
derive_path(struct exchange *exchange, const struct reading *reading)
{
    exchange->path_is_derived = *exchange->request.path == '\0';
    if (!exchange->path_is_derived)
        return;
    const char *uri = reading->request_uri;
    bool has_uri = uri != NULL && *uri != '\0';
    bool has_names = reading->script_name != NULL || reading->path_info != NULL;
    if ((!has_uri || path_from_uri(&exchange->path, uri)) && (has_names || !has_uri))
        path_from_names(&exchange->path, reading->script_name, reading->path_info);
    exchange->request.path = exchange->path.data;
}

static void
set_method(struct request *request)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {
        {"GET", METHOD_GET},     {"HEAD", METHOD_GET},      {"POST", METHOD_POST},
        {"PATCH", METHOD_PATCH}, {"DELETE", METHOD_DELETE}, {"OPTIONS", METHOD_OPTIONS},
    };
    request->method = METHOD_OTHER;
    request->head_only = strcmp(request->method_name, "HEAD") == 0;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(request->method_name, methods[i].name) == 0)
            request->method = methods[i].method;
}

void
http_begin(struct exchange *exchange, FCGX_Request *connection)
{
    exchange->connection = connection;
    exchange->request =
        (struct request){.method_name = "", .path = "", .query = "", .request_id = "", .body = ""};
    exchange->sent_at = 0;
    exchange->content_length = -1;
    buffer_clear(&exchange->body);
    struct reading reading = {.from_gateway = false};
    for (char **pair = connection->envp; *pair != NULL; pair++)
        take_parameter(exchange, &reading, *pair);
    if (!reading.from_gateway)
        exchange->request.user_header = NULL; /* anybody can send one */
    derive_path(exchange, &reading);
    set_method(&exchange->request);
    response_reset(&exchange->response);
}

enum error
http_read_body(void *source, struct request *request, size_t limit)
{
    struct exchange *exchange = source;
    FCGX_Stream *in = exchange->connection->in;
    if (exchange->content_length > (int64_t)limit)
        return ERROR_BODY_TOO_LARGE;
    int got;
    do {
        char *room = buffer_reserve(&exchange->body, READ_STEP);
        got = FCGX_GetStr(room, READ_STEP, in);
        exchange->body.length += (size_t)got;
    } while (got == READ_STEP && exchange->body.length <= limit);
    if (exchange->body.length > limit)
        return ERROR_BODY_TOO_LARGE;
    if (FCGX_GetError(in) != 0)
        return ERROR_BAD_REQUEST;
    exchange->body.data[exchange->body.length] = '\0';
    request->body = exchange->body.data;
    request->body_length = exchange->body.length;
    return ERROR_NONE;
}

/* ---- the answer ---- */

static const char *
reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

static void
write_text_header(struct buffer *answer, const char *name, const char *value)
{
    if (value != NULL && *value != '\0')
        buffer_format(answer, "%s: %s\r\n", name, value);
}

/*
 * The time to keep an answer is for nginx alone, which tells browsers to ask each time (with the
 * ETag): one that kept it as long again would show one of twice that age. nginx counts in whole
 * seconds, so "for 1 s" would be up to 2: the second is named in which it ends. What nginx serves
 * while one reader refreshes is bounded too, also when no refresh succeeds.
 * X-Accel-Expires goes last: nginx would not read Cache-Control after it.
 */
static void
write_cache_headers(struct buffer *answer, int cache_seconds)
{
    if (cache_seconds > 0) {
        int stale = cache_seconds < OLDEST_BODY_SECONDS ? OLDEST_BODY_SECONDS - cache_seconds : 0;
        long long last = clock_wall() / 1000 + cache_seconds - 1;
        buffer_format(answer,
                      "Cache-Control: max-age=%d, stale-while-revalidate=%d\r\n"
                      "X-Accel-Expires: @%lld\r\n",
                      cache_seconds, stale, last);
    } else {
        buffer_text(answer, cache_seconds < 0
                                ? "Cache-Control: public, max-age=31536000, immutable\r\n"
                                : "Cache-Control: no-store\r\n");
    }
}

static void
write_limit(struct buffer *answer, const struct response *response)
{
    const struct rate_limit *limit = &response->limit;
    if (limit->name == NULL)
        return;
    buffer_format(answer, "RateLimit-Policy: \"%s\";q=%d;w=%d\r\n", limit->name, (int)limit->quota,
                  (int)limit->window_s);
    if (response->status == 429)
        buffer_format(answer, "RateLimit: \"%s\";r=0;t=%d\r\n", limit->name, response->retry_after);
}

static void
write_head(struct buffer *answer, const struct response *response)
{
    if (response->redirect[0] != '\0') {
        buffer_format(answer, "X-Accel-Redirect: %s\r\n\r\n", response->redirect);
        return;
    }
    buffer_format(answer, "Status: %d %s\r\n", response->status, reason_phrase(response->status));
    if (response->status != 204) {
        write_text_header(answer, "Content-Type", response->content_type);
        buffer_format(answer, "Content-Length: %zu\r\n", response->body.length);
    }
    if (response->gzipped)
        buffer_text(answer, "Content-Encoding: gzip\r\n");
    write_cache_headers(answer, response->cache_seconds);
    write_text_header(answer, "ETag", response->etag);
    write_text_header(answer, "Allow", response->allow);
    write_text_header(answer, "Link", response->link);
    write_text_header(answer, "WWW-Authenticate", response->authenticate);
    if (response->retry_after > 0)
        buffer_format(answer, "Retry-After: %d\r\n", response->retry_after);
    write_limit(answer, response);
    if (response->replayed)
        buffer_text(answer, "Idempotency-Replayed: true\r\n");
    buffer_text(answer, "\r\n");
}

bool
http_send(struct exchange *exchange)
{
    const struct response *response = &exchange->response;
    struct buffer *head = &exchange->head;
    FCGX_Request *connection = exchange->connection;
    buffer_clear(head);
    write_head(head, response);
    FCGX_PutStr(head->data, (int)head->length, connection->out);
    if (response->status != 204 && !exchange->request.head_only)
        FCGX_PutStr(response->body.data, (int)response->body.length, connection->out);
    /*
     * Closed in this order, a small answer and the end of the request leave in one write, and the
     * result tells of errors in any of the writes before.
     */
    FCGX_FClose(connection->err);
    return FCGX_FClose(connection->out) == 0;
}

void
http_free(struct exchange *exchange)
{
    buffer_free(&exchange->response.body);
    buffer_free(&exchange->path);
    buffer_free(&exchange->body);
    buffer_free(&exchange->head);
}
