#include "domain/hall/hall_text.h"

#include <iconv.h>
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

/* A program that took the mark of another one for text has put its own before it. */
static void
drop_marks(struct buffer *text)
{
    const size_t length = sizeof BYTE_ORDER_MARK - 1;
    const char *begin = text->data;
    while (strncmp(begin, BYTE_ORDER_MARK, length) == 0)
        begin += length;
    text->length -= (size_t)(begin - text->data);
    memmove(text->data, begin, text->length + 1);
}

/* Appends what the bytes say; up to the first that are not of this encoding, where there are such:
 * false. */
static bool
convert(const char *bytes, size_t length, const char *encoding, struct buffer *text)
{
    iconv_t converter = iconv_open("UTF-8", encoding);
    if (converter == (iconv_t)-1)
        return false; /* a system without this table */
    /* two bytes become three at most */
    size_t room = length + length / 2 + 4, left = room;
    char *from = (char *)bytes, *to = buffer_reserve(text, room + 1);
    bool whole = iconv(converter, &from, &length, &to, &left) != (size_t)-1;
    iconv_close(converter);
    text->length += room - left;
    text->data[text->length] = '\0';
    drop_marks(text);
    /* glibc takes numbers above U+10FFFF for characters */
    return whole && text_is_utf8(text->data);
}

/* Says where the text ends that could be read. */
static bool
refuse_rest(const struct buffer *text, size_t length, struct hall_fault *fault)
{
    hall_fault_set(fault, HALL_NOT_TEXT);
    fault->line = fault->column = 1;
    for (size_t i = 0; i < length; i++) {
        fault->column += ((unsigned char)text->data[i] & 0xc0) != 0x80;
        if (text->data[i] != '\n')
            continue;
        fault->line++;
        fault->column = 1;
    }
    return false;
}

bool
hall_text_decode(const char *bytes, size_t length, struct buffer *text, const char **encoding,
                 struct hall_fault *fault)
{
    const struct mark *mark = find_mark(bytes, length);
    if (mark != NULL && mark->encoding == NULL)
        return hall_fault_set(fault, HALL_SPREADSHEET);
    *encoding = mark != NULL ? mark->encoding : find_utf16(bytes, length);
    bool guessed = *encoding == NULL;
    if (guessed)
        *encoding = "UTF-8";
    bool whole = convert(bytes, length, *encoding, text);
    if (!whole && guessed) {
        *encoding = "CP949";
        buffer_clear(text);
        whole = convert(bytes, length, *encoding, text);
    }
    size_t readable = text->data != NULL ? text_utf8_length(text->data) : 0;
    return (whole && readable == text->length) || refuse_rest(text, readable, fault);
}
