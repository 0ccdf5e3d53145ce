/*
 * csv_file: CSV from a file of any length, whatever program has saved it. A block of it is in
 * memory at a time.
 */
#ifndef FRONTROW_BASE_CSV_FILE_H
#define FRONTROW_BASE_CSV_FILE_H

#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/csv.h"

enum { CSV_LINE_MAX = 1 << 16 /* bytes of a line, in UTF-8 */ };

struct csv_file {
    FILE *stream;
    const char *encoding; /* for iconv_open(), static */
    iconv_t converter;
    bool has_converter;
    bool has_begun;
    bool has_ended;     /* the stream has no more */
    struct buffer raw;  /* read and not decoded yet: no whole character is left of a block */
    struct buffer text; /* decoded, behind the lines of `rows` */
    struct buffer rows; /* whole lines, which `csv` reads in place */
    struct csv csv;
};

/*
 * Opens a file that can be read twice. A byte order mark tells what its bytes are. Without one they
 * are UTF-16 if some are NUL, UTF-8 if all of them are valid so, and else CP949, as Excel saves CSV
 * in Korea. CSV_ROW: it is open. Close it in any case.
 */
enum csv_result csv_file_open(struct csv_file *file, const char *path) MUST_CHECK;
void csv_file_close(struct csv_file *file);

/* As csv_next(). The cells stand until the next call. */
enum csv_result csv_file_next(struct csv_file *file, struct csv_row *row) MUST_CHECK;

#endif
