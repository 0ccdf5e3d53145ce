#include "base/csv_file.h"

#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "base/text.h"

enum { BLOCK = 1 << 16 };

/* ---- decoding ---- */

static bool
begin(struct csv_file *file, const char *encoding)
{
    if (file->has_converter)
        iconv_close(file->converter);
    file->converter = iconv_open("UTF-8", encoding);
    file->has_converter = file->converter != (iconv_t)-1; /* a system without this table has none */
    file->encoding = encoding;
    file->has_begun = file->has_ended = false;
    file->raw.length = file->text.length = 0;
    rewind(file->stream);
    return file->has_converter;
}

/* Appends what the next block says. */
static enum csv_result
decode_block(struct csv_file *file)
{
    struct buffer *raw = &file->raw, *text = &file->text;
    size_t got = fread(buffer_reserve(raw, BLOCK), 1, BLOCK, file->stream), before = text->length;
    if (ferror(file->stream))
        return CSV_UNREADABLE;
    raw->length += got;
    file->has_ended = got < BLOCK;
    /* two bytes become three at most */
    size_t left = raw->length, room = left + left / 2 + 4, free_room = room;
    char *from = raw->data, *to = buffer_reserve(text, room);
    bool whole = iconv(file->converter, &from, &left, &to, &free_room) != (size_t)-1 ||
                 (errno == EINVAL && !file->has_ended);
    text->length += room - free_room;
    text->data[text->length] = '\0';
    memmove(raw->data, from, left);
    raw->length = left;
    /* glibc takes numbers above U+10FFFF for characters; nor has a text a NUL */
    whole = whole && text_utf8_length(text->data + before) == text->length - before;
    if (!file->has_begun)
        encoding_drop_marks(text);
    file->has_begun = true;
    return whole ? CSV_ROW : CSV_NOT_TEXT;
}

/* Whether all of it is of the encoding. */
static enum csv_result
try(struct csv_file *file, const char *encoding)
{
    enum csv_result result = begin(file, encoding) ? CSV_ROW : CSV_NOT_TEXT;
    while (result == CSV_ROW && !file->has_ended) {
        file->text.length = 0;
        result = decode_block(file);
    }
    return result;
}

static enum csv_result
choose_encoding(struct csv_file *file)
{
    bool is_spreadsheet;
    size_t length = fread(buffer_reserve(&file->raw, BLOCK), 1, BLOCK, file->stream);
    const char *encoding = encoding_find(file->raw.data, length, &is_spreadsheet);
    if (ferror(file->stream))
        return CSV_UNREADABLE;
    if (is_spreadsheet)
        return CSV_SPREADSHEET;
    if (encoding == NULL) {
        enum csv_result result = try(file, "UTF-8");
        if (result == CSV_UNREADABLE)
            return result;
        encoding = result == CSV_ROW ? "UTF-8" : "CP949";
    }
    return begin(file, encoding) ? CSV_ROW : CSV_NOT_TEXT;
}

/* ---- lines ---- */

/*
 * Where the last line ends that is whole, a quoted end of line aside; 0: nowhere. What stands last
 * may be half of an end of line.
 */
static size_t
find_end(const struct buffer *text, char delimiter)
{
    size_t end = 0;
    bool is_quoted = false, begins_cell = true;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        if (is_quoted) {
            is_quoted = c != '"' || text->data[i + 1] == '"';
            i += c == '"' && is_quoted;
        } else if (c == '\n' || (c == '\r' && text->data[i + 1] != '\n' && i + 1 < text->length)) {
            end = i + 1;
            begins_cell = true;
        } else {
            is_quoted = begins_cell && c == '"';
            begins_cell = c == delimiter || (begins_cell && c == ' ');
        }
    }
    return end;
}

/* Takes whole lines out of the text. */
static enum csv_result
read_lines(struct csv_file *file)
{
    struct buffer *text = &file->text;
    enum csv_result result = CSV_ROW;
    size_t end = 0;
    while (result == CSV_ROW && end == 0 && !file->has_ended) {
        if (text->length > CSV_LINE_MAX)
            return CSV_LONG_LINE;
        bool is_first = !file->has_begun;
        result = decode_block(file);
        if (is_first)
            file->csv = csv_reader(text->data, text->length);
        end = find_end(text, file->csv.delimiter);
    }
    if (result != CSV_ROW)
        return result;
    if (file->has_ended)
        end = text->length;
    file->rows.length = 0;
    buffer_append(&file->rows, text->data, end);
    text->length -= end;
    memmove(text->data, text->data + end, text->length + 1);
    file->csv.at = file->rows.data;
    file->csv.end = file->rows.data + end;
    return end > 0 ? CSV_ROW : CSV_END;
}

enum csv_result
csv_file_next(struct csv_file *file, struct csv_row *row)
{
    row->count = 0;
    row->line = file->csv.line;
    if (file->csv.at == file->csv.end) {
        enum csv_result result = read_lines(file);
        if (result != CSV_ROW)
            return result;
    }
    return csv_next(&file->csv, row);
}

enum csv_result
csv_file_open(struct csv_file *file, const char *path)
{
    *file = (struct csv_file){.stream = fopen(path, "rb"), .csv.line = 1};
    if (file->stream == NULL || fseek(file->stream, 0, SEEK_SET) != 0)
        return CSV_UNREADABLE;
    return choose_encoding(file);
}

void
csv_file_close(struct csv_file *file)
{
    if (file->stream != NULL)
        fclose(file->stream);
    if (file->has_converter)
        iconv_close(file->converter);
    buffer_free(&file->raw);
    buffer_free(&file->text);
    buffer_free(&file->rows);
}
