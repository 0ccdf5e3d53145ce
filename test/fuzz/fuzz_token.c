/*
 * fuzz_token: the text of a queue token. The whole input is the text; one that is read must be what
 * is written for the token that it names.
 */
#include <stdlib.h>
#include <string.h>

#include "domain/queue/queue.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size);
    char again[QUEUE_TOKEN_TEXT_SIZE];
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    if (queue_read_token(text, &concert_id, token)) {
        REQUIRE(concert_id >= 1);
        queue_write_token(concert_id, token, again);
        REQUIRE(strcmp(text, again) == 0);
    }
    free(text);
    return 0;
}
