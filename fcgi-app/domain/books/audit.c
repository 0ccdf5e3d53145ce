#include "domain/books/audit.h"

#include "domain/draw/draw.h"
#include "domain/queue/queue_sweep.h"
#include "mysql/books/audit_table.h"
#include "mysql/transaction.h"

typedef void report_function(void *context, const struct audit_finding *finding);

static enum db_result
audit_mysql(struct database *db, report_function *report, void *context)
{
    enum db_result result = transaction_begin_snapshot(db);
    for (size_t i = 0; i < audit_check_count && result == DB_OK; i++) {
        const struct audit_check *check = &audit_checks[i];
        struct audit_finding finding = {
            .name = check->name, .rule = check->rule, .harmless = check->harmless};
        result = audit_table_count(db, check, &finding.count);
        if (result == DB_OK)
            report(context, &finding);
    }
    transaction_rollback(db);
    return result;
}

static enum db_result
audit_draws(struct services *services, report_function *report, void *context)
{
    struct draw_audit draws;
    enum db_result result = draw_audit(services, &draws);
    if (result != DB_OK)
        return result;
    report(context, &(struct audit_finding){
                        .name = "draw_list_fits",
                        .rule = "the published list of a draw is that of its tokens",
                        .count = draws.lists,
                    });
    report(context, &(struct audit_finding){
                        .name = "draw_ranks_fit",
                        .rule = "the ranks of a draw follow from seed, list and beacon",
                        .count = draws.ranks,
                    });
    return DB_OK;
}

static enum db_result
audit_redis(struct services *services, report_function *report, void *context, bool *redis_gone)
{
    struct queue_audit queues;
    enum db_result result = queue_audit(services, &queues);
    *redis_gone = queues.redis_gone;
    if (result != DB_OK || queues.redis_gone)
        return result;
    report(context, &(struct audit_finding){
                        .name = "queue_overshoot",
                        .rule = "no call went over the capacity then in force (by at most)",
                        .count = queues.overshoot_max,
                    });
    report(context, &(struct audit_finding){
                        .name = "queue_without_row",
                        .rule = "entries of Redis that MySQL lacks: their add failed or goes on",
                        .count = queues.without_row,
                        .harmless = true,
                    });
    return DB_OK;
}

enum db_result
audit_run(struct services *services, report_function *report, void *context, bool *redis_gone)
{
    *redis_gone = false;
    enum db_result result = audit_mysql(services->db, report, context);
    if (result == DB_OK)
        result = audit_draws(services, report, context);
    return result == DB_OK ? audit_redis(services, report, context, redis_gone) : result;
}
