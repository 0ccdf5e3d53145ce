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
enum { SIGNALS_CAME = SOCKETS_MAX, NOBODY = -1 };

/* Of requests that may be answered together. */
enum {
    SHARING_WORKERS = 4, /* that answer some at the same time */
    GATHER_MS = 20,      /* the most that one waits for their turn */
    YIELD_US = 2000,     /* for which another worker leaves new ones to who gathers them */
};

/* One request in the worker's hands. */
struct task {
    FCGX_Request connection;
    struct exchange exchange;
    struct match match;
    int64_t began; /* clock_monotonic_us() */
    bool answered;
};

struct worker {
    const struct heritage *heritage;
    const struct config *config;
    struct scoreboard_slot *slot;
    int slot_index;
    void *services;
    struct metrics_sources sources;
    int events;  /* epoll: sockets by their index, and the signals */
    int signals; /* signalfd */
    struct task tasks[CALLS_AT_ONCE];
    struct buffer shared_ids; /* of requests that are answered together */
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
is_stale(const struct worker *worker, const struct task *task)
{
    int64_t sent_at = task->exchange.sent_at;
    return worker->config->stale_ms > 0 && sent_at > 0 && may_be_dropped(task->match.route) &&
           clock_wall() - sent_at > worker->config->stale_ms;
}

static void
set_time_limits(struct worker *worker, struct task *task, int64_t now)
{
    bool slow = task->match.route != NULL && task->match.route->slow;
    const struct config *config = worker->config;
    task->exchange.request.deadline = now + (slow ? config->admin_request_ms : config->request_ms);
    if (slow)
        scoreboard_extend(worker->slot, now + config->admin_watchdog_ms);
}

static const char TOO_LATE[] = "the request waited too long";

static struct request_env
env_of(struct worker *worker, struct task *task)
{
    return (struct request_env){.config = worker->config,
                                .application = worker->heritage->application,
                                .services = worker->services,
                                .own_services = &worker->sources,
                                .read_body = http_read_body,
                                .source = &task->exchange};
}

/* What the web server in front is set up to do, and better were not. */
static void
look_at_front(const struct worker *worker, const struct exchange *exchange)
{
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

/* Reads the head of an accepted request and finds its route. */
static void
begin_task(struct worker *worker, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    task->began = clock_monotonic_us();
    task->answered = false;
    http_begin(exchange, &task->connection);
    scoreboard_name(worker->slot, (size_t)(task - worker->tasks), exchange->request.request_id);
    look_at_front(worker, exchange);
    task->match = router_match(worker->heritage->router, &exchange->request);
    set_time_limits(worker, task, clock_monotonic());
}

/* False: there is the answer already. */
static bool
admit(struct worker *worker, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(worker, task);
    log_set_request(exchange->request.request_id);
    if (!is_stale(worker, task))
        return router_admit(&task->match, &env, &exchange->request, &exchange->response);
    response_error(&exchange->response, ERROR_BUSY, TOO_LATE);
    return false;
}

/* One that had to wait for others in the same hands may be too late. */
static void
handle(struct worker *worker, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(worker, task);
    log_set_request(exchange->request.request_id);
    if (clock_monotonic() < exchange->request.deadline)
        router_handle(worker->heritage->router, &task->match, &env, &exchange->request,
                      &exchange->response);
    else
        response_error(&exchange->response, ERROR_BUSY, TOO_LATE);
}

/* Sends the answer. */
static void
end_task(struct worker *worker, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(worker, task);
    log_set_request(exchange->request.request_id);
    if (exchange->response.error == ERROR_INTERNAL_ERROR)
        log_error("%s %s met a bug of ours", exchange->request.method_name, exchange->request.path);
    router_end(&env, &exchange->request);
    if (!http_send(exchange))
        log_lost_answer(exchange);
    metrics_count(worker->heritage->metrics, worker->slot_index, task->match.index,
                  &exchange->response, clock_monotonic_us() - task->began);
    log_set_request(NULL);
    task->answered = true;
    worker->answered++;
    scoreboard_name(worker->slot, (size_t)(task - worker->tasks), "");
    /* Whatever the front asked for: a connection that is kept would keep the worker. */
    FCGX_Free(&task->connection, true);
}

/* Handles it, if there is no answer yet. */
static void
finish(struct worker *worker, struct task *task)
{
    if (task->answered)
        return;
    handle(worker, task);
    end_task(worker, task);
}

/*
 * Accepts a connection and reads the head of its request. False: another worker was faster, or
 * nothing whole came.
 */
static bool
take(struct worker *worker, struct task *task, int socket)
{
    FCGX_InitRequest(&task->connection, worker->heritage->sockets->descriptors[socket],
                     FCGI_FAIL_ACCEPT_ON_INTR);
    int result = FCGX_Accept_r(&task->connection);
    if (result == 0) {
        worker->slot->requests++;
        /* After an interruption or a disconnect libfcgi hands out what it has of the parameters. */
        if (FCGX_GetError(task->connection.in) == 0) {
            begin_task(worker, task);
            return true;
        }
        FCGX_Free(&task->connection, true);
    } else if (result != -EAGAIN && result != -EINTR && result != -ECONNABORTED) {
        log_error("accept: %s", strerror(-result));
        worker->failed = true;
    }
    return false;
}

/* ---- several requests ---- */

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

/*
 * Whether requests that may be answered together are to be answered now. While so many workers are
 * at it, one transaction with more in it is worth more than one more transaction. Who is stuck
 * there keeps nobody for long.
 */
static bool
is_our_turn(const struct worker *worker, int64_t gathering_since)
{
    return scoreboard_count_sharing(worker->heritage->scoreboard, SHARING_WORKS) <
               SHARING_WORKERS ||
           clock_monotonic() - gathering_since >= GATHER_MS;
}

/* Whether another worker would take what waits in the sockets. */
static bool
has_idle_colleague(const struct worker *worker)
{
    int ready, busy;
    scoreboard_count(worker->heritage->scoreboard, &ready, &busy);
    return busy < ready;
}

/*
 * Takes what waits in the sockets beside the first request, as long as it is of the same route; one
 * of another is the last. While no turn is waited for, that is only what nobody else would take: it
 * would wait here for the first one. Returns how many there are.
 */
static size_t
take_more(struct worker *worker)
{
    struct task *tasks = worker->tasks;
    struct epoll_event event;
    size_t count = 1;
    int64_t since = clock_monotonic();
    bool is_turn = false, is_last = false;
    while (count < CALLS_AT_ONCE && !is_last && !worker->failed) {
        is_turn = is_turn || is_our_turn(worker, since);
        scoreboard_share(worker->slot, is_turn ? SHARING_WORKS : SHARING_GATHERS);
        if (is_turn && has_idle_colleague(worker))
            break;
        int found = epoll_wait(worker->events, &event, 1, is_turn ? 0 : 1);
        if (found != 1 && is_turn)
            break;
        if (found == 1 && event.data.u32 == SIGNALS_CAME)
            read_signals(worker);
        else if (found == 1 && take(worker, &tasks[count], (int)event.data.u32))
            is_last = tasks[count++].match.route != tasks[0].match.route;
    }
    scoreboard_share(worker->slot, SHARING_WORKS);
    return count;
}

/* Answers those of the first one's route that its batch handler answers. */
static void
handle_batch(struct worker *worker, size_t count)
{
    struct task *tasks = worker->tasks, *called[CALLS_AT_ONCE];
    struct call calls[CALLS_AT_ONCE];
    size_t together = 0;
    buffer_clear(&worker->shared_ids);
    for (size_t i = 0; i < count; i++) {
        struct exchange *exchange = &tasks[i].exchange;
        if (tasks[i].answered || tasks[i].match.route != tasks[0].match.route)
            continue;
        buffer_format(&worker->shared_ids, "%s%s", together > 0 ? "," : "",
                      exchange->request.request_id);
        called[together] = &tasks[i];
        calls[together++] =
            (struct call){.request = &exchange->request, .response = &exchange->response};
    }
    if (together < 2)
        return;
    log_set_request(worker->shared_ids.data);
    tasks[0].match.route->handle_batch(worker->services, calls, together);
    for (size_t i = 0; i < together; i++)
        if (calls[i].answered)
            end_task(worker, called[i]);
}

/*
 * Answers what is in the worker's hands: what needs no handler, what goes together, and the rest.
 * Of these the one of another route, the last, comes first: the others may have to wait for locks.
 */
static void
answer(struct worker *worker, size_t count)
{
    struct task *tasks = worker->tasks;
    for (size_t i = 0; i < count; i++)
        if (!admit(worker, &tasks[i]))
            end_task(worker, &tasks[i]);
    if (count > 1) {
        handle_batch(worker, count);
        scoreboard_share(worker->slot, SHARING_NONE);
        if (tasks[count - 1].match.route != tasks[0].match.route)
            finish(worker, &tasks[count - 1]);
    }
    for (size_t i = 0; i < count; i++)
        finish(worker, &tasks[i]);
}

/*
 * Accepts a connection and answers it, and others with it where its route has them answered
 * together. The worker counts as busy from before the accept, as a peer that says nothing holds it
 * there.
 */
static void
work(struct worker *worker, int socket)
{
    begin_work(worker);
    if (take(worker, &worker->tasks[0], socket)) {
        const struct route *route = worker->tasks[0].match.route;
        bool batched = route != NULL && route->handle_batch != NULL;
        answer(worker, batched ? take_more(worker) : 1);
        probe(worker);
        count_cpu(worker);
    }
    scoreboard_share(worker->slot, SHARING_NONE);
    scoreboard_idle(worker->slot);
}

/* ---- the loop ---- */

/* Who gathers requests is left what comes. If it is no such request, it loses this moment. */
static void
let_others_gather(const struct worker *worker)
{
    if (scoreboard_count_sharing(worker->heritage->scoreboard, SHARING_GATHERS) > 0)
        usleep(YIELD_US);
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
 * Waits for a connection and returns the index of its socket. NOBODY: look at the flags again. A
 * connection is taken even if a signal came with it: no other worker was told of it. One event at a
 * time: epoll hands the ready sockets out in turn, and one that it handed out is the last of them
 * again, also if it was not looked at.
 */
static int
wait_for_connection(struct worker *worker)
{
    struct epoll_event event;
    int timeout = worker->draining ? 0 : worker->probes ? BREAKER_PROBE_EVERY_MS : -1;
    int found;
    while ((found = epoll_wait(worker->events, &event, 1, timeout)) == 1) {
        if (event.data.u32 != SIGNALS_CAME)
            return (int)event.data.u32;
        read_signals(worker);
        timeout = 0;
    }
    if (found == 0) {
        rest(worker);
    } else if (errno != EINTR) {
        log_error("epoll_wait: %s", strerror(errno));
        worker->failed = true;
    }
    return NOBODY;
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
        int socket = wait_for_connection(&worker);
        if (socket == NOBODY)
            continue;
        let_others_gather(&worker);
        work(&worker, socket);
    }
    heritage->application->stop(worker.services);
    for (size_t i = 0; i < CALLS_AT_ONCE; i++)
        http_free(&worker.tasks[i].exchange);
    buffer_free(&worker.shared_ids);
    return worker.failed ? EXIT_FAILED : EXIT_DONE;
}
