/* address: IP addresses as text. */
#ifndef FRONTROW_BASE_ADDRESS_H
#define FRONTROW_BASE_ADDRESS_H

#include <stdbool.h>

/*
 * Whether `text` is an address that only this machine reaches: one of 127.0.0.0/8, or ::1, which
 * may stand in brackets. NULL and what is no address are none.
 */
bool address_is_loopback(const char *text);

/* The same for a list with blanks between: true where all are loopback; an empty list is not. */
bool address_list_is_loopback(const char *list);

#endif
