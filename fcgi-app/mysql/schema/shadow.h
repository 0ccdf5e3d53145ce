/*
 * shadow: a database beside the real one, in which a copy of one concert is sold in a rehearsal. It
 * says itself, in its table `rehearsal`, what else has to be removed with it, so that nothing is
 * left of one that was killed.
 */
#ifndef FRONTROW_MYSQL_SHADOW_H
#define FRONTROW_MYSQL_SHADOW_H

#include "mysql/database.h"

enum { SHADOW_NAME_SIZE = 65, SHADOW_PATH_SIZE = 100 };

/* What belongs to it beside the database. */
struct shadow {
    int32_t redis_database;
    int32_t concert_id;
    char run_dir[SHADOW_PATH_SIZE]; /* without quotes and backslashes */
};

enum shadow_state {
    SHADOW_ABSENT,
    SHADOW_EMPTY,   /* nothing else was made yet */
    SHADOW_OURS,    /* made by a rehearsal, at least begun */
    SHADOW_FOREIGN, /* a database of this name with tables of somebody else */
};

/* The name that belongs to a database: it with "_rehearsal". False: it is too long, or has a `. */
bool shadow_name(const char *database, char name[SHADOW_NAME_SIZE]) MUST_CHECK;

/* Keeps others from rehearsing while this connection to the real database lasts. DB_NONE: one does.
 */
enum db_result shadow_lock(struct database *real) MUST_CHECK;

/* These three take a connection to any database of the server. */
enum db_result shadow_find(struct database *db, const char *name, enum shadow_state *state)
    MUST_CHECK;
enum db_result shadow_create(struct database *db, const char *name, const struct shadow *shadow)
    MUST_CHECK;
enum db_result shadow_drop(struct database *db, const char *name) MUST_CHECK;

/* What was given to shadow_create(), from a connection to the shadow. DB_NONE: it came not so far.
 */
enum db_result shadow_read(struct database *shadow_db, struct shadow *shadow) MUST_CHECK;

/*
 * Copies a concert from the database `from` into the shadow, which has the schema: on sale now,
 * with all seats that are not sold. `capacity` is that of its queue; -1: as it is.
 */
enum db_result shadow_copy(struct database *shadow_db, const char *from, int32_t concert_id,
                           int32_t capacity) MUST_CHECK;

#endif
