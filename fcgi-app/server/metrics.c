#include "server/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/config.h"
#include "base/shared.h"
#include "server/rundir.h"

/* Upper limits of the latency histogram, in microseconds; above them is +Inf. */
static const int64_t limits[] = {500,    1000,   2500,   5000,    10000,   25000,   50000,
                                 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};

enum { BUCKET_COUNT = sizeof limits / sizeof limits[0] + 1 };

/* An outcome is the error of a problem, or one of the answers that are none. */
enum { OUTCOME_NO_CONTENT = ERROR_COUNT, OUTCOME_COUNT };

struct route_metrics {
    _Atomic uint64_t outcomes[OUTCOME_COUNT];
    _Atomic uint64_t buckets[BUCKET_COUNT];
    _Atomic uint64_t microseconds;
};

struct slot_metrics {
    struct route_metrics routes[METRICS_ROUTES];
    _Atomic uint64_t cpu_microseconds;
};

struct metrics {
    struct slot_metrics slots[SCOREBOARD_SLOTS];
};

struct metrics *
metrics_create(void)
{
    /* Only the pages of slots and routes that are used ever take memory. */
    void *memory = mmap(NULL, sizeof(struct metrics), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* ---- counting ---- */

/* There is one writer for each counter: no locked instruction is needed. */
static void
add(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static size_t
outcome_of(const struct response *response)
{
    if (response->error != ERROR_NONE)
        return (size_t)response->error;
    return response->status == 204 ? OUTCOME_NO_CONTENT : ERROR_NONE;
}

void
metrics_count(struct metrics *metrics, int slot, size_t route, const struct response *response,
              int64_t microseconds)
{
    assert(route < METRICS_ROUTES);
    struct route_metrics *counters = &metrics->slots[slot].routes[route];
    size_t bucket = 0;
    while (bucket < BUCKET_COUNT - 1 && microseconds > limits[bucket])
        bucket++;
    add(&counters->outcomes[outcome_of(response)], 1);
    add(&counters->buckets[bucket], 1);
    add(&counters->microseconds, (uint64_t)microseconds);
}

void
metrics_count_cpu(struct metrics *metrics, int slot, int64_t microseconds)
{
    add(&metrics->slots[slot].cpu_microseconds, (uint64_t)microseconds);
}

/* ---- GET /metrics ---- */

/* The sums over all slots of one route. */
struct route_sum {
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t buckets[BUCKET_COUNT];
    uint64_t microseconds;
    uint64_t count;
};

static void
add_slot(struct route_sum *sum, struct route_metrics *counters)
{
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] += atomic_load_explicit(&counters->outcomes[i], memory_order_relaxed);
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        uint64_t bucket = atomic_load_explicit(&counters->buckets[i], memory_order_relaxed);
        sum->buckets[i] += bucket;
        sum->count += bucket;
    }
    sum->microseconds += atomic_load_explicit(&counters->microseconds, memory_order_relaxed);
}

/* The labels that name a route; requests that matched none share one name. */
static void
write_route_labels(struct buffer *out, const struct router *router, size_t index)
{
    static const char *const methods[] = {[METHOD_GET] = "GET",
                                          [METHOD_POST] = "POST",
                                          [METHOD_PATCH] = "PATCH",
                                          [METHOD_DELETE] = "DELETE"};
    if (index == router_route_count(router)) {
        buffer_text(out, "method=\"\",route=\"none\"");
        return;
    }
    const struct route *route = router_route(router, index);
    buffer_format(out, "method=\"%s\",route=\"%s\"", methods[route->method], route->pattern);
}

static void
write_requests(struct buffer *out, const struct router *router, size_t index,
               const struct route_sum *sum)
{
    for (size_t outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        if (sum->outcomes[outcome] == 0)
            continue;
        buffer_text(out, "frontrow_requests_total{");
        write_route_labels(out, router, index);
        bool is_error = outcome < ERROR_COUNT;
        buffer_format(out, ",status=\"%d\",code=\"%s\"} %llu\n",
                      is_error ? error_status((enum error)outcome) : 204,
                      is_error ? error_code((enum error)outcome) : "ok",
                      (unsigned long long)sum->outcomes[outcome]);
    }
}

static void
write_latency_line(struct buffer *out, const struct router *router, size_t index,
                   const char *suffix, const char *limit, double value)
{
    buffer_format(out, "frontrow_request_seconds_%s{", suffix);
    write_route_labels(out, router, index);
    if (limit != NULL)
        buffer_format(out, ",le=\"%s\"", limit);
    buffer_format(out, "} %.15g\n", value);
}

static void
write_latency(struct buffer *out, const struct router *router, size_t index,
              const struct route_sum *sum)
{
    uint64_t below = 0;
    for (size_t bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        char limit[16] = "+Inf";
        below += sum->buckets[bucket];
        if (bucket < BUCKET_COUNT - 1)
            snprintf(limit, sizeof limit, "%g", (double)limits[bucket] / 1e6);
        write_latency_line(out, router, index, "bucket", limit, (double)below);
    }
    write_latency_line(out, router, index, "sum", NULL, (double)sum->microseconds / 1e6);
    write_latency_line(out, router, index, "count", NULL, (double)sum->count);
}

static void
write_family(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP frontrow_%s %s\n# TYPE frontrow_%s %s\n", name, help, name, type);
}

static void
write_routes(struct buffer *out, const struct metrics_sources *sources)
{
    const struct router *router = sources->router;
    struct route_sum sums[METRICS_ROUTES];
    size_t count = router_route_count(router) + 1;
    assert(count <= METRICS_ROUTES);
    for (size_t route = 0; route < count; route++) {
        sums[route] = (struct route_sum){0};
        for (int slot = 0; slot < sources->scoreboard->used; slot++)
            add_slot(&sums[route], &sources->metrics->slots[slot].routes[route]);
    }
    write_family(out, "requests_total", "counter", "Answered requests by route and outcome.");
    for (size_t route = 0; route < count; route++)
        write_requests(out, router, route, &sums[route]);
    write_family(out, "request_seconds", "histogram",
                 "Time from the accepted connection to the written answer.");
    for (size_t route = 0; route < count; route++)
        if (sums[route].count > 0)
            write_latency(out, router, route, &sums[route]);
}

static void
write_cpu(struct buffer *out, const struct metrics_sources *sources)
{
    uint64_t sum = 0;
    for (int slot = 0; slot < sources->scoreboard->used; slot++)
        sum += atomic_load_explicit(&sources->metrics->slots[slot].cpu_microseconds,
                                    memory_order_relaxed);
    write_family(out, "worker_cpu_seconds_total", "counter", "Processor time of all workers.");
    buffer_format(out, "frontrow_worker_cpu_seconds_total %.6f\n", (double)sum / 1e6);
}

static void
write_processes(struct buffer *out, struct scoreboard *scoreboard)
{
    static const char *const endings[ENDING_COUNT] = {
        [ENDING_RETIRED] = "retired",
        [ENDING_FAILED] = "failed",
        [ENDING_CRASHED] = "crashed",
        [ENDING_WATCHDOG] = "watchdog",
    };
    int ready, busy;
    scoreboard_count(scoreboard, &ready, &busy);
    write_family(out, "workers", "gauge", "Workers that are ready, by what they do.");
    buffer_format(out, "frontrow_workers{state=\"busy\"} %d\n", busy);
    buffer_format(out, "frontrow_workers{state=\"idle\"} %d\n", ready - busy);
    write_family(out, "worker_starts_total", "counter", "Workers started.");
    buffer_format(out, "frontrow_worker_starts_total %lld\n", (long long)scoreboard->starts);
    write_family(out, "worker_endings_total", "counter", "Workers ended, by how.");
    for (int i = 0; i < ENDING_COUNT; i++)
        buffer_format(out, "frontrow_worker_endings_total{how=\"%s\"} %lld\n", endings[i],
                      (long long)scoreboard->endings[i]);
}

static void
write_unknowns(struct buffer *out, const char *dependency, struct unknowns *unknowns)
{
    char name[UNKNOWN_NAME_SIZE];
    for (size_t i = 0; i < UNKNOWN_COUNTS; i++) {
        uint64_t count = unknowns_read(unknowns, i, name);
        if (count > 0)
            buffer_format(
                out, "frontrow_unknown_refusals_total{dependency=\"%s\",refusal=\"%s\"} %llu\n",
                dependency, name, (unsigned long long)count);
    }
}

static void
write_state(struct buffer *out, const struct metrics_sources *sources)
{
    write_family(out, "maintenance", "gauge", "1 while the maintenance file exists.");
    buffer_format(out, "frontrow_maintenance %d\n",
                  rundir_is_in_maintenance(sources->config->run_dir));
    write_family(out, "breaker_open", "gauge",
                 "1 while calls to a dependency are refused at once.");
    buffer_format(out, "frontrow_breaker_open{dependency=\"mysql\"} %d\n",
                  breaker_is_open(&sources->shared->mysql));
    buffer_format(out, "frontrow_breaker_open{dependency=\"redis\"} %d\n",
                  breaker_is_open(&sources->shared->redis));
    write_family(out, "unknown_refusals_total", "counter",
                 "Errors of a dependency without a rule, by number or first word.");
    write_unknowns(out, "mysql", &sources->shared->mysql_unknowns);
    write_unknowns(out, "redis", &sources->shared->redis_unknowns);
}

static void
answer_metrics(void *services, const struct request *request, struct response *response)
{
    const struct metrics_sources *sources = services;
    (void)request;
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    write_routes(&response->body, sources);
    write_processes(&response->body, sources->scoreboard);
    write_cpu(&response->body, sources);
    write_state(&response->body, sources);
    if (sources->application->write_metrics != NULL)
        sources->application->write_metrics(sources->services, &response->body);
}

const struct route metrics_route = {
    .method = METHOD_GET, .pattern = "/metrics", .who = WHO_LOCAL, .handle = answer_metrics};
