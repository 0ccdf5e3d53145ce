/* hex: bytes as lower-case hexadecimal digits. */
#ifndef FRONTROW_BASE_HEX_H
#define FRONTROW_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * size digits and a NUL. */
void hex_write(const uint8_t *bytes, size_t size, char *text);

/* Reads exactly 2 * size digits, after which the text ends. False on anything else. */
bool hex_read(const char *text, uint8_t *bytes, size_t size);

#endif
