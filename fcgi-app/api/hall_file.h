/* hall_file: a hall in a file, as it comes from a box office: CSV, JSON, or a seating plan of
 * pretix. */
#ifndef FRONTROW_API_HALL_FILE_H
#define FRONTROW_API_HALL_FILE_H

#include "api/hall_json.h"
#include "domain/hall/hall_csv.h"

enum hall_form { HALL_FORM_CSV, HALL_FORM_JSON, HALL_FORM_PRETIX };

/* A hall, and how its file was understood. */
struct hall_file {
    struct hall_plan plan;
    char name[HALL_NAME_SIZE]; /* "": the file has none */
    enum hall_form form;
    const char *encoding; /* static */
    struct hall_csv csv;  /* of a CSV; its headers stand in `text` */
    struct buffer text;
};

/*
 * Reads the bytes of a file: JSON if its first character is { or [, else CSV. False: it is refused.
 * To be freed in both cases.
 */
bool hall_file_read(const char *bytes, size_t length, struct hall_file *file,
                    struct hall_fault *fault) MUST_CHECK;

void hall_file_free(struct hall_file *file);

#endif
