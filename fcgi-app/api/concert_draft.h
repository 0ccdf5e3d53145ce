/*
 * concert_draft: reads the JSON of a new concert (POST /admin/concert, frontrowctl concert create),
 * of a new date, and of a change of either.
 */
#ifndef FRONTROW_API_CONCERT_DRAFT_H
#define FRONTROW_API_CONCERT_DRAFT_H

#include <jansson.h>

#include "domain/organiser/item_admin.h"

/*
 * Reads and checks a new concert with its items. The caller frees the draft, on failure as well.
 * Refuses with invalid_field and the field's whole name ("items[0].seats[1].price").
 */
enum error concert_draft_read(const json_t *body, struct concert_draft *draft,
                              struct problem *problem) MUST_CHECK;

/* The same of one date with its seats ("seats[1].price"). Freed by item_draft_free(). */
enum error item_draft_read(const json_t *body, struct item_draft *draft, struct problem *problem)
    MUST_CHECK;

/*
 * Reads and checks what a change of a date names, into what is zero-initialised. The caller frees
 * it, on failure as well. Refuses with invalid_field.
 */
enum error item_change_read(const json_t *body, struct item_change *change, struct problem *problem)
    MUST_CHECK;

/* Writes a member `warnings`, a list of sentences; none where it is NULL or "". */
void concert_warning_write(struct json *json, const char *warning);

/*
 * Writes the answer to a new concert: `{"concertId":...,"itemIds":[...]}`, the items in the draft's
 * order, and its warning. The render() of an effect whose state is a struct concert_create.
 */
void concert_draft_render(const void *create, struct buffer *body);

/*
 * Reads what a change wants over the settings that *concert has: an apply() of struct
 * concert_change. `body` is a json_t. Refuses with invalid_field.
 */
enum error concert_change_read(const void *body, struct concert *concert, struct problem *problem)
    MUST_CHECK;

/* The same of what buyers are told: its apply_about(). */
enum error concert_about_read(const void *body, struct concert_about *about,
                              struct problem *problem) MUST_CHECK;

#endif
