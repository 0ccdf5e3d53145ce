/* random: bytes that nobody can guess, for keys, tokens and names. */
#ifndef FRONTROW_BASE_RANDOM_H
#define FRONTROW_BASE_RANDOM_H

#include <stddef.h>

/* From the kernel's generator, at most 256 bytes at once; the process ends where it has none. */
void random_fill(void *bytes, size_t size);

#endif
