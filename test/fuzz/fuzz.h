/*
 * fuzz: what the fuzzers share. Each fuzzer is one LLVMFuzzerTestOneInput(), which hands its bytes
 * to a parser as a stranger or an operator would, and then requires what must hold of any input.
 */
#ifndef FRONTROW_TEST_FUZZ_FUZZ_H
#define FRONTROW_TEST_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

/* What libFuzzer, or replay.c, calls with each input. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which is a finding, where the condition does not hold. */
#define REQUIRE(condition) ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* A NUL-terminated copy in a block of its own, so that a sanitizer sees who reads past its end. */
char *fuzz_copy(const uint8_t *data, size_t size);

/*
 * Cuts the first part off `*text`: what stands before `separator`, or all. The separator becomes a
 * NUL; *text is what follows it, "" behind the last part.
 */
char *fuzz_cut(char **text, const char *separator);

/* The text with each `mark` replaced; the caller frees it. */
char *fuzz_replace(const char *text, const char *mark, const char *value);

/* Requires a text that ends within its array and is valid UTF-8. */
void fuzz_require_text(const char *text, size_t size);

/* Requires that it has no control character either. */
void fuzz_require_line(const char *text);

/* Requires a refusal that can be answered: a code of the table, and texts as above. */
void fuzz_require_problem(const struct problem *problem);

/* Requires one whole JSON object, as clients parse it. */
void fuzz_require_json(const char *text, size_t length);

/* A file in memory. `path` opens it from the begin as often as one likes. */
struct fuzz_file {
    int descriptor;
    char path[40];
};

/* Makes an empty one; it lives as long as the process. */
struct fuzz_file fuzz_file_create(void);

/* Replaces what is in it. */
void fuzz_file_write(const struct fuzz_file *file, const void *bytes, size_t size);

#endif
