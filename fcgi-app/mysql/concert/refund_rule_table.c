#include "mysql/concert/refund_rule_table.h"

enum db_result
refund_rule_table_find(struct database *db, int32_t concert_id, int64_t at,
                       struct refund_rules *rules)
{
    static const struct query find = {
        "SELECT since, until_days, percent FROM refund_rule WHERE concert_id = ? AND since ="
        " (SELECT MAX(since) FROM refund_rule WHERE concert_id = ? AND since <= ?)"
        " ORDER BY until_days DESC"};
    struct refund_rule rule;
    rules->count = 0;
    enum db_result result = db_select(
        db, &find, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(concert_id), DB_INSTANT(at)),
        COLUMNS(INTO_INSTANT(&rules->since), INTO_INT32(&rule.until_days),
                INTO_INT32(&rule.percent)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        if (rules->count < REFUND_RULES_MAX)
            rules->list[rules->count++] = rule;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
refund_rule_table_insert(struct database *db, int32_t concert_id, const struct refund_rules *rules)
{
    static const struct query insert = {
        "INSERT INTO refund_rule (concert_id, since, until_days, percent) VALUES (?, ?, ?, ?)"};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < rules->count && result == DB_OK; i++)
        result = db_execute(db, &insert,
                            PARAMETERS(DB_INTEGER(concert_id), DB_INSTANT(rules->since),
                                       DB_INTEGER(rules->list[i].until_days),
                                       DB_INTEGER(rules->list[i].percent)));
    return result;
}
