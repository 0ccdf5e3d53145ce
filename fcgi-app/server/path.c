#include "server/path.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static void
append(struct buffer *path, char c)
{
    if (c != '/' || path->length == 0 || path->data[path->length - 1] != '/')
        buffer_append(path, &c, 1);
}

static bool
has_dot_segment(const char *path)
{
    for (; *path == '/'; path += 1 + strcspn(path + 1, "/")) {
        size_t length = strcspn(path + 1, "/");
        if (length > 0 && length <= 2 && strspn(path + 1, ".") >= length)
            return true;
    }
    return false;
}

/* What was put together is kept if it is a path and means only one thing. */
static bool
finish(struct buffer *path)
{
    bool sound = path->length > 0 && path->data[0] == '/' && !has_dot_segment(path->data);
    if (!sound) {
        buffer_clear(path);
        buffer_text(path, "");
    }
    return sound;
}

bool
path_from_names(struct buffer *path, const char *script_name, const char *path_info)
{
    buffer_clear(path);
    for (const char *at = script_name; at != NULL && *at != '\0'; at++)
        append(path, *at);
    for (const char *at = path_info; at != NULL && *at != '\0'; at++)
        append(path, *at);
    return finish(path);
}

/* Where the path begins: behind "http://host" too, which a client of a proxy writes. */
static const char *
skip_authority(const char *uri)
{
    const char *authority = uri + strcspn(uri, ":/?#");
    if (strncmp(authority, "://", 3) != 0)
        return uri;
    return authority + 3 + strcspn(authority + 3, "/?#");
}

bool
path_from_uri(struct buffer *path, const char *uri)
{
    buffer_clear(path);
    const char *at = uri == NULL ? "" : skip_authority(uri);
    while (*at != '\0' && *at != '?' && *at != '#') {
        uint8_t c = (uint8_t)*at++;
        if (c == '%') {
            char digits[3] = "";
            for (int i = 0; i < 2 && at[i] != '\0'; i++)
                digits[i] = (char)tolower((unsigned char)at[i]);
            if (!hex_read(digits, &c, 1) || c == '\0') {
                buffer_clear(path);
                break;
            }
            at += 2;
        }
        append(path, (char)c);
    }
    return finish(path);
}
