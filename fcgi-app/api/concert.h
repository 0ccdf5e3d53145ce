/* concert: what lists say of a concert, to buyers and to operators. */
#ifndef FRONTROW_API_CONCERT_H
#define FRONTROW_API_CONCERT_H

#include "base/json.h"
#include "domain/concert/concert_list.h"

/* Writes what it is and when, into the object that is open: concertId to maxPrice. */
void concert_write(struct json *json, const struct services *services,
                   const struct listed_concert *row);

/* The same of what buyers are told of one concert only: description to poster. */
void concert_about_write(struct json *json, const struct concert_about *about);

#endif
