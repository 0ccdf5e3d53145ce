/*
 * fuzz_query: one parameter of a query string. The input is the parameter's name, a line feed, and
 * the query. What is found must be the only one of that name, fit, and be a text; it must be found
 * as the same where it stands alone, and not at all where the query says it twice.
 */
#include <stdlib.h>
#include <string.h>

#include "api/query.h"
#include "fuzz.h"

enum { VALUE_SIZE = 64 };

/* Reads it into a block of exactly its size. */
static enum query_result
read_value(const char *query, const char *name, char value[VALUE_SIZE])
{
    char *block = malloc(VALUE_SIZE);
    if (block == NULL)
        abort();
    memset(block, 'x', VALUE_SIZE);
    enum query_result result = query_read(query, name, block, VALUE_SIZE);
    memcpy(value, block, VALUE_SIZE);
    free(block);
    return result;
}

static void
write_encoded(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++)
        buffer_format(out, "%%%02x", (unsigned char)*text);
}

static void
require_found_again(const char *name, const char *value)
{
    char again[VALUE_SIZE];
    struct buffer query = {0};
    write_encoded(&query, name);
    buffer_text(&query, "=");
    write_encoded(&query, value);
    REQUIRE(read_value(query.data, name, again) == QUERY_FOUND);
    REQUIRE(strcmp(value, again) == 0);
    buffer_text(&query, "&");
    write_encoded(&query, name);
    REQUIRE(read_value(query.data, name, again) == QUERY_BAD);
    buffer_free(&query);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size), *query = text;
    const char *name = fuzz_cut(&query, "\n");
    char value[VALUE_SIZE];
    if (*name != '\0' && strlen(name) < 32 && read_value(query, name, value) == QUERY_FOUND) {
        fuzz_require_text(value, sizeof value);
        fuzz_require_line(value);
        REQUIRE(value[0] != '\0');
        require_found_again(name, value);
    }
    free(text);
    return 0;
}
