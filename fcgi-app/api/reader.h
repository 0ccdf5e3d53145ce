/*
 * reader: reads and checks the members of one JSON object, for bodies that go deeper than a table
 * of fields (input.h). After the first refusal nothing more is read.
 */
#ifndef FRONTROW_API_READER_H
#define FRONTROW_API_READER_H

#include <jansson.h>

#include "base/message.h"
#include "domain/concert/concert.h"

struct reader {
    const json_t *object;
    char path[64]; /* what stands before the members' names: "items[0]." */
    struct problem *problem;
    bool ok; /* false after a refusal, which is in *problem */
};

/* Refuses a member: invalid_field, "<name> must be <rule>". */
void reader_refuse(struct reader *reader, const char *name, const char *rule);

/* The member; NULL where it is absent (which is refused if it is required) or nothing is read. */
const json_t *reader_find(struct reader *reader, const char *name, bool required, const char *rule);

/*
 * 1 to `max` characters, into an array of `size` bytes; `default_value`, which may be `text`
 * itself, where the member is absent; NULL: it must be there.
 */
void reader_text(struct reader *reader, const char *name, size_t max, const char *default_value,
                 char *text, size_t size);

/* The integer, or *default_value where it is absent; `is_set`, where given, allows null,
 * and tells whether it is there and none. */
int64_t reader_integer(struct reader *reader, const char *name, int64_t min, int64_t max,
                       const int64_t *default_value, bool *is_set);
int32_t reader_small(struct reader *reader, const char *name, int32_t min, int32_t max,
                     const int64_t *default_value);

/* CLOCK_NEVER for null, and where it is absent; both only where it is not required. */
int64_t reader_instant(struct reader *reader, const char *name, bool required);

/* False where it is absent. */
bool reader_boolean(struct reader *reader, const char *name);

void reader_date(struct reader *reader, const char *name, char date[DATE_SIZE]);

/* The array, with zeroed room for its elements in *elements, which the caller frees; NULL where it
 * was refused or is empty. */
const json_t *reader_array(struct reader *reader, const char *name, size_t min, size_t max,
                           size_t element_size, void **elements);

/* A reader of the n-th object of an array that the reader found. */
struct reader reader_enter(struct reader *outer, const char *name, const json_t *array, size_t n);

#endif
