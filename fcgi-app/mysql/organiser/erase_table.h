/* erase_table: the SQL that gives a user who asks to be forgotten another name. */
#ifndef FRONTROW_MYSQL_ERASE_TABLE_H
#define FRONTROW_MYSQL_ERASE_TABLE_H

#include "mysql/database.h"

/* What is stored of a user. */
struct erase_counts {
    int64_t balance;
    int64_t orders;  /* reservations of any status */
    int64_t to_come; /* paid ones whose item has not started and is not cancelled */
    int64_t holds;   /* live ones */
    int64_t entries; /* of the ledger */
};

enum db_result erase_table_count(struct database *db, const char *user_id,
                                 struct erase_counts *counts) MUST_CHECK;

enum { ERASE_HOLDS_MAX = 16 };

/* Live holds of the user, by number; at most ERASE_HOLDS_MAX. */
enum db_result erase_table_list_holds(struct database *db, const char *user_id,
                                      int64_t ids[ERASE_HOLDS_MAX], size_t *count) MUST_CHECK;

/* The first concert behind `after` in which the user has a token that lives; DB_NONE: no more. */
enum db_result erase_table_next_concert(struct database *db, const char *user_id, int32_t after,
                                        int32_t *concert_id) MUST_CHECK;

/*
 * Inside a transaction: puts `name` in the place of user_id wherever it is stored, but for the
 * purse and its ledger. *rows is how many rows were changed.
 */
enum db_result erase_table_rename(struct database *db, const char *user_id, const char *name,
                                  int64_t *rows) MUST_CHECK;

/* The same of the purse and its ledger, which are locked last. */
enum db_result erase_table_rename_purse(struct database *db, const char *user_id, const char *name,
                                        int64_t *rows) MUST_CHECK;

/* Whether the audit log has a row of the change to this name; locks it. DB_OK or DB_NONE. */
enum db_result erase_table_lock_log(struct database *db, const char *new_values) MUST_CHECK;

#endif
