/*
 * hall_json: a hall as JSON: `{"name":...,"seats":[{"section":...},...]}` with the members of a
 * record (hall_plan.h) and `"gap":true`, or a seating plan of pretix: its zones are sections.
 */
#ifndef FRONTROW_API_HALL_JSON_H
#define FRONTROW_API_HALL_JSON_H

#include "domain/hall/hall_kept.h"

/*
 * Reads a text, with a NUL behind it, into an empty plan; `name` gets the hall's, "" if there is
 * none. *is_pretix: it is such a plan. False: it is refused, with line and character; the plan is
 * to be freed all the same.
 */
bool hall_json_read(const char *text, size_t length, struct hall_plan *plan,
                    char name[HALL_NAME_SIZE], bool *is_pretix, struct hall_fault *fault)
    MUST_CHECK;

#endif
