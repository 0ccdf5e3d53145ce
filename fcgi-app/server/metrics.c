#include "server/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/prometheus.h"
#include "base/shared.h"
#include "server/front_clock.h"
#include "server/rundir.h"

enum { LATENCY_LIMITS = 6, WAIT_LIMITS = 5, LABELS_SIZE = 128 };

/*
 * Microseconds. One limit is what a reservation may take (docs/metrics.md), so that it can be told
 * exactly how many took longer. Each limit is a line for each route: no more than are needed.
 */
static const int64_t latency_list[LATENCY_LIMITS] = {1000, 5000, 25000, 100000, 300000, 1000000};
static const struct histogram_limits latency_limits = {latency_list, LATENCY_LIMITS};

/* nginx tells milliseconds. */
static const int64_t wait_list[WAIT_LIMITS] = {5000, 25000, 100000, 300000, 1000000};
static const struct histogram_limits wait_limits = {wait_list, WAIT_LIMITS};

/* An outcome is the error of a problem, or one of the answers that are none. */
enum { OUTCOME_NO_CONTENT = ERROR_COUNT, OUTCOME_COUNT };

struct route_metrics {
    _Atomic uint64_t outcomes[OUTCOME_COUNT];
    _Atomic uint64_t buckets[LATENCY_LIMITS + 1];
    _Atomic uint64_t microseconds;
};

struct dependency_metrics {
    _Atomic uint64_t buckets[SPENT_BUCKETS];
    _Atomic uint64_t microseconds;
};

struct slot_metrics {
    struct route_metrics routes[METRICS_ROUTES];
    struct dependency_metrics dependencies[DEPENDENCY_COUNT];
    _Atomic uint64_t wait_buckets[WAIT_LIMITS + 1];
    _Atomic uint64_t wait_microseconds;
    struct front_clock front_clock;
    _Atomic uint64_t silent_connections;
    _Atomic uint64_t cpu_microseconds;
};

struct metrics {
    struct slot_metrics slots[SCOREBOARD_SLOTS];
};

