/* session: what a new connection is set to, and what its server must be like. For mysql/ only. */
#ifndef FRONTROW_MYSQL_SESSION_H
#define FRONTROW_MYSQL_SESSION_H

#include "mysql/database.h"

/*
 * Sets the session up whatever the server's defaults and its init_connect say, and looks whether
 * the server is fit. On a result that is not DB_OK the connection must not be used;
 * db->misconfigured says whether it is for how the server is set up.
 */
enum db_result session_set_up(struct database *db) MUST_CHECK;

/*
 * In Galera and Group Replication: a transaction, and a statement without one, will see all that
 * was committed at any node before it began. DB_GONE: of several servers a node of Galera without
 * a quorum, as db->error_text says; it is not the one to use.
 */
enum db_result session_join_cluster(struct database *db) MUST_CHECK;

/*
 * DB_GONE: the server is read-only, or, once session_join_cluster() was asked, a member of a group
 * without a majority, as db->error_text says; it is not the one to use.
 */
enum db_result session_check_writable(struct database *db) MUST_CHECK;

#endif
