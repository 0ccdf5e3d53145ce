/* demo: the demo's data (schema/demo.sql), which replaces everything that is in the database. */
#ifndef FRONTROW_MYSQL_DEMO_H
#define FRONTROW_MYSQL_DEMO_H

#include "mysql/database.h"

/* How many concerts there are, and how many of them the demo did not make. */
enum db_result demo_count_concerts(struct database *db, int32_t *all, int32_t *others) MUST_CHECK;

/* The concert with the lowest id above `after`: DB_OK or DB_NONE. */
enum db_result demo_next_concert(struct database *db, int32_t after, int32_t *concert_id)
    MUST_CHECK;

/* Runs the text of demo.sql in one transaction, again after a deadlock. */
enum db_result demo_replace_all(struct database *db, const char *sql) MUST_CHECK;

#endif
