/* import_table: the SQL of what was imported from another shop, by its references there. */
#ifndef FRONTROW_MYSQL_IMPORT_TABLE_H
#define FRONTROW_MYSQL_IMPORT_TABLE_H

#include "mysql/database.h"

enum { REFERENCE_CHARACTERS = 64, REFERENCE_SIZE = 4 * REFERENCE_CHARACTERS + 1 };

/* A part of an order there. */
struct imported_order {
    int32_t concert_id;
    const char *reference;
    int32_t part;           /* from 1 */
    int64_t reservation_id; /* that was made of it */
};

struct imported_balance {
    const char *user_id;
    const char *reference; /* "": none */
    int64_t history_id;    /* of the entry that was made of it */
};

/* Fills in the last member. DB_NONE: it was not imported, and the member is 0. */
enum db_result import_table_find_order(struct database *db, struct imported_order *order)
    MUST_CHECK;
enum db_result import_table_find_balance(struct database *db, struct imported_balance *balance)
    MUST_CHECK;

/* The same, with a lock. */
enum db_result import_table_lock_order(struct database *db, struct imported_order *order)
    MUST_CHECK;
enum db_result import_table_lock_balance(struct database *db, struct imported_balance *balance)
    MUST_CHECK;

/* DB_RETRY: somebody else imports the same just now. */
enum db_result import_table_add_order(struct database *db, const struct imported_order *order)
    MUST_CHECK;
enum db_result import_table_add_balance(struct database *db, const struct imported_balance *balance)
    MUST_CHECK;

#endif
