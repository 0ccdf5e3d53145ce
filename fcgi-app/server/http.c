#include "server/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { READ_STEP = 4096, OLDEST_BODY_SECONDS = 15 };

/* ---- the request ---- */

struct parameter {
    const char *name;
    size_t length;
    size_t offset; /* of a const char * in struct request */
    bool keep_empty;
};

#define PARAMETER(name, member, keep_empty)                                                        \
    {                                                                                              \
        name, sizeof(name) - 1, offsetof(struct request, member), (keep_empty)                     \
    }

static const struct parameter parameters[] = {
    PARAMETER("REQUEST_METHOD", method_name, true),
    PARAMETER("DOCUMENT_URI", path, true),
    PARAMETER("QUERY_STRING", query, true),
    PARAMETER("CONTENT_TYPE", content_type, false),
    PARAMETER("REQUEST_ID", request_id, false),
    PARAMETER("HTTP_X_QUEUE_TOKEN", queue_token, false),
    PARAMETER("HTTP_IDEMPOTENCY_KEY", idempotency_key, false),
    PARAMETER("HTTP_AUTHORIZATION", authorization, false),
    PARAMETER("FRONTROW_ENCODING", encoding, false),
    PARAMETER("FRONTROW_USER", user_header, false),
};

/* The value of a "NAME=value" if it has this name, else NULL. */
static const char *
value_of(const char *pair, const char *name, size_t length)
{
    return strncmp(pair, name, length) == 0 && pair[length] == '=' ? pair + length + 1 : NULL;
}

/* nginx's $msec: seconds with three decimals. */
static int64_t
parse_msec(const char *text)
{
    char *end;
    long long seconds = strtoll(text, &end, 10);
    return *end == '.' ? seconds * 1000 + strtol(end + 1, NULL, 10) : 0;
}

static int64_t
parse_length(const char *text)
{
    char *end;
    long long length = strtoll(text, &end, 10);
    return end != text && *end == '\0' && length >= 0 ? length : -1;
}

static void
take_parameter(struct exchange *exchange, const char *pair)
{
    const char *value;
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const struct parameter *parameter = &parameters[i];
        value = value_of(pair, parameter->name, parameter->length);
        if (value == NULL)
            continue;
        if (*value != '\0' || parameter->keep_empty)
            memcpy((char *)&exchange->request + parameter->offset, &value, sizeof value);
        return;
    }
    if ((value = value_of(pair, "MSEC", 4)) != NULL)
        exchange->sent_at = parse_msec(value);
    else if ((value = value_of(pair, "CONTENT_LENGTH", 14)) != NULL)
        exchange->content_length = parse_length(value);
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
    for (char **pair = connection->envp; *pair != NULL; pair++)
        take_parameter(exchange, *pair);
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
write_head(struct buffer *answer, const struct response *response)
{
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
    write_text_header(answer, "WWW-Authenticate", response->authenticate);
    if (response->retry_after > 0)
        buffer_format(answer, "Retry-After: %d\r\n", response->retry_after);
    if (response->replayed)
        buffer_text(answer, "Idempotency-Replayed: true\r\n");
    buffer_text(answer, "\r\n");
}

bool
http_send(struct exchange *exchange)
{
    const struct response *response = &exchange->response;
    struct buffer *answer = &exchange->answer;
    FCGX_Request *connection = exchange->connection;
    buffer_clear(answer);
    write_head(answer, response);
    if (response->status != 204 && !exchange->request.head_only)
        buffer_append(answer, response->body.data, response->body.length);
    FCGX_PutStr(answer->data, (int)answer->length, connection->out);
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
    buffer_free(&exchange->body);
    buffer_free(&exchange->answer);
}
