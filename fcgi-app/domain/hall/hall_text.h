/* hall_text: the bytes of a file as text in UTF-8, whatever program has saved it. */
#ifndef FRONTROW_DOMAIN_HALL_TEXT_H
#define FRONTROW_DOMAIN_HALL_TEXT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/must_check.h"
#include "domain/hall/hall_fault.h"

/*
 * Writes the text into `text`, which is empty, without a byte order mark and with a NUL behind it.
 * A byte order mark tells what the bytes are. Without one they are UTF-16 if some are NUL, UTF-8 if
 * they are valid so, and else CP949, as Excel saves CSV in Korea. *encoding is the name of what
 * they were, static. False: it is no text, or the file of a spreadsheet.
 */
bool hall_text_decode(const char *bytes, size_t length, struct buffer *text, const char **encoding,
                      struct hall_fault *fault) MUST_CHECK;

#endif
