/*
 * path: makes the path of a request, as nginx would have normalised it, from the parameters of
 * other web servers: decoded, without doubled slashes. A path with dot segments, a NUL or broken
 * encoding is refused, because servers do not agree on its meaning.
 */
#ifndef FRONTROW_SERVER_PATH_H
#define FRONTROW_SERVER_PATH_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * The path that CGI's SCRIPT_NAME and PATH_INFO are together; both are decoded already, and NULL
 * where they are absent. False: there is none, or it is not sound; `path` is "" then.
 */
bool path_from_names(struct buffer *path, const char *script_name, const char *path_info);

/* The same from REQUEST_URI, which is the request's target as the client wrote it, or NULL. */
bool path_from_uri(struct buffer *path, const char *uri);

#endif
