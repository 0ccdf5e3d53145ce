#include "domain/hall/hall_text.h"

#include <iconv.h>
#include <string.h>

#include "base/encoding.h"
#include "base/text.h"

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
    encoding_drop_marks(text);
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
    bool is_spreadsheet;
    *encoding = encoding_find(bytes, length, &is_spreadsheet);
    if (is_spreadsheet)
        return hall_fault_set(fault, HALL_SPREADSHEET);
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
