#include "server/worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/address.h"
#include "base/breaker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "server/http.h"

/* Among the events, beside the indexes of sockets. */
enum { SIGNALS_CAME = SOCKETS_MAX };

struct worker {
    const struct heritage *heritage;
    const struct config *config;
    struct scoreboard_slot *slot;
    int slot_index;
    void *services;
    struct metrics_sources sources;
    FCGX_Request connections[SOCKETS_MAX]; /* one for each socket */
    int events;  /* epoll: connections by the index of their socket, and the signals */
    int signals; /* signalfd */
    struct exchange exchange;
    int64_t answered;
    int64_t counted_cpu_us; /* of clock_cpu_us() */
    bool leaving;           /* SIGTERM came */
    bool draining;          /* SIGQUIT came */
    bool failed;            /* nothing further can be expected to work */
    bool probes;            /* also while no request comes */
};

/* ---- before the first request ---- */

/*
 * Signals stay blocked and are read from a descriptor between requests: ppoll() would not deliver
 * one while requests keep coming, and none can break a read of libfcgi in half. What concerns the
 * master alone is ignored, after FCGX_Init(), which sets handlers of its own.
 */
static int
open_signals(void)
{
    static const int ignored[] = {SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2};
    sigset_t leave;
    if (FCGX_Init() != 0)
        return -1;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&leave);
    sigaddset(&leave, SIGTERM);
    sigaddset(&leave, SIGQUIT);
    sigprocmask(SIG_SETMASK, &leave, NULL);
    return signalfd(-1, &leave, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Dies with the master: the signal is lost if the master went before it was asked for. */
static bool
follow_master(const struct heritage *heritage)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == heritage->master;
}

/*
 * Woken, it shall not interrupt who woke it: nginx connects and then writes, and a worker that came
 * at once would find nothing to read. Where that is not allowed, all works, only slower.
 */
static void
use_batch_scheduling(void)
{
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

/* Each worker begins with another socket: were all to end soon, none would come to the last one. */
static bool
open_sockets(struct worker *worker)
{
    const struct sockets *sockets = worker->heritage->sockets;
    worker->signals = open_signals();
    worker->events = sockets_watch(sockets, rand() % sockets->count);
    if (worker->signals < 0 || worker->events < 0)
        return false;
    for (int i = 0; i < sockets->count; i++)
        FCGX_InitRequest(&worker->connections[i], sockets->descriptors[i],
                         FCGI_FAIL_ACCEPT_ON_INTR);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = SIGNALS_CAME};
    return epoll_ctl(worker->events, EPOLL_CTL_ADD, worker->signals, &event) == 0;
}

static bool
start(struct worker *worker)
{
    const struct heritage *heritage = worker->heritage;
    srand((unsigned)getpid() ^ (unsigned)clock_monotonic_us());
    if (!follow_master(heritage))
        return false;
    use_batch_scheduling();
    if (!open_sockets(worker)) {
        log_error("worker: %s", strerror(errno));
        return false;
    }
    worker->sources = (struct metrics_sources){.metrics = heritage->metrics,
                                               .scoreboard = heritage->scoreboard,
                                               .shared = heritage->shared,
                                               .router = heritage->router,
                                               .config = worker->config};
    worker->services = heritage->application->start(worker->config, heritage->shared);
    worker->sources.application = heritage->application;
    worker->sources.services = worker->services;
    return worker->services != NULL;
}

/* ---- one request ---- */

/* Operators and monitors are answered however long a crowd kept them waiting. */
static bool
may_be_dropped(const struct route *route)
{
    return route == NULL ||
           (route->who != WHO_ADMIN && route->who != WHO_LOCAL && route->who != WHO_MONITOR);
}

static bool
is_stale(const struct worker *worker, const struct route *route)
{
    int64_t sent_at = worker->exchange.sent_at;
    return worker->config->stale_ms > 0 && sent_at > 0 && may_be_dropped(route) &&
           clock_wall() - sent_at > worker->config->stale_ms;
}

static void
set_time_limits(struct worker *worker, const struct route *route, int64_t now)
{
    bool slow = route != NULL && route->slow;
    const struct config *config = worker->config;
    worker->exchange.request.deadline =
        now + (slow ? config->admin_request_ms : config->request_ms);
    if (slow)
        scoreboard_extend(worker->slot, now + config->admin_watchdog_ms);
}

/* Fills the response and returns the index of the route, for the metrics. */
static size_t
answer(struct worker *worker)
{
    struct exchange *exchange = &worker->exchange;
    const struct router *router = worker->heritage->router;
    struct request_env env = {.config = worker->config,
                              .application = worker->heritage->application,
                              .services = worker->services,
                              .own_services = &worker->sources,
                              .read_body = http_read_body,
                              .source = exchange};
    struct match match = router_match(router, &exchange->request);
    set_time_limits(worker, match.route, clock_monotonic());
    if (is_stale(worker, match.route))
        response_error(&exchange->response, ERROR_BUSY, "the request waited too long");
    else
        router_answer(router, &match, &env, &exchange->request, &exchange->response);
    if (exchange->response.error == ERROR_INTERNAL_ERROR)
        log_error("%s %s met a bug of ours", exchange->request.method_name, exchange->request.path);
    return match.index;
}