struct metrics *
metrics_create(const struct router *router)
{
    assert(router_route_count(router) < METRICS_ROUTES);
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

void
metrics_count(struct metrics *metrics, int slot, size_t route, const struct response *response,
              int64_t microseconds)
{
    assert(route < METRICS_ROUTES);
    struct route_metrics *counters = &metrics->slots[slot].routes[route];
    bool is_empty = response->error == ERROR_NONE && response->status == 204;
    add(&counters->outcomes[is_empty ? OUTCOME_NO_CONTENT : (size_t)response->error], 1);
    add(&counters->buckets[histogram_bucket(&latency_limits, microseconds)], 1);
    add(&counters->microseconds, (uint64_t)microseconds);
}

void
metrics_count_wait(struct metrics *metrics, int slot, int64_t microseconds)
{
    struct slot_metrics *counters = &metrics->slots[slot];
    add(&counters->wait_buckets[histogram_bucket(&wait_limits, microseconds)], 1);
    add(&counters->wait_microseconds, (uint64_t)microseconds);
}

void
metrics_note_front_clock(struct metrics *metrics, int slot, int64_t ahead_ms)
{
    front_clock_note(&metrics->slots[slot].front_clock, ahead_ms, clock_monotonic());
}

void
metrics_count_silence(struct metrics *metrics, int slot)
{
    add(&metrics->slots[slot].silent_connections, 1);
}

void
metrics_count_work(struct metrics *metrics, int slot, struct work *counted)
{
    struct slot_metrics *counters = &metrics->slots[slot];
    int64_t cpu_us = clock_cpu_us();
    add(&counters->cpu_microseconds, (uint64_t)(cpu_us - counted->cpu_us));
    counted->cpu_us = cpu_us;
    for (enum dependency i = 0; i < DEPENDENCY_COUNT; i++) {
        const struct spent *spent = spent_of(i);
        struct spent *before = &counted->spent[i];
        if (spent->calls == before->calls)
            continue;
        for (size_t bucket = 0; bucket < SPENT_BUCKETS; bucket++)
            add(&counters->dependencies[i].buckets[bucket],
                spent->buckets[bucket] - before->buckets[bucket]);
        add(&counters->dependencies[i].microseconds, spent->microseconds - before->microseconds);
        *before = *spent;
    }
}

/* ---- GET /metrics ---- */

/* Adds `count` counters of a slot to the sums of all. */
static void
add_up(uint64_t *sums, const _Atomic uint64_t *counters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sums[i] += atomic_load_explicit(&counters[i], memory_order_relaxed);
}

/* The sums over all slots of one route. */
struct route_sum {
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t buckets[LATENCY_LIMITS + 1];
    uint64_t microseconds;
    uint64_t count;
};

static void
sum_route(struct route_sum *sum, const struct metrics_sources *sources, size_t route)
{
    *sum = (struct route_sum){.count = 0};
    for (int slot = 0; slot < sources->scoreboard->used; slot++) {
        struct route_metrics *counters = &sources->metrics->slots[slot].routes[route];
        add_up(sum->outcomes, counters->outcomes, OUTCOME_COUNT);
        add_up(sum->buckets, counters->buckets, LATENCY_LIMITS + 1);
        add_up(&sum->microseconds, &counters->microseconds, 1);
    }
    for (size_t i = 0; i <= LATENCY_LIMITS; i++)
        sum->count += sum->buckets[i];
}

/* The labels that name a route; requests that matched none share one name. */
static void
name_route(const struct router *router, size_t index, char labels[LABELS_SIZE])
{
    static const char *const methods[] = {[METHOD_GET] = "GET",
                                          [METHOD_POST] = "POST",
                                          [METHOD_PATCH] = "PATCH",
                                          [METHOD_DELETE] = "DELETE"};
    if (index == router_route_count(router)) {
        snprintf(labels, LABELS_SIZE, "method=\"\",route=\"none\"");
        return;
    }
    const struct route *route = router_route(router, index);
    snprintf(labels, LABELS_SIZE, "method=\"%s\",route=\"%s\"", methods[route->method],
             route->pattern);
}

static void
write_requests(struct buffer *out, const char *labels, const struct route_sum *sum)
{
    char all[LABELS_SIZE + 64];
    for (size_t outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        bool is_error = outcome < ERROR_COUNT;
        if (sum->outcomes[outcome] == 0)
            continue;
        snprintf(all, sizeof all, "%s,status=\"%d\",code=\"%s\"", labels,
                 is_error ? error_status((enum error)outcome) : 204,
                 is_error ? error_code((enum error)outcome) : "ok");
        prometheus_integer(out, "requests_total", all, (int64_t)sum->outcomes[outcome]);
    }
}

/* Each limit of a histogram is a line. These routes are in no objective: a sum says enough. */
static bool
is_told_as_sum(const struct route *route)
{
    return route_is_for_operators(route) || route->seldom;
}

/* One family of durations: of the routes that are told as sums, or of all others. */
static void
write_durations(struct buffer *out, const struct router *router, const struct route_sum *sums,
                bool as_sums)
{
    char labels[LABELS_SIZE];
    for (size_t route = 0; route < router_route_count(router); route++) {
        const struct route_sum *sum = &sums[route];
        if (sum->count == 0 || is_told_as_sum(router_route(router, route)) != as_sums)
            continue;
        name_route(router, route, labels);
        if (!as_sums) {
            prometheus_histogram(out, "request_seconds", labels, &latency_limits, sum->buckets,
                                 sum->microseconds);
            continue;
        }
        prometheus_decimal(out, "other_request_seconds_sum", labels,
                           (double)sum->microseconds / 1e6);
        prometheus_integer(out, "other_request_seconds_count", labels, (int64_t)sum->count);
    }
}

static void
write_routes(struct buffer *out, const struct metrics_sources *sources)
{
    const struct router *router = sources->router;
    struct route_sum sums[METRICS_ROUTES];
    char labels[LABELS_SIZE];
    size_t count = router_route_count(router) + 1;
    assert(count <= METRICS_ROUTES);
    prometheus_family(out, "requests_total", "counter", "Answered requests by route and outcome.");
    for (size_t route = 0; route < count; route++) {
        sum_route(&sums[route], sources, route);
        name_route(router, route, labels);
        write_requests(out, labels, &sums[route]);
    }
    prometheus_family(out, "request_seconds", "histogram",
                      "Time from the request that nginx had to the written answer.");
    write_durations(out, router, sums, false);
    prometheus_family(out, "other_request_seconds", "summary",
                      "The same of operators' calls and of seldom ones.");
    write_durations(out, router, sums, true);
}

/* How long requests waited until a worker took them, and what these asked of their dependencies. */
static void
write_work(struct buffer *out, const struct metrics_sources *sources)
{
    uint64_t waits[WAIT_LIMITS + 1] = {0}, waited_us = 0, silent = 0, cpu_us = 0;
    struct spent spent[DEPENDENCY_COUNT] = {{0}};
    char labels[LABELS_SIZE];
    for (int slot = 0; slot < sources->scoreboard->used; slot++) {
        struct slot_metrics *counters = &sources->metrics->slots[slot];
        add_up(waits, counters->wait_buckets, WAIT_LIMITS + 1);
        add_up(&waited_us, &counters->wait_microseconds, 1);
        add_up(&silent, &counters->silent_connections, 1);
        add_up(&cpu_us, &counters->cpu_microseconds, 1);
        for (size_t i = 0; i < DEPENDENCY_COUNT; i++) {
            add_up(spent[i].buckets, counters->dependencies[i].buckets, SPENT_BUCKETS);
            add_up(&spent[i].microseconds, &counters->dependencies[i].microseconds, 1);
        }
    }
    prometheus_family(out, "accept_wait_seconds", "histogram",
                      "Time for which a request waited in the socket until a worker took it.");
    prometheus_histogram(out, "accept_wait_seconds", "", &wait_limits, waits, waited_us);
    prometheus_family(out, "silent_connections_total", "counter",
                      "Connections that were closed because no whole request came.");
    prometheus_integer(out, "silent_connections_total", "", (int64_t)silent);
    prometheus_family(out, "dependency_seconds", "histogram",
                      "Time of a statement in MySQL or a call to Redis.");
    for (enum dependency i = 0; i < DEPENDENCY_COUNT; i++) {
        snprintf(labels, sizeof labels, "dependency=\"%s\"", dependency_name(i));
        prometheus_histogram(out, "dependency_seconds", labels, &spent_limits, spent[i].buckets,
                             spent[i].microseconds);
    }
    prometheus_family(out, "worker_cpu_seconds_total", "counter", "Processor time of all workers.");
    prometheus_decimal(out, "worker_cpu_seconds_total", "", (double)cpu_us / 1e6);
}

/* Left out while each request had to wait for a worker. */
static void
write_front_clock(struct buffer *out, const struct metrics_sources *sources)
{
    int64_t ahead_ms = INT64_MIN, now = clock_monotonic();
    bool is_known = false;
    for (int slot = 0; slot < sources->scoreboard->used; slot++)
        if (front_clock_read(&sources->metrics->slots[slot].front_clock, now, &ahead_ms))
            is_known = true;
    if (!is_known)
        return;
    prometheus_family(out, "front_clock_offset_seconds", "gauge",
                      "By how much nginx's clock is ahead of this server's.");
    prometheus_decimal(out, "front_clock_offset_seconds", "", (double)ahead_ms / 1e3);
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
    char labels[LABELS_SIZE];
    scoreboard_count(scoreboard, &ready, &busy);
    prometheus_family(out, "workers", "gauge", "Workers that are ready, by what they do.");
    prometheus_integer(out, "workers", "state=\"busy\"", busy);
    prometheus_integer(out, "workers", "state=\"idle\"", ready - busy);
    prometheus_family(out, "worker_starts_total", "counter", "Workers started.");
    prometheus_integer(out, "worker_starts_total", "", scoreboard->starts);
    prometheus_family(out, "upgrades_refused_total", "counter",
                      "Upgrades that were not made, as the new program does not start.");
    prometheus_integer(out, "upgrades_refused_total", "", scoreboard->refused_upgrades);
    prometheus_family(out, "worker_endings_total", "counter", "Workers ended, by how.");
    for (int i = 0; i < ENDING_COUNT; i++) {
        snprintf(labels, sizeof labels, "how=\"%s\"", endings[i]);
        prometheus_integer(out, "worker_endings_total", labels, scoreboard->endings[i]);
    }
}

static void
write_refusals(struct buffer *out, const char *family, enum dependency dependency,
               struct unknowns *refusals)
{
    char name[UNKNOWN_NAME_SIZE], labels[LABELS_SIZE];
    for (size_t i = 0; i < UNKNOWN_COUNTS; i++) {
        uint64_t count = unknowns_read(refusals, i, name);
        snprintf(labels, sizeof labels, "dependency=\"%s\",refusal=\"%s\"",
                 dependency_name(dependency), name);
        if (count > 0)
            prometheus_integer(out, family, labels, (int64_t)count);
    }
}

static void
write_state(struct buffer *out, const struct metrics_sources *sources)
{
    struct shared *shared = sources->shared;
    prometheus_family(out, "build_info", "gauge", "1; the label says which version runs.");
    prometheus_integer(out, "build_info", "version=\"" VERSION "\"", 1);
    prometheus_gauge(out, "maintenance", "1 while the maintenance file exists.",
                     rundir_is_in_maintenance(sources->config->run_dir));
    prometheus_family(out, "breaker_open", "gauge",
                      "1 while calls to a dependency are refused at once.");
    prometheus_integer(out, "breaker_open", "dependency=\"mysql\"",
                       breaker_is_open(&shared->mysql));
    prometheus_integer(out, "breaker_open", "dependency=\"redis\"",
                       breaker_is_open(&shared->redis));
    prometheus_family(out, "refusals_total", "counter",
                      "Errors of a dependency, by number or first word.");
    write_refusals(out, "refusals_total", DEPENDENCY_MYSQL, &shared->mysql_refusals);
    write_refusals(out, "refusals_total", DEPENDENCY_REDIS, &shared->redis_refusals);
    prometheus_family(out, "unknown_refusals_total", "counter", "Those of them without a rule.");
    write_refusals(out, "unknown_refusals_total", DEPENDENCY_MYSQL, &shared->mysql_unknowns);
    write_refusals(out, "unknown_refusals_total", DEPENDENCY_REDIS, &shared->redis_unknowns);
}

static void
answer_metrics(void *services, const struct request *request, struct response *response)
{
    const struct metrics_sources *sources = services;
    (void)request;
    response->content_type = PROMETHEUS_CONTENT_TYPE;
    write_routes(&response->body, sources);
    write_processes(&response->body, sources->scoreboard);
    write_work(&response->body, sources);
    write_front_clock(&response->body, sources);
    write_state(&response->body, sources);
    if (sources->application->write_metrics != NULL)
        sources->application->write_metrics(sources->services, &response->body);
}

const struct route metrics_route = {
    .method = METHOD_GET, .pattern = "/metrics", .who = WHO_LOCAL, .handle = answer_metrics};
