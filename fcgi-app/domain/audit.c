#include "domain/audit.h"

#include "mysql/audit_table.h"
#include "mysql/transaction.h"

enum db_result
audit_run(struct services *services,
          void (*report)(void *context, const struct audit_finding *finding), void *context)
{
    enum db_result result = transaction_begin_snapshot(services->db);
    for (size_t i = 0; i < audit_check_count && result == DB_OK; i++) {
        const struct audit_check *check = &audit_checks[i];
        struct audit_finding finding = {
            .name = check->name, .rule = check->rule, .harmless = check->harmless};
        result = audit_table_count(services->db, check, &finding.count);
        if (result == DB_OK)
            report(context, &finding);
    }
    transaction_rollback(services->db);
    return result;
}
