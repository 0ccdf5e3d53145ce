/* redact: takes out of a text for diagnosis what belongs to customers or is secret. */
#ifndef FRONTROW_CTL_REDACT_H
#define FRONTROW_CTL_REDACT_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Appends the text with a "?" in place of: user ids (userId=, user=, "user":), queue tokens,
 * addresses of clients at the begin of a line, and, with `is_sql`, whatever stands in quotes.
 */
void redact(const char *text, bool is_sql, struct buffer *out);

#endif
