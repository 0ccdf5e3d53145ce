/*
 * import_balances: what buyers have in the purses of another shop, from a file with a line for
 * each. It is checked as a whole first, and then added to their points, as an operator adjusts
 * them.
 */
#ifndef FRONTROW_DOMAIN_IMPORT_BALANCES_H
#define FRONTROW_DOMAIN_IMPORT_BALANCES_H

#include "domain/import/import_file.h"
#include "domain/organiser/point_adjust.h"
#include "mysql/organiser/import_table.h"

enum { BALANCES_AT_ONCE = DB_ROWS_MAX };

/* A line of the file. */
struct import_balance {
    char user_id[USER_ID_SIZE];
    char reference[REFERENCE_SIZE];
    int64_t amount;
    int64_t line;
    bool was_there; /* it was imported before */
    int64_t history_id;
};

/* An import under way; as struct import_orders. */
struct import_balances {
    struct services *services;
    struct import_file file;
    const char *actor;
    void (*describe)(const char *user_id, int64_t balance, struct buffer *values);
    void (*progress)(const struct import_balances *import);
    bool writes;
    struct import_balance lines[BALANCES_AT_ONCE];
    size_t read_count;
    int64_t count; /* of the file, without those of 0 */
    int64_t amount;
    int64_t known_count;
    int64_t written_count;
    int64_t written_amount;
    int64_t refused_count; /* that would be above the limit of a purse */
};

/* As import_orders_run(); the caller also sets describe, which writes a purse for the audit log. */
enum error import_balances_run(struct import_balances *import, const char *path,
                               void (*tell)(int64_t line, int64_t column, const char *text),
                               struct problem *problem) MUST_CHECK;
void import_balances_free(struct import_balances *import);

#endif
