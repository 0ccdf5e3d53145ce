/* audit_log_table: the SQL of the audit log: who changed what, and what it was before. */
#ifndef FRONTROW_MYSQL_AUDIT_LOG_TABLE_H
#define FRONTROW_MYSQL_AUDIT_LOG_TABLE_H

#include "mysql/database.h"

enum {
    LOG_NAME_SIZE = 4 * 64 + 1,    /* of an actor or an action */
    LOG_DETAIL_CHARACTERS = 10000, /* of a longer one the rest is left out */
    LOG_DETAIL_SIZE = 4 * LOG_DETAIL_CHARACTERS + 1,
    LOG_VALUES_SIZE = 1 << 16, /* as much as a TEXT holds */
};

/* What is written of a change. All is borrowed. */
struct log_entry {
    const char *actor; /* an operator's name, or "ctl" */
    const char *action;
    int32_t concert_id; /* 0: it is about none */
    const char *detail;
    const char *old_values; /* JSON objects; NULL or "": none */
    const char *new_values;
};

/* The same as it is read. */
struct log_row {
    int64_t log_id;
    char actor[LOG_NAME_SIZE];
    char action[LOG_NAME_SIZE];
    int32_t concert_id; /* 0: none */
    char detail[LOG_DETAIL_SIZE];
    char old_values[LOG_VALUES_SIZE]; /* "": none */
    char new_values[LOG_VALUES_SIZE];
    int64_t created_at;
};

enum db_result audit_log_table_add(struct database *db, const struct log_entry *entry) MUST_CHECK;

/*
 * Rows with ids below `before`, newest first, at most `limit`; those about a concert where
 * concert_id is not 0. db_next() fills *row.
 */
enum db_result audit_log_table_list(struct database *db, int32_t concert_id, int64_t before,
                                    int32_t limit, struct log_row *row) MUST_CHECK;

#endif
