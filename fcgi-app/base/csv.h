/*
 * csv: CSV (RFC 4180). Cells are read one line after the other, with the place of what is wrong;
 * texts are written as cells that spreadsheets take for texts.
 */
#ifndef FRONTROW_BASE_CSV_H
#define FRONTROW_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/must_check.h"

enum { CSV_CELLS_MAX = 64 };

/* Reads a text in place: cells are unquoted and ended where they stand. */
struct csv {
    char *at;
    char *end;
    char delimiter;
    int64_t line; /* the next one's number, from 1 */
};

struct csv_row {
    char *cells[CSV_CELLS_MAX]; /* behind the last one nothing is set */
    size_t count;               /* those above CSV_CELLS_MAX are counted only */
    int64_t line;               /* at which it begins */
};

enum csv_result {
    CSV_ROW,
    CSV_END,
    CSV_OPEN_QUOTE,       /* a quote that opens the last cell is not closed */
    CSV_TEXT_AFTER_QUOTE, /* something stands behind the quote that closes the last cell */
    /* of files only (base/csv_file.h) */
    CSV_LONG_LINE, /* above CSV_LINE_MAX bytes: perhaps a quote is not closed */
    CSV_NOT_TEXT,  /* in no encoding that we read */
    CSV_SPREADSHEET,
    CSV_UNREADABLE /* errno says why */
};

/*
 * Begins at the first line. `text` is overwritten, and text[length] must be a NUL. The delimiter is
 * the one of comma, semicolon and tab that is the most frequent one, outside of quotes, in the
 * first line that has any.
 */
struct csv csv_reader(char *text, size_t length);

/* Reads the next line. Where that is refused, row->count is the number of the cell, from 1. */
enum csv_result csv_next(struct csv *csv, struct csv_row *row) MUST_CHECK;

/* Whether a line of at most CSV_CELLS_MAX cells has anything in it. */
bool csv_row_has_text(const struct csv_row *row);

/* Writes a text as a quoted cell. One that would be a formula gets an apostrophe in front. */
void csv_write_text(struct buffer *out, const char *text);

/* The text of a cell that was written so: behind the apostrophe, if it has such a one. */
char *csv_text(char *cell);

#endif
