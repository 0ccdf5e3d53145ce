#include "base/csv.h"

#include <string.h>

static char
find_delimiter(const char *text)
{
    static const char delimiters[] = ",;\t";
    size_t counts[sizeof delimiters - 1] = {0}, all = 0, best = 0;
    bool quoted = false;
    for (; *text != '\0' && (quoted || all == 0 || (*text != '\n' && *text != '\r')); text++) {
        const char *found = strchr(delimiters, *text);
        quoted ^= *text == '"';
        if (found != NULL && !quoted) {
            counts[found - delimiters]++;
            all++;
        }
    }
    for (size_t i = 1; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] > counts[best])
            best = i;
    return delimiters[best];
}

struct csv
csv_reader(char *text, size_t length)
{
    return (struct csv){
        .at = text, .end = text + length, .delimiter = find_delimiter(text), .line = 1};
}

static bool
is_at_end_of_cell(const struct csv *csv)
{
    return csv->at == csv->end || *csv->at == csv->delimiter || *csv->at == '\n' ||
           *csv->at == '\r';
}

/* Moves the text over its doubled quotes; *end is where it ends then. */
static enum csv_result
read_quoted(struct csv *csv, char **end)
{
    bool closed = false;
    char *to = ++csv->at;
    while (csv->at < csv->end && !closed) {
        closed = *csv->at == '"' && csv->at[1] != '"';
        csv->at += *csv->at == '"' && !closed;
        csv->line += *csv->at == '\n';
        if (!closed)
            *to++ = *csv->at;
        csv->at++;
    }
    *end = to;
    if (!closed)
        return CSV_OPEN_QUOTE;
    while (*csv->at == ' ')
        csv->at++;
    return is_at_end_of_cell(csv) ? CSV_ROW : CSV_TEXT_AFTER_QUOTE;
}

/* Reads a cell up to what ends it. */
static enum csv_result
read_cell(struct csv *csv, char **cell, char **end)
{
    while (*csv->at == ' ')
        csv->at++;
    if (*csv->at == '"') {
        *cell = csv->at + 1;
        return read_quoted(csv, end);
    }
    *cell = csv->at;
    while (!is_at_end_of_cell(csv))
        csv->at++;
    *end = csv->at;
    return CSV_ROW;
}

/* Goes behind the delimiter, or behind the end of the line: then there is no other cell. */
static bool
skip_delimiter(struct csv *csv)
{
    if (csv->at == csv->end)
        return false;
    char skipped = *csv->at++;
    if (skipped == csv->delimiter)
        return true;
    if (skipped == '\r' && *csv->at == '\n')
        csv->at++;
    csv->line++;
    return false;
}

enum csv_result
csv_next(struct csv *csv, struct csv_row *row)
{
    row->count = 0;
    row->line = csv->line;
    if (csv->at == csv->end)
        return CSV_END;
    for (bool more = true; more;) {
        char *cell, *end;
        enum csv_result result = read_cell(csv, &cell, &end);
        if (row->count++ < CSV_CELLS_MAX)
            row->cells[row->count - 1] = cell;
        if (result != CSV_ROW)
            return result;
        more = skip_delimiter(csv);
        *end = '\0'; /* perhaps in place of the delimiter */
    }
    return CSV_ROW;
}

bool
csv_row_has_text(const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (*row->cells[i] != '\0')
            return true;
    return false;
}

/*
 * Spreadsheets compute such a cell. One that has apostrophes in front already gets one more, so
 * that whoever takes one off has what was written.
 */
static bool
looks_like_formula(const char *text)
{
    static const char formula[] = "=+-@\t\r";
    text += strspn(text, "'");
    return *text != '\0' && strchr(formula, *text) != NULL;
}

void
csv_write_text(struct buffer *out, const char *text)
{
    buffer_text(out, looks_like_formula(text) ? "\"'" : "\"");
    for (;;) {
        size_t length = strcspn(text, "\"");
        buffer_append(out, text, length);
        text += length;
        if (*text++ == '\0')
            break;
        buffer_text(out, "\"\"");
    }
    buffer_text(out, "\"");
}

char *
csv_text(char *cell)
{
    return *cell == '\'' && looks_like_formula(cell) ? cell + 1 : cell;
}
