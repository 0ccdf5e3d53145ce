/* id_table: the highest id of each table that gives ids. */
#ifndef FRONTROW_MYSQL_ID_TABLE_H
#define FRONTROW_MYSQL_ID_TABLE_H

#include "mysql/database.h"

enum { ID_TABLES = 6 };

struct id_use {
    const char *table; /* static */
    int64_t last;      /* the highest id in use, 0: none */
    int64_t max;       /* the highest one that there may be */
};

/* Reads the ends of six indexes. A table's next id may be higher than its last: see AUTO_INCREMENT.
 */
enum db_result id_table_read(struct database *db, struct id_use uses[ID_TABLES]) MUST_CHECK;

#endif
