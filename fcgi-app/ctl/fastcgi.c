#include "ctl/fastcgi.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of FastCGI: the kinds of records that are used here. */
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6, HEAD_SIZE = 8, RESPONDER = 1 };

static void
append_record(struct buffer *out, int kind, const void *content, size_t length)
{
    const uint8_t head[HEAD_SIZE] = {
        1, (uint8_t)kind, 0, 1, (uint8_t)(length >> 8), (uint8_t)length, 0, 0};
    buffer_append(out, head, sizeof head);
    buffer_append(out, content, length);
}

static void
append_parameter(struct buffer *out, const struct fastcgi_parameter *parameter)
{
    const uint8_t lengths[] = {(uint8_t)strlen(parameter->name), (uint8_t)strlen(parameter->value)};
    buffer_append(out, lengths, sizeof lengths);
    buffer_text(out, parameter->name);
    buffer_text(out, parameter->value);
}

void
fastcgi_write_request(struct buffer *out, const struct fastcgi_parameter *parameters, size_t count,
                      const char *body)
{
    static const uint8_t begin[8] = {0, RESPONDER};
    struct buffer all = {0};
    for (size_t i = 0; i < count; i++)
        append_parameter(&all, &parameters[i]);
    append_record(out, BEGIN_REQUEST, begin, sizeof begin);
    append_record(out, PARAMS, all.data, all.length);
    append_record(out, PARAMS, "", 0);
    if (body[0] != '\0')
        append_record(out, STDIN, body, strlen(body));
    append_record(out, STDIN, "", 0);
    buffer_free(&all);
}

/* The number behind a header's name; 0: the head does not have it. */
static int
read_header(const char *head, const char *end, const char *name)
{
    const char *at = strstr(head, name);
    return at != NULL && at < end ? (int)strtol(at + strlen(name), NULL, 10) : 0;
}

bool
fastcgi_read_answer(const struct buffer *records, struct buffer *text,
                    struct fastcgi_answer *answer)
{
    const uint8_t *bytes = (const uint8_t *)records->data;
    buffer_clear(text);
    for (size_t at = 0; at + HEAD_SIZE <= records->length;) {
        size_t length = (size_t)bytes[at + 4] << 8 | bytes[at + 5], padding = bytes[at + 6];
        if (at + HEAD_SIZE + length > records->length)
            break;
        if (bytes[at + 1] == STDOUT)
            buffer_append(text, bytes + at + HEAD_SIZE, length);
        at += HEAD_SIZE + length + padding;
    }
    const char *end = text->length > 0 ? strstr(text->data, "\r\n\r\n") : NULL;
    *answer = (struct fastcgi_answer){.body = ""};
    if (end == NULL)
        return false;
    answer->status = read_header(text->data, end, "Status: ");
    answer->retry_after = read_header(text->data, end, "Retry-After: ");
    answer->body = end + strlen("\r\n\r\n");
    return answer->status != 0;
}

bool
fastcgi_find_socket(const char *run_dir, int number, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/frontrow-%d.sock",
                          run_dir, number);
    return length > 0 && (size_t)length < sizeof address->sun_path;
}
