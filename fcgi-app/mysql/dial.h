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

#endif
