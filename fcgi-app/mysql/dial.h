/* dial: opens a connection to one server: time-outs, TLS, login. For mysql/ only. */
#ifndef FRONTROW_MYSQL_DIAL_H
#define FRONTROW_MYSQL_DIAL_H

#include "base/host.h"
#include "mysql/connection.h"

/*
 * Where the settings name a socket, it is that, whatever `host` says. The files of mysql_tls are
 * read each time. NULL: db->error_text says why not.
 */
MYSQL *dial(struct database *db, const struct host *host);

/*
 * The addresses of a name, with its port, as the resolver orders them (getaddrinfo(3), which may
 * wait for a name server). Returns how many there are, at most `max`; 0 where it has none now.
 */
size_t dial_resolve(const struct host *host, struct host *addresses, size_t max);

#endif
