/* frontrow-sweeper: one pass over what time has ended, and out. For cron, each minute. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/prometheus.h"
#include "base/report_file.h"
#include "domain/books/sweep.h"
#include "mysql/schema/migrate.h"

static const char help[] =
    "Usage: frontrow-sweeper [--config FILE]\n\n"
    "One pass: does the due steps of draws, moves the queues on, ends lapsed holds, offers\n"
    "what came back to who waits for it, refunds cancelled dates, deletes old stored answers.\n\n"
    "  --config FILE   settings; default FRONTROW_CONFIG or /etc/frontrow/frontrow.conf\n"
    "  --help, --version\n\n"
    "Exit status: 0 done, 1 some of it failed, 2 wrong usage, 75 MySQL or Redis cannot be\n"
    "reached, 78 wrong settings.\n";

static void
report_pass(const struct sweep_report *report, int64_t ms)
{
    log_info("swept in %" PRId64 " ms: %" PRId64 " holds expired, %" PRId64
             " left to others; %" PRId64 " old answers deleted; %" PRId64
             " queues moved on, %" PRId64 " tokens ended, %" PRId64 " places freed; %" PRId64
             " failed%s%s",
             ms, report->expired, report->busy, report->answers, report->queues.moved,
             report->queues.ended, report->queues.freed, report->failed,
             report->mysql_gone ? "; given up: MySQL is out of reach" : "",
             report->queues.redis_gone ? "; Redis is out of reach" : "");
    const struct item_cancel_pass *cancels = &report->cancels;
    if (cancels->ended.refunded + cancels->ended.holds + cancels->done > 0)
        log_info("of cancelled dates %" PRId64 " orders refunded, %" PRId64 " holds ended; %" PRId64
                 " dates done",
                 cancels->ended.refunded, cancels->ended.holds, cancels->done);
    if (report->waitlists.offers + report->waitlists.ended + report->waitlists.busy > 0)
        log_info("of wait lists %" PRId64 " offers made, %" PRId64 " entries ended; %" PRId64
                 " dates left to others",
                 report->waitlists.offers, report->waitlists.ended, report->waitlists.busy);
}

/* For /metrics: a pass that was given up leaves the last whole one there, which grows old. */
static void
leave_report(const struct services *services, const struct sweep_report *report, int64_t ms)
{
    struct buffer text = {0};
    prometheus_family(&text, "sweeper_last_run_timestamp_seconds", "gauge",
                      "When the sweeper's last whole pass ended.");
    prometheus_decimal(&text, "sweeper_last_run_timestamp_seconds", "", (double)clock_wall() / 1e3);
    prometheus_family(&text, "sweeper_last_run_seconds", "gauge", "How long it took.");
    prometheus_decimal(&text, "sweeper_last_run_seconds", "", (double)ms / 1e3);
    prometheus_gauge(&text, "sweeper_last_expired", "Holds that it ended.", report->expired);
    prometheus_family(&text, "sweeper_last_left", "gauge",
                      "What it left to the next pass, by why.");
    prometheus_integer(&text, "sweeper_last_left", "why=\"busy\"", report->busy);
    prometheus_integer(&text, "sweeper_last_left", "why=\"failed\"", report->failed);
    report_file_write(services->config->run_dir, "sweeper", &text);
    buffer_free(&text);
}

static int
sweep(struct services *services)
{
    char error[MIGRATE_ERROR_SIZE];
    enum migrate_result schema = migrate_check(services->db, error);
    if (schema != MIGRATE_OK) {
        log_error("nothing was swept: %s", error);
        return schema == MIGRATE_GONE ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
    }
    int64_t started = clock_monotonic();
    struct sweep_report report;
    sweep_run(services, &report);
    int64_t ms = clock_monotonic() - started;
    report_pass(&report, ms);
    if (!report.mysql_gone)
        leave_report(services, &report, ms);
    if (report.mysql_gone || report.queues.redis_gone || report.draws.redis_gone)
        return EXIT_DEPENDENCY_GONE;
    return report.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

int
main(int argc, char **argv)
{
    struct config config;
    int status;
    if (!process_begin(argc, argv, "frontrow-sweeper", help, &config, &status))
        return status;
    struct services *services = services_open(&config, NULL);
    status = sweep(services);
    services_close(services);
    return status;
}
