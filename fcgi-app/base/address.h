/* address: IP addresses, and what ranges they are in. */
#ifndef FRONTROW_BASE_ADDRESS_H
#define FRONTROW_BASE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Whether `text` is an address that only this machine reaches: one of 127.0.0.0/8, or ::1, which
 * may stand in brackets. NULL and what is no address are none.
 */
bool address_is_loopback(const char *text);

/* The same for a list with blanks between: true where all are loopback; an empty list is not. */
bool address_list_is_loopback(const char *list);

/*
 * Whether an address is in one of these ranges, which have blanks between: "10.0.0.0/8 fd00::/8";
 * one without a length is that address alone. An IPv4 address written as one of IPv6
 * (::ffff:10.0.0.1) is that of IPv4. What is no address of IPv4 or IPv6 is in none.
 */
bool address_is_in(const struct sockaddr *address, const char *ranges);

/* Whether that is a list of ranges; an empty one is. */
bool address_ranges_are_valid(const char *ranges);

/*
 * Whether an address is one of the public internet: neither this machine, nor a private network,
 * nor a link's own, nor many machines at once, nor one that leads to IPv4 in disguise.
 */
bool address_is_public(const struct sockaddr *address);

#endif
