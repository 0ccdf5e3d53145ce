/* audit_table: the invariants of the books, each as one statement that counts its violations. */
#ifndef FRONTROW_MYSQL_AUDIT_TABLE_H
#define FRONTROW_MYSQL_AUDIT_TABLE_H

#include "mysql/database.h"

struct audit_check {
    const char *name;
    const char *rule; /* a sentence for people */
    struct query count;
    bool harmless; /* counted for information: no violation */
};

extern const struct audit_check audit_checks[];
extern const size_t audit_check_count;

/* Counts what breaks one rule. */
enum db_result audit_table_count(struct database *db, const struct audit_check *check,
                                 int64_t *count) MUST_CHECK;

#endif
