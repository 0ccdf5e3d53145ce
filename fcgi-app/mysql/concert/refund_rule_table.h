/* refund_rule_table: the SQL of what buyers get back, by the days before the start. */
#ifndef FRONTROW_MYSQL_REFUND_RULE_TABLE_H
#define FRONTROW_MYSQL_REFUND_RULE_TABLE_H

#include "mysql/database.h"

enum { REFUND_RULES_MAX = 20, REFUND_DAYS_MAX = 3650 };

struct refund_rule {
    int32_t until_days; /* so many days before the start, or more: 0..REFUND_DAYS_MAX */
    int32_t percent;    /* of the price, 0..100; 0: buyers give nothing back */
};

/* The rules of a concert that are in force together. */
struct refund_rules {
    int64_t since; /* for what is paid from then on; CLOCK_NEVER: for all */
    size_t count;  /* 0: they were not read */
    struct refund_rule list[REFUND_RULES_MAX]; /* the most days first, no number of them twice */
};

/* Those that were in force at an instant, of the database's clock; count 0: none were set by then.
 */
enum db_result refund_rule_table_find(struct database *db, int32_t concert_id, int64_t at,
                                      struct refund_rules *rules) MUST_CHECK;

/* Adds rules from rules->since on, which is later than those that are there. */
enum db_result refund_rule_table_insert(struct database *db, int32_t concert_id,
                                        const struct refund_rules *rules) MUST_CHECK;

#endif
