/* buffer: a growing byte string, reused from one request to the next. */
#ifndef FRONTROW_BASE_BUFFER_H
#define FRONTROW_BASE_BUFFER_H

#include <stddef.h>

/* Zero-initialised is empty and valid. `data` is NUL-terminated once anything was appended. */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
};

/* Appends bytes. Ends the process when there is no memory left (a bug or a broken machine). */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Appends a NUL-terminated text. */
void buffer_text(struct buffer *buffer, const char *text);

/* Appends formatted text. */
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `more` further bytes and returns where they begin; the length is not changed. */
char *buffer_reserve(struct buffer *buffer, size_t more);

/* Empties the buffer; memory above 1 MiB is given back, so that one large answer is not kept. */
void buffer_clear(struct buffer *buffer);

/* Frees the memory. The buffer is empty and valid afterwards. */
void buffer_free(struct buffer *buffer);

/* Replaces the bytes by their gzip form (RFC 1952), for the wire. */
void buffer_gzip(struct buffer *buffer);

#endif
