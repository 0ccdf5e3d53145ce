/* encoding: what the first bytes of a file tell of the program that has saved it. */
#ifndef FRONTROW_BASE_ENCODING_H
#define FRONTROW_BASE_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/*
 * The encoding's name for iconv_open(), static: by a byte order mark; without one UTF-16 if some
 * bytes are NUL. NULL: they do not tell, or it is no text but the file of a spreadsheet.
 */
const char *encoding_find(const char *bytes, size_t length, bool *is_spreadsheet);

/*
 * Takes all byte order marks off the begin of a text in UTF-8: a program that took the mark of
 * another one for text has put its own before it.
 */
void encoding_drop_marks(struct buffer *text);

#endif
