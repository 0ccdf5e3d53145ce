/* frontrowctl audit, and what of its findings a program can mend */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/prometheus.h"
#include "base/report_file.h"
#include "ctl/ctl.h"
#include "domain/books/audit.h"
#include "domain/books/repair.h"

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

static void
write_owner(char text[64], enum seat_status status, int64_t reservation)
{
    static const char *const states[] = {"other", "available", "held", "sold"};
    if (reservation == 0)
        snprintf(text, 64, "%s", states[status]);
    else
        snprintf(text, 64, "%s to reservation %" PRId64, states[status], reservation);
}

static void
print_repair(void *context, const struct seat_case *seat, enum repair_outcome outcome)
{
    const bool *dry_run = context;
    char was[64], due[64];
    const char *what = outcome == REPAIR_PERSON ? "needs a person"
                       : outcome == REPAIR_BUSY ? "locked, try again"
                       : *dry_run               ? "would put right"
                                                : "put right";
    write_owner(was, seat->status, seat->reservation);
    write_owner(due, seat->due, seat->due_reservation);
    printf("%-18s seat %d of item %d: %s, should be %s%s\n", what, (int)seat->seat_no,
           (int)seat->item_id,
           !seat->exists   ? "missing"
           : seat->blocked ? "withheld"
                           : was,
           due, seat->is_paid_for ? "" : ", but its payment and refunds say otherwise");
}

int
ctl_audit(struct ctl *ctl)
{
    int64_t violations = 0;
    bool redis_gone;
    enum db_result result = DB_OK;
    if (ctl->dry_run && !ctl->repair) {
        fputs("frontrowctl: --dry-run is for --repair\n", stderr);
        return EXIT_USAGE;
    }
    if (ctl->repair)
        result = repair_run(ctl->services, ctl->dry_run, print_repair, &ctl->dry_run);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    result = audit_run(ctl->services, print_finding, &violations, &redis_gone);
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
