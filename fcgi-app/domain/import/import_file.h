/*
 * import_file: a file from another shop, of its orders or balances: which columns it has, its lines
 * one by one, and what is wrong with them.
 */
#ifndef FRONTROW_DOMAIN_IMPORT_FILE_H
#define FRONTROW_DOMAIN_IMPORT_FILE_H

#include "base/csv_file.h"
#include "domain/services.h"

/* IMPORT_COLUMN(name, text): what a column means, and what it is called in messages. */
#define IMPORT_COLUMNS(IMPORT_COLUMN)                                                              \
    IMPORT_COLUMN(REF, "ref")                                                                      \
    IMPORT_COLUMN(ITEM, "itemId")                                                                  \
    IMPORT_COLUMN(DATE, "date")                                                                    \
    IMPORT_COLUMN(SECTION, "section")                                                              \
    IMPORT_COLUMN(ROW, "row")                                                                      \
    IMPORT_COLUMN(LABEL, "label")                                                                  \
    IMPORT_COLUMN(SEAT, "seatId")                                                                  \
    IMPORT_COLUMN(USER, "userId")                                                                  \
    IMPORT_COLUMN(AMOUNT, "price")                                                                 \
    IMPORT_COLUMN(METHOD, "method")                                                                \
    IMPORT_COLUMN(STATUS, "status")                                                                \
    IMPORT_COLUMN(PAID_AT, "paidAt")

enum import_column {
#define IMPORT_COLUMN(name, text) IMPORT_##name,
    IMPORT_COLUMNS(IMPORT_COLUMN)
#undef IMPORT_COLUMN
        IMPORT_COLUMN_COUNT
};

enum { IMPORT_FAULT_SIZE = 400 };

/* Which names stood in the file before: eight bytes each, and no more than a file has orders. */
struct import_names {
    uint64_t *slots;
    size_t count;
    size_t capacity;
};

struct import_file {
    struct csv_file csv;
    struct csv_row row;
    int columns[IMPORT_COLUMN_COUNT]; /* the number of the cell, -1: there is none */
    size_t header_count;
    struct buffer meaning; /* "Order code = ref, Name = nothing": how it was understood */
    struct import_names names;
    int64_t read_count;  /* below the first one, empty ones aside */
    int64_t fault_count; /* so many were told */
    void (*tell)(int64_t line, int64_t column, const char *text); /* 0: none */
};

/*
 * Opens a file and reads which columns it has; `tell` hears what is wrong with it, here and later.
 * False: nothing can be read, and it was told why. Close it in any case.
 */
bool import_file_open(struct import_file *file, const char *path,
                      void (*tell)(int64_t line, int64_t column, const char *text)) MUST_CHECK;
void import_file_close(struct import_file *file);

/* Whether it has one of the columns; else tells that there is none for the first. */
bool import_file_has(struct import_file *file, enum import_column column, enum import_column other)
    MUST_CHECK;

/* Reads the next line that has a text in it. False: there is none, or it was told why not. */
bool import_file_next(struct import_file *file) MUST_CHECK;

/* A cell of the line, without blanks around it; "": it is empty, or there is no such column. */
const char *import_file_cell(const struct import_file *file, enum import_column column);

/* Tells what is wrong with the line that was read last, or with a line of before. */
void import_file_fault(struct import_file *file, enum import_column column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void import_file_fault_at(struct import_file *file, int64_t line, enum import_column column,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads the line's price or balance, a whole number. False: it was told that it is none. */
bool import_file_amount(struct import_file *file, int64_t max, int64_t *amount) MUST_CHECK;

/* The line's user, "" after telling that it is no userId. Stands until the next line is read. */
const char *import_file_user(struct import_file *file);

/* The line's reference, which may be empty. False: it was told that it cannot be one. */
bool import_file_reference(struct import_file *file, const char **reference) MUST_CHECK;

/* Remembers a name made of two parts. False: it is remembered already. */
bool import_file_is_new(struct import_file *file, const char *name, const char *rest);

#endif
