/* host: servers as the settings name them, and the order in which several are tried. */
#ifndef FRONTROW_BASE_HOST_H
#define FRONTROW_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTS_MAX = 8, HOST_NAME_SIZE = 256, HOST_TEXT_SIZE = HOST_NAME_SIZE + 16 };

struct host {
    char name[HOST_NAME_SIZE]; /* a name or an address, without brackets */
    int port;
};

/*
 * Reads a list with blanks between: NAME, NAME:PORT, an IPv6 address in brackets. `port` is for
 * those without one. Returns how many there are, or -1 where the list is malformed or longer than
 * HOSTS_MAX.
 */
int host_list_read(const char *list, int port, struct host hosts[HOSTS_MAX]);

/* Reads one IP address with its port, to listen on. */
bool host_read_address(const char *text, struct host *host);

/* Names a server in shared memory; never 0, which is none. */
uint32_t host_key(const struct host *host);

/* For messages: "NAME, port PORT". */
void host_print(const struct host *host, char text[HOST_TEXT_SIZE]);

/*
 * In which order to try them: their own, from the chosen one on, and the doubted one last. Both are
 * keys, 0 for none; a key of no server in the list counts for none.
 */
void host_list_order(const struct host *hosts, size_t count, uint32_t chosen, uint32_t doubted,
                     size_t order[HOSTS_MAX]);

#endif
