/* frontrowctl audit */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "domain/books/audit.h"

static void
print_finding(void *context, const struct audit_finding *finding)
{
    int64_t *violations = context;
    printf("%8" PRId64 "  %-24s %s%s\n", finding->count, finding->name, finding->rule,
           finding->harmless ? " (no violation)" : "");
    if (!finding->harmless)
        *violations += finding->count;
}

int
ctl_audit(struct ctl *ctl)
{
    int64_t violations = 0;
    bool redis_gone;
    enum db_result result = audit_run(ctl->services, print_finding, &violations, &redis_gone);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    printf("%8" PRId64 "  violations\n", violations);
    if (redis_gone) {
        fputs("frontrowctl: Redis is out of reach: the queues were not checked\n", stderr);
        return EXIT_DEPENDENCY_GONE;
    }
    return violations == 0 ? EXIT_DONE : EXIT_FAILED;
}
