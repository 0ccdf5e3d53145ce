#include "answer_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *
find_member(const struct http_answer *answer, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(answer->body, quoted);
    return found != NULL ? found + strlen(quoted) : NULL;
}

bool
answer_text(const struct http_answer *answer, const char *name, char *text, size_t size)
{
    const char *value = find_member(answer, name);
    if (value == NULL || *value != '"')
        return false;
    snprintf(text, size, "%.*s", (int)strcspn(value + 1, "\""), value + 1);
    return true;
}

int64_t
answer_number(const struct http_answer *answer, const char *name)
{
    const char *value = find_member(answer, name);
    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

void
answer_code(const struct http_answer *answer, char code[ANSWER_CODE_SIZE])
{
    static const char *const endings[] = {
        [HTTP_LOST] = "lost", [HTTP_NOT_SENT] = "not_sent", [HTTP_VANISHED] = "vanished"};
    const char *plain = answer->ending == HTTP_ANSWERED ? "ok" : endings[answer->ending];
    if (answer->status < 400 || !answer_text(answer, "code", code, ANSWER_CODE_SIZE))
        snprintf(code, ANSWER_CODE_SIZE, "%s", plain);
}

void
answer_log_write(FILE *log, const struct logged_call *call, const struct http_answer *answer,
                 int64_t received_us)
{
    char code[ANSWER_CODE_SIZE];
    answer_code(answer, code);
    const char *body = strpbrk(answer->body, "\t\r\n") == NULL ? answer->body : "";
    fprintf(log, "%.3f\t%.3f\t%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n",
            (double)call->sent_us / 1000, (double)received_us / 1000, call->user, call->name,
            call->key, answer->status, code, answer->replayed, answer->request_id, call->method,
            call->path, call->body, body);
}
