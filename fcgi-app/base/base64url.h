/* base64url: the text form of bytes in tokens and keys (RFC 7515, section 2). */
#ifndef FRONTROW_BASE_BASE64URL_H
#define FRONTROW_BASE_BASE64URL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/must_check.h"

/* Room for the bytes of `length` characters. */
#define BASE64URL_BYTES(length) ((length) / 4 * 3 + 2)

/*
 * Writes the bytes of `length` characters to `bytes`, which has room for them. Returns how many
 * there are; -1 where the text is not well-formed, has padding, or is not the one text that those
 * bytes have.
 */
ssize_t base64url_read(const char *text, size_t length, uint8_t *bytes) MUST_CHECK;

/* Appends the text of some bytes, without padding. */
void base64url_append(struct buffer *text, const uint8_t *bytes, size_t length);

#endif
