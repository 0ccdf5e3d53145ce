#include "base/encoding.h"

#include <string.h>

#include "base/text.h"

enum { LOOKED_AT = 4096 };

/* The first bytes of a file, and what they tell. */
struct mark {
    const char *bytes;
    size_t length;
    const char
        *encoding; /* NULL: a spreadsheet: a ZIP archive (.xlsx, .ods), or a file of OLE (.xls) */
};

static const struct mark marks[] = {
    {BYTE_ORDER_MARK, 3, "UTF-8"}, {"\xff\xfe", 2, "UTF-16LE"},   {"\xfe\xff", 2, "UTF-16BE"},
    {"PK\x03\x04", 4, NULL},       {"\xd0\xcf\x11\xe0", 4, NULL},
};

static const struct mark *
find_mark(const char *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (length >= marks[i].length && memcmp(bytes, marks[i].bytes, marks[i].length) == 0)
            return &marks[i];
    return NULL;
}

/* A comma of UTF-16 has its NUL on one side, and so do digits and ends of lines. NULL: too few have
 * one. */
static const char *
find_utf16(const char *bytes, size_t length)
{
    size_t looked_at = length < LOOKED_AT ? length : LOOKED_AT, nuls[2] = {0};
    for (size_t i = 0; i < looked_at; i++)
        nuls[i % 2] += bytes[i] == '\0';
    if ((nuls[0] + nuls[1]) * 16 < looked_at || nuls[0] == nuls[1])
        return NULL;
    return nuls[0] > nuls[1] ? "UTF-16BE" : "UTF-16LE";
}

const char *
encoding_find(const char *bytes, size_t length, bool *is_spreadsheet)
{
    const struct mark *mark = find_mark(bytes, length);
    *is_spreadsheet = mark != NULL && mark->encoding == NULL;
    return mark != NULL ? mark->encoding : find_utf16(bytes, length);
}

void
encoding_drop_marks(struct buffer *text)
{
    const size_t length = sizeof BYTE_ORDER_MARK - 1;
    size_t dropped = 0;
    while (strncmp(text->data + dropped, BYTE_ORDER_MARK, length) == 0)
        dropped += length;
    text->length -= dropped;
    memmove(text->data, text->data + dropped, text->length + 1);
}
