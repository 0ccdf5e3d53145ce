/*
 * sheet: rows of named cells, as CSV (RFC 4180) that opens in spreadsheets, or as a JSON object on
 * each line. A row is told by a function of its own, which writes the head of a CSV as well.
 */
#ifndef FRONTROW_API_SHEET_H
#define FRONTROW_API_SHEET_H

#include "base/json.h"

enum sheet_form { SHEET_CSV = 1, SHEET_NDJSON };

struct sheet {
    struct buffer *out;
    enum sheet_form form;
    bool is_head; /* names are written in place of values */
    bool has_cells;
    struct json json;
};

/* Of a CSV: the byte order mark, by which spreadsheets know UTF-8, and a row of names. */
void sheet_begin_head(struct sheet *sheet);

void sheet_begin_row(struct sheet *sheet);
void sheet_end_row(struct sheet *sheet);

/* A text; in a CSV one that a spreadsheet would take for a formula gets an apostrophe in front. */
void sheet_text(struct sheet *sheet, const char *name, const char *text);
void sheet_integer(struct sheet *sheet, const char *name, int64_t value);

/* An empty cell or null where there is none: `known` is false, or CLOCK_NEVER. */
void sheet_optional_integer(struct sheet *sheet, const char *name, bool known, int64_t value);
void sheet_optional_text(struct sheet *sheet, const char *name, bool known, const char *text);
void sheet_instant(struct sheet *sheet, const char *name, int64_t instant);

#endif
