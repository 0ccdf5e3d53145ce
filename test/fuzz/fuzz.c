#include "fuzz.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

char *
fuzz_copy(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

char *
fuzz_cut(char **text, const char *separator)
{
    char *part = *text;
    char *end = strstr(part, separator);
    if (end == NULL) {
        *text = part + strlen(part);
        return part;
    }
    *end = '\0';
    *text = end + strlen(separator);
    return part;
}

char *
fuzz_replace(const char *text, const char *mark, const char *value)
{
    struct buffer replaced = {0};
    const char *at;
    while ((at = strstr(text, mark)) != NULL) {
        buffer_append(&replaced, text, (size_t)(at - text));
        buffer_text(&replaced, value);
        text = at + strlen(mark);
    }
    buffer_text(&replaced, text);
    return replaced.data;
}

void
fuzz_require_text(const char *text, size_t size)
{
    REQUIRE(memchr(text, '\0', size) != NULL);
    json_t *string = json_string(text); /* NULL where it is not UTF-8 */
    REQUIRE(string != NULL);
    json_decref(string);
}

void
fuzz_require_line(const char *text)
{
    for (; *text != '\0'; text++)
        REQUIRE((unsigned char)*text >= ' ' && *text != 0x7f);
}

void
fuzz_require_json(const char *text, size_t length)
{
    json_error_t error;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    REQUIRE(json_is_object(object));
    json_decref(object);
}

void
fuzz_require_problem(const struct problem *problem)
{
    struct response response = {0};
    fuzz_require_text(problem->detail, sizeof problem->detail);
    fuzz_require_text(problem->field, sizeof problem->field);
    response_problem(&response, problem);
    REQUIRE(response.status >= 400 && response.status <= 503 && response.status != 500);
    fuzz_require_json(response.body.data, response.body.length);
    buffer_free(&response.body);
}

struct fuzz_file
fuzz_file_create(void)
{
    struct fuzz_file file = {.descriptor = memfd_create("fuzz", 0)};
    if (file.descriptor < 0)
        abort();
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

void
fuzz_file_write(const struct fuzz_file *file, const void *bytes, size_t size)
{
    if (ftruncate(file->descriptor, 0) != 0 ||
        pwrite(file->descriptor, bytes, size, 0) != (ssize_t)size)
        abort();
}
