/* frontrowctl audit */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/prometheus.h"
#include "base/report_file.h"
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

/* For /metrics. */
static void
leave_verdict(const struct services *services, int64_t violations, bool redis_gone)
{
    struct buffer text = {0};
    prometheus_family(&text, "audit_last_run_timestamp_seconds", "gauge",
                      "When the last audit of the books ended.");
    prometheus_decimal(&text, "audit_last_run_timestamp_seconds", "", (double)clock_wall() / 1e3);
    prometheus_gauge(&text, "audit_violations", "Violations that it found.", violations);
    prometheus_gauge(&text, "audit_checked_queues", "0 if Redis was out of reach then.",
                     !redis_gone);
    report_file_write(services->config->run_dir, "audit", &text);
    buffer_free(&text);
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
    leave_verdict(ctl->services, violations, redis_gone);
    if (redis_gone) {
        fputs("frontrowctl: Redis is out of reach: the queues were not checked\n", stderr);
        return EXIT_DEPENDENCY_GONE;
    }
    return violations == 0 ? EXIT_DONE : EXIT_FAILED;
}
