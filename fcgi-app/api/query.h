/* query: reads one parameter of a query string. */
#ifndef FRONTROW_API_QUERY_H
#define FRONTROW_API_QUERY_H

#include <stddef.h>

#include "base/must_check.h"

enum query_result { QUERY_FOUND, QUERY_ABSENT, QUERY_BAD };

/*
 * Decodes the parameter `name` of the raw query into `value`. QUERY_BAD: it stands there twice, is
 * empty, badly encoded, longer than `size` - 1 bytes, or no valid UTF-8 without control characters.
 * Other parameters are not looked at.
 */
enum query_result query_read(const char *query, const char *name, char *value, size_t size)
    MUST_CHECK;

#endif