/* What the web server in front is set up to do, and better were not. */
static void
look_at_front(const struct worker *worker)
{
    const struct exchange *exchange = &worker->exchange;
    const char *address = exchange->request.server_address;
    struct shared *shared = worker->heritage->shared;
    if (exchange->path_is_derived && !atomic_flag_test_and_set(&shared->said_no_document_uri))
        log_warn(
            "the web server sends no DOCUMENT_URI, so it is not nginx as it should be set up; the "
            "path is that of SCRIPT_NAME and PATH_INFO, or of REQUEST_URI");
    if (config_trusts_body(worker->config) && !address_is_loopback(address) &&
        !atomic_flag_test_and_set(&shared->said_not_loopback))
        log_warn("caller = body, but the web server listens on %s (SERVER_ADDR), not on loopback "
                 "alone: calls that come there are refused",
                 address != NULL ? address : "an unknown address");
}

/* What was changed stays so: with this line an operator can tell the customer. */
static void
log_lost_answer(const struct exchange *exchange)
{
    bool changed = exchange->request.method != METHOD_GET && exchange->response.error == ERROR_NONE;
    log_write(changed ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "the answer to %s %s found no reader%s",
              exchange->request.method_name, exchange->request.path,
              changed ? "; it had been carried out" : "");
}

static void
serve(struct worker *worker, FCGX_Request *connection)
{
    struct exchange *exchange = &worker->exchange;
    int64_t began = clock_monotonic_us();
    http_begin(exchange, connection);
    log_set_request(exchange->request.request_id);
    scoreboard_name(worker->slot, exchange->request.request_id);
    look_at_front(worker);
    size_t route = answer(worker);
    if (!http_send(exchange))
        log_lost_answer(exchange);
    metrics_count(worker->heritage->metrics, worker->slot_index, route, &exchange->response,
                  clock_monotonic_us() - began);
    log_set_request(NULL);
}

/* After the answer went out, so that what follows it is counted too. */
static void
count_cpu(struct worker *worker)
{
    int64_t used = clock_cpu_us();
    metrics_count_cpu(worker->heritage->metrics, worker->slot_index, used - worker->counted_cpu_us);
    worker->counted_cpu_us = used;
}

static void
begin_work(struct worker *worker)
{
    int64_t now = clock_monotonic();
    scoreboard_begin(worker->slot, now, now + worker->config->watchdog_ms);
}

/* With the watchdog's whole time, whatever the request before it took. */
static void
probe(struct worker *worker)
{
    begin_work(worker);
    worker->probes = worker->heritage->application->probe(worker->services);
}

/*
 * Accepts one connection and answers it. The worker counts as busy from before the accept, as
 * a peer that says nothing holds it there.
 */
static void
accept_one(struct worker *worker, FCGX_Request *connection)
{
    begin_work(worker);
    int result = FCGX_Accept_r(connection);
    if (result == 0) {
        worker->slot->requests++;
        /* After an interruption or a disconnect libfcgi hands out what it has of the parameters. */
        if (FCGX_GetError(connection->in) == 0) {
            serve(worker, connection);
            worker->answered++;
        }
        /* Whatever the front asked for: a connection that is kept would keep the worker. */
        FCGX_Free(connection, true);
        probe(worker);
        count_cpu(worker);
    }
    scoreboard_idle(worker->slot);
    if (result == 0 || result == -EAGAIN || result == -EINTR || result == -ECONNABORTED)
        return; /* -EAGAIN: another worker was faster */
    log_error("accept: %s", strerror(-result));
    worker->failed = true;
}

/* ---- the loop ---- */

static void
read_signals(struct worker *worker)
{
    struct signalfd_siginfo info;
    while (read(worker->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM)
            worker->leaving = true;
        else
            worker->draining = true;
    }
}

/* No request came for a while. */
static void
rest(struct worker *worker)
{
    if (worker->draining) {
        worker->leaving = true; /* nothing waits any more */
        return;
    }
    probe(worker);
    scoreboard_idle(worker->slot);
}

/*
 * Waits for a connection. NULL: look at the flags again. A connection is taken even if a signal
 * came with it: no other worker was told of it. One event at a time: epoll hands the ready sockets
 * out in turn, and one that it handed out is the last of them again, also if it was not looked at.
 */
static FCGX_Request *
wait_for_connection(struct worker *worker)
{
    struct epoll_event event;
    int timeout = worker->draining ? 0 : worker->probes ? BREAKER_PROBE_EVERY_MS : -1;
    int found;
    while ((found = epoll_wait(worker->events, &event, 1, timeout)) == 1) {
        if (event.data.u32 != SIGNALS_CAME)
            return &worker->connections[event.data.u32];
        read_signals(worker);
        timeout = 0;
    }
    if (found == 0) {
        rest(worker);
    } else if (errno != EINTR) {
        log_error("epoll_wait: %s", strerror(errno));
        worker->failed = true;
    }
    return NULL;
}

int
worker_run(const struct heritage *heritage, const struct config *config, int slot)
{
    static struct worker worker;
    worker = (struct worker){.heritage = heritage,
                             .config = config,
                             .slot = &heritage->scoreboard->slots[slot],
                             .slot_index = slot};
    if (!start(&worker))
        return EXIT_FAILED;
    scoreboard_idle(worker.slot);
    while (!worker.failed && !worker.leaving &&
           (config->recycle_requests == 0 || worker.answered < config->recycle_requests)) {
        FCGX_Request *connection = wait_for_connection(&worker);
        if (connection != NULL)
            accept_one(&worker, connection);
    }
    heritage->application->stop(worker.services);
    http_free(&worker.exchange);
    return worker.failed ? EXIT_FAILED : EXIT_DONE;
}
