/* item_seats: the part of changing a date that is about its seats. */
#ifndef FRONTROW_DOMAIN_ITEM_SEATS_H
#define FRONTROW_DOMAIN_ITEM_SEATS_H

#include "domain/organiser/item_admin.h"

/*
 * Locks the seats that the change of a locked date names, by their numbers as buyers do, and
 * changes them. Fills in what they were, how many have changed and which layout the date has after
 * it. Refuses as item_change_execute() does.
 */
enum error item_seats_change(struct services *services, struct item_change *change,
                             struct problem *problem) MUST_CHECK;

#endif
