/* concert_settings: a concert's settings as operators and the audit log see them. */
#ifndef FRONTROW_API_CONCERT_SETTINGS_H
#define FRONTROW_API_CONCERT_SETTINGS_H

#include "base/json.h"
#include "domain/organiser/concert_admin.h"

/* Writes the members into the object that is open. */
void concert_settings_write(struct json *json, const struct services *services,
                            const struct concert *concert);

/* Somebody of this name, which is borrowed, whose changes are described by these members. */
struct author concert_author(const char *name);

#endif
