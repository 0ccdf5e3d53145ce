/* The application's part of GET /metrics: the business, and what MySQL and Redis are asked for. */
#include <inttypes.h>
#include <stdio.h>

#include "api/api.h"
#include "base/census.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/prometheus.h"
#include "base/report_file.h"
#include "base/shared.h"
#include "domain/books/census_take.h"

enum { LABELS_SIZE = 64 };

/* A family without labels for each kind but points, which are one with the kinds of the ledger. */
static void
write_business(const struct tally *tally, struct buffer *out)
{
    static const struct {
        enum tally_kind kind;
        const char *name;
        const char *help;
    } counts[] = {
        {TALLY_HOLDS, "holds_total", "Reservations that were made."},
        {TALLY_SEATS_HELD, "held_seats_total", "Seats in these reservations."},
        {TALLY_RELEASES, "releases_total", "Unpaid holds that their owners gave back."},
        {TALLY_PAYMENTS, "payments_total", "Reservations that were paid."},
        {TALLY_REFUNDS, "refunds_total", "Paid reservations that were given back."},
        {TALLY_QUEUE_LOADS, "queue_loads_total",
         "Queues with users that Redis had lost, loaded from MySQL again."},
    };
    static const struct {
        enum tally_kind kind;
        const char *labels;
    } points[] = {
        {TALLY_POINTS_CHARGED, "kind=\"charge\""},
        {TALLY_POINTS_USED, "kind=\"use\""},
        {TALLY_POINTS_PAID, "kind=\"payment\""},
        {TALLY_POINTS_REFUNDED, "kind=\"refund\""},
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        prometheus_family(out, counts[i].name, "counter", counts[i].help);
        prometheus_integer(out, counts[i].name, "", tally_read(tally, counts[i].kind));
    }
    prometheus_family(out, "points_total", "counter",
                      "Points that were moved, by the kind of the ledger.");
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        prometheus_integer(out, "points_total", points[i].labels,
                           tally_read(tally, points[i].kind));
}

static void
write_dependencies(const struct census_figures *figures, struct buffer *out)
{
    prometheus_family(out, "census_age_seconds", "gauge",
                      "How old the figures are that MySQL and Redis were asked for.");
    prometheus_decimal(out, "census_age_seconds", "",
                       (double)(clock_monotonic() - figures->taken_at) / 1e3);
    prometheus_family(out, "dependency_writable", "gauge",
                      "1 if a dependency did what a sale needs, writes included, when last asked.");
    prometheus_integer(out, "dependency_writable", "dependency=\"mysql\"", figures->mysql_writes);
    prometheus_integer(out, "dependency_writable", "dependency=\"redis\"", figures->redis_writes);
    if (!figures->has_memory)
        return;
    prometheus_family(out, "redis_memory_bytes", "gauge",
                      "Memory that Redis has taken, and its maxmemory (0: none).");
    prometheus_integer(out, "redis_memory_bytes", "of=\"used\"", figures->memory_used);
    prometheus_integer(out, "redis_memory_bytes", "of=\"limit\"", figures->memory_limit);
}

static void
write_books(const struct census_figures *figures, struct buffer *out)
{
    char labels[LABELS_SIZE];
    prometheus_family(out, "ids_left", "gauge", "Ids that a table can still give.");
    for (size_t i = 0; i < CENSUS_TABLES && figures->ids[i].table != NULL; i++) {
        snprintf(labels, sizeof labels, "table=\"%s\"", figures->ids[i].table);
        prometheus_integer(out, "ids_left", labels, figures->ids[i].left);
    }
    prometheus_family(out, "clock_offset_seconds", "gauge",
                      "By how much MySQL's clock is ahead of this server's.");
    prometheus_decimal(out, "clock_offset_seconds", "", (double)figures->clock_offset / 1e3);
    prometheus_gauge(out, "lapsed_holds", "Holds that are over and not swept yet, up to 500.",
                     figures->lapsed);
    prometheus_family(out, "oldest_lapsed_hold_seconds", "gauge",
                      "For how long the oldest of them is over.");
    prometheus_decimal(out, "oldest_lapsed_hold_seconds", "", (double)figures->oldest_lapsed / 1e3);
}

