/* concert_about_table: the SQL of what buyers are told of a concert and no rule goes by. */
#ifndef FRONTROW_MYSQL_CONCERT_ABOUT_TABLE_H
#define FRONTROW_MYSQL_CONCERT_ABOUT_TABLE_H

#include "mysql/database.h"

enum {
    DESCRIPTION_CHARACTERS = 4000, /* in UTF-8 up to four bytes each, and a NUL */
    DESCRIPTION_SIZE = 4 * DESCRIPTION_CHARACTERS + 1,
    POSTER_CHARACTERS = 128,
    POSTER_SIZE = POSTER_CHARACTERS + 1
};

struct concert_about {
    char description[DESCRIPTION_SIZE]; /* plain text; "" where there is none, likewise poster */
    char poster[POSTER_SIZE];           /* a file in the folder of the pages */
    bool has_age_limit;
    int32_t age_limit; /* years */
    bool has_running_minutes;
    int32_t running_minutes;
};

/* What is told of a concert: nothing where there is no row. */
enum db_result concert_about_table_find(struct database *db, int32_t concert_id,
                                        struct concert_about *about) MUST_CHECK;

/* Writes all of it. The concert's row is locked. */
enum db_result concert_about_table_save(struct database *db, int32_t concert_id,
                                        const struct concert_about *about) MUST_CHECK;

#endif
