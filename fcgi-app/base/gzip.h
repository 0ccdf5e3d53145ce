/* gzip: bytes compressed for the wire. */
#ifndef FRONTROW_BASE_GZIP_H
#define FRONTROW_BASE_GZIP_H

#include "base/buffer.h"

/* Replaces the bytes of the buffer by their gzip form (RFC 1952). */
void gzip_buffer(struct buffer *buffer);

#endif