static void
write_seats(const struct census_figures *figures, struct buffer *out)
{
    char labels[LABELS_SIZE];
    int64_t now = clock_monotonic(), oldest = now;
    prometheus_gauge(out, "open_concerts",
                     "Concerts on sale; the 50 newest have lines of their own.", figures->open);
    prometheus_family(out, "seats", "gauge", "Seats of a concert by state.");
    for (size_t i = 0; i < figures->count; i++) {
        const struct census_concert *concert = &figures->concerts[i];
        if (concert->counted_at == 0)
            continue;
        if (concert->counted_at < oldest)
            oldest = concert->counted_at;
        const struct {
            const char *state;
            int32_t count;
        } seats[] = {
            {"available", concert->available}, {"held", concert->held}, {"sold", concert->sold}};
        for (size_t j = 0; j < sizeof seats / sizeof seats[0]; j++) {
            snprintf(labels, sizeof labels, "concert=\"%" PRId32 "\",state=\"%s\"",
                     concert->concert_id, seats[j].state);
            prometheus_integer(out, "seats", labels, seats[j].count);
        }
    }
    prometheus_family(out, "seats_age_seconds", "gauge", "How old the oldest of these counts is.");
    prometheus_decimal(out, "seats_age_seconds", "", (double)(now - oldest) / 1e3);
}

static void
write_maintenance(const struct census_figures *figures, struct buffer *out)
{
    char labels[LABELS_SIZE];
    prometheus_family(out, "concert_maintenance", "gauge",
                      "1 while the changing calls of a concert are refused; not told of others.");
    for (size_t i = 0; i < figures->count; i++) {
        if (!figures->concerts[i].maintenance)
            continue;
        snprintf(labels, sizeof labels, "concert=\"%" PRId32 "\"", figures->concerts[i].concert_id);
        prometheus_integer(out, "concert_maintenance", labels, 1);
    }
}

static void
write_webhooks(const struct census_figures *figures, struct buffer *out)
{
    prometheus_family(out, "webhook_oldest_seconds", "gauge",
                      "For how long the oldest event has waited for its webhooks.");
    prometheus_decimal(out, "webhook_oldest_seconds", "", (double)figures->oldest_event / 1e3);
    prometheus_gauge(out, "webhook_dead_deliveries", "Deliveries that were given up.",
                     figures->dead);
}

static void
write_queues(const struct census_figures *figures, struct buffer *out)
{
    static const struct {
        const char *name;
        const char *type;
        const char *help;
    } families[] = {
        {"queue_waiting", "gauge", "Users who wait in a queue."},
        {"queue_active", "gauge", "Users of a queue who may buy, and those called."},
        {"queue_capacity", "gauge", "How many may buy at a time; 0 while it is paused."},
        {"queue_admitted_total", "counter", "Users of a queue who became active."},
        {"queue_passed_over_total", "counter",
         "Users of a queue who were not there in their turn."},
    };
    char labels[LABELS_SIZE];
    for (size_t family = 0; family < sizeof families / sizeof families[0]; family++) {
        prometheus_family(out, families[family].name, families[family].type, families[family].help);
        for (size_t i = 0; i < figures->count; i++) {
            const struct census_concert *concert = &figures->concerts[i];
            if (!concert->has_queue)
                continue;
            const int64_t values[] = {concert->waiting, concert->active, concert->capacity,
                                      concert->admitted, concert->missed};
            snprintf(labels, sizeof labels, "concert=\"%" PRId32 "\"", concert->concert_id);
            prometheus_integer(out, families[family].name, labels, values[family]);
        }
    }
}

static void
write_forecasts(const struct forecast_errors *errors, struct buffer *out)
{
    uint64_t buckets[FORECAST_LIMITS + 1];
    for (size_t i = 0; i <= FORECAST_LIMITS; i++)
        buckets[i] = atomic_load(&errors->buckets[i]);
    prometheus_family(out, "forecast_error_ratio", "histogram",
                      "How far forecasts of a wait were off, as a part of what was told.");
    prometheus_histogram(out, "forecast_error_ratio", "", &forecast_limits, buckets,
                         atomic_load(&errors->millionths));
}

/* What cannot be read is left out: a figure that nobody knows is no 0. */
void
api_write_metrics(void *worker_services, struct buffer *out)
{
    struct services *services = worker_services;
    struct census_figures figures;
    census_find(services, &figures);
    write_business(&services->shared->tally, out);
    if (figures.taken_at > 0)
        write_dependencies(&figures, out);
    if (figures.has_books)
        write_books(&figures, out);
    if (figures.has_books && figures.has_webhooks)
        write_webhooks(&figures, out);
    if (figures.has_concerts) {
        write_seats(&figures, out);
        write_maintenance(&figures, out);
        write_queues(&figures, out);
    }
    write_forecasts(&services->shared->census.errors, out);
    report_file_append(services->config->run_dir, "sweeper", out);
    report_file_append(services->config->run_dir, "audit", out);
}
