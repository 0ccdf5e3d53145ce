/*
 * hall_csv: a hall as CSV: read as spreadsheets and box offices save it, and written so that it is
 * read as the same hall. One line a seat, or a range of seats (from, to); the first line names the
 * columns, in English or Korean.
 */
#ifndef FRONTROW_DOMAIN_HALL_CSV_H
#define FRONTROW_DOMAIN_HALL_CSV_H

#include "base/csv.h"
#include "domain/hall/hall_plan.h"

/* How a file was understood. */
struct hall_csv {
    char delimiter;
    size_t header_count;
    char *headers[CSV_CELLS_MAX];            /* as they are written; they stand in the text */
    enum hall_column columns[CSV_CELLS_MAX]; /* what they mean; HALL_COLUMN_COUNT: nothing */
};

/*
 * Reads a text, which is overwritten (csv_reader()), into an empty plan. False: it is refused, with
 * line and cell; the plan is to be freed all the same.
 */
bool hall_csv_read(char *text, size_t length, struct hall_plan *plan, struct hall_csv *csv,
                   struct hall_fault *fault) MUST_CHECK;

/* Appends a finished plan. */
void hall_csv_write(const struct hall_plan *plan, struct buffer *out);

#endif
