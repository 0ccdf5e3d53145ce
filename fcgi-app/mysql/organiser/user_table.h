/* user_table: the SQL of what operators ask of one user over all concerts. */
#ifndef FRONTROW_MYSQL_USER_TABLE_H
#define FRONTROW_MYSQL_USER_TABLE_H

#include "mysql/database.h"

enum { USER_CONCERTS_MAX = 20 };

/*
 * The concerts that are stored as open in which the user has reserved, or has a token that lives,
 * by descending number; at most USER_CONCERTS_MAX.
 */
enum db_result user_table_list_concerts(struct database *db, const char *user_id,
                                        int32_t ids[USER_CONCERTS_MAX], size_t *count) MUST_CHECK;

#endif
