/* presale: what the calls of presale and frontrowctl share. */
#ifndef FRONTROW_API_PRESALE_H
#define FRONTROW_API_PRESALE_H

#include <jansson.h>

#include "base/json.h"
#include "domain/organiser/presale_admin.h"

/* Reads the body of a new window. False: *problem says why not. */
bool presale_read(const json_t *body, int32_t concert_id, struct presale *presale,
                  struct problem *problem) MUST_CHECK;

/* For struct presale_edit: takes over what the body of a change names. */
enum error presale_apply(const void *body, struct presale *presale, struct problem *problem)
    MUST_CHECK;

/* For the audit log; no code. */
void presale_describe(const struct presale *presale, struct buffer *values);

void presale_describe_codes(const struct presale_codes_make *make, struct buffer *values);

/* A window with what became of it. */
void presale_render(const void *edit, struct buffer *body);
void presale_write(struct json *json, const struct presale *presale,
                   const struct presale_counts *counts);

#endif
