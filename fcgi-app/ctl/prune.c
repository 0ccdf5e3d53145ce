/* frontrowctl prune */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "domain/books/prune.h"

enum { AGE_MAX = 36500 };

/*
 * The age that an option gives; the default stays where the option is absent. False where it is no
 * age, which is said on standard error.
 */
static bool
read_age(const char *option, const char *text, int64_t min, int64_t *age)
{
    if (text == NULL || ctl_read_number(text, min, AGE_MAX, age))
        return true;
    fprintf(stderr, "frontrowctl: --%s takes a number from %" PRId64 " to %d\n", option, min,
            AGE_MAX);
    return false;
}

static void
print_report(const char *verb, const struct prune_report *report)
{
    printf("%s of %" PRId64 " ended concerts %" PRId64 " tokens and %" PRId64
           " seat quotas; %" PRId64 " stored answers; %" PRId64 " rows of the audit log; %" PRId64
           " entries of wait lists\n",
           verb, report->concerts, report->tokens, report->quotas, report->answers, report->log,
           report->waitlist_entries);
}

/* A line a second, or who waits does not know for what. */
static void
print_progress(const struct prune_report *report)
{
    static int64_t next;
    if (next == 0)
        next = clock_monotonic() + 1000;
    if (clock_monotonic() < next)
        return;
    next = clock_monotonic() + 1000;
    print_report("so far", report);
    fflush(stdout);
}

int
ctl_prune(struct ctl *ctl)
{
    struct prune_ages ages = {.tokens_days = 30, .keys_hours = IDEMPOTENCY_HOURS, .log_days = 365};
    struct prune_report report;
    if (!read_age("tokens-days", ctl->tokens_days, 1, &ages.tokens_days) ||
        !read_age("keys-hours", ctl->keys_hours, IDEMPOTENCY_HOURS, &ages.keys_hours) ||
        !read_age("log-days", ctl->log_days, 1, &ages.log_days))
        return EXIT_USAGE;
    enum db_result result = prune_run(ctl->services, &ages, ctl->dry_run, print_progress, &report);
    print_report(ctl->dry_run ? "would delete" : "deleted", &report);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    if (report.redis_gone) {
        fputs("frontrowctl: Redis is out of reach: queue tokens were left\n", stderr);
        return EXIT_DEPENDENCY_GONE;
    }
    if (report.failed > 0)
        fprintf(stderr, "frontrowctl: %" PRId64 " rows were locked and left; run it again\n",
                report.failed);
    return report.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}
