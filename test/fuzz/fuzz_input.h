/* fuzz_input: what must hold of the checked fields of a call, whatever was sent. */
#ifndef FRONTROW_TEST_FUZZ_FUZZ_INPUT_H
#define FRONTROW_TEST_FUZZ_FUZZ_INPUT_H

#include "api/input.h"

/* Requires of each field of the route that its value is one that the table allows. */
void fuzz_require_input(const struct route *route, const struct input *input);

/* The fields written again: as a JSON object, or as a query with all of it percent-encoded. */
void fuzz_write_body(const struct route *route, const struct input *input, struct buffer *out);
void fuzz_write_query(const struct route *route, const struct input *input, struct buffer *out);

#endif
