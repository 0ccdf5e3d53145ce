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

#include "base/breaker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "identity/verifier.h"
#include "server/task.h"

/* Among the events, beside the indexes of sockets. */
enum { SIGNALS_CAME = SOCKETS_MAX, NOBODY = -1 };

enum { IDLE_MS = 2 }; /* who waited so long for a request found none in the sockets */

/* Of requests that may be answered together. */
enum {
    SHARING_WORKERS = 8, /* that answer some at the same time */
    GATHER_MS = 20,      /* the most that one waits for their turn */
    YIELD_US = 2000,     /* for which another worker leaves new ones to who gathers them */
};

struct worker {
    struct task_context context;
    int events;  /* epoll: sockets by their index, and the signals */
    int signals; /* signalfd */
    struct task tasks[TAKEN_AT_ONCE];
    struct buffer shared_ids; /* of requests that are answered together */
    struct work counted;
    bool leaving;  /* SIGTERM came */
    bool draining; /* SIGQUIT came */
    bool probes;   /* also while no request comes */
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

/* Each worker begins with another socket: were all to end soon, none would come to the last one. */
static bool
open_sockets(struct worker *worker)
{
    const struct sockets *sockets = worker->context.heritage->sockets;
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
    const struct heritage *heritage = worker->context.heritage;
    srand((unsigned)getpid() ^ (unsigned)clock_monotonic_us());
    /* it dies with the master; the signal is lost if that went before it was asked for */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != heritage->master)
        return false;
    /*
     * Woken, it shall not interrupt who woke it: nginx connects and then writes, and a worker that
     * came at once would find nothing to read. Where that is not allowed, all works, only slower.
     */
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    if (!open_sockets(worker)) {
        log_error("worker: %s", strerror(errno));
        return false;
    }
    worker->context.services =
        heritage->application->start(worker->context.config, heritage->shared);
    worker->context.sources = (struct metrics_sources){.metrics = heritage->metrics,
                                                       .scoreboard = heritage->scoreboard,
                                                       .shared = heritage->shared,
                                                       .router = heritage->router,
                                                       .config = worker->context.config,
                                                       .application = heritage->application,
                                                       .services = worker->context.services};
    return worker->context.services != NULL;
}

/* ---- the requests ---- */

/* After the answer went out, so that what follows it is counted too. */
static void
count_work(struct worker *worker)
{
    metrics_count_work(worker->context.heritage->metrics, worker->context.slot_index,
                       &worker->counted);
}

static void
begin_work(struct worker *worker)
{
    int64_t now = clock_monotonic();
    spent_forget_sessions();
    scoreboard_begin(worker->context.slot, now, now + worker->context.config->watchdog_ms);
}

/* With the watchdog's whole time, whatever the request before it took. */
static void
probe(struct worker *worker)
{
    begin_work(worker);
    worker->probes = worker->context.heritage->application->probe(worker->context.services);
}

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
 * at it, or have as many of them in their hands as one transaction takes, a transaction with more
 * in it is worth more than one more transaction. Who is stuck there keeps nobody for long.
 */
static bool
is_our_turn(const struct worker *worker, int64_t gathering_since)
{
    const struct scoreboard *scoreboard = worker->context.heritage->scoreboard;
    return (scoreboard_count_sharing(scoreboard, SHARING_WORKS) < SHARING_WORKERS &&
            scoreboard_count_shared(scoreboard, SHARING_WORKS) < CALLS_AT_ONCE) ||
           clock_monotonic() - gathering_since >= GATHER_MS;
}

/* Whether another worker would take what waits in the sockets. */
static bool
has_idle_colleague(const struct worker *worker)
{
    int ready, busy;
    scoreboard_count(worker->context.heritage->scoreboard, &ready, &busy);
    return busy < ready;
}

static bool
is_batched(const struct task *task)
{
    return task->match.route != NULL && task->match.route->handle_batch != NULL;
}

/* How many of the first `count` tasks are of this route. */
static size_t
count_of_route(const struct task *tasks, size_t count, const struct route *route)
{
    size_t alike = 0;
    for (size_t i = 0; i < count; i++)
        alike += tasks[i].match.route == route;
    return alike;
}

/*
 * Takes what waits in the sockets beside the first request, of all routes that are answered
 * together, until one of them has as many as go together; one of any other route is the last. While
 * no turn is waited for, that is only what nobody else would take: it would wait here for the first
 * one. Returns how many there are.
 */
static size_t
take_more(struct worker *worker)
{
    struct task *tasks = worker->tasks;
    struct epoll_event event;
    size_t count = 1;
    int64_t since = clock_monotonic();
    bool is_turn = false, is_last = false;
    while (count < TAKEN_AT_ONCE && !is_last && !worker->context.failed) {
        is_turn = is_turn || is_our_turn(worker, since);
        scoreboard_share(worker->context.slot, is_turn ? SHARING_WORKS : SHARING_GATHERS);
        if (is_turn && has_idle_colleague(worker))
            break;
        int found = epoll_wait(worker->events, &event, 1, is_turn ? 0 : 1);
        if (found != 1 && is_turn)
            break;
        if (found == 1 && event.data.u32 == SIGNALS_CAME) {
            read_signals(worker);
        } else if (found == 1 &&
                   task_accept(&worker->context, &tasks[count], (int)event.data.u32)) {
            count++;
            is_last = !is_batched(&tasks[count - 1]) ||
                      count_of_route(tasks, count, tasks[count - 1].match.route) == CALLS_AT_ONCE;
        } else if (clock_monotonic() - since >= worker->context.config->front_ms) {
            break; /* a silent peer has kept the others long enough */
        }
    }
    scoreboard_share(worker->context.slot, SHARING_WORKS);
    return count;
}

static void
send_now(struct call *call)
{
    struct task *task = call->sender;
    const char *ids = log_set_request(NULL);
    task_end(task->context, task);
    log_set_request(ids);
}

/* Answers those of a route that its batch handler answers, unless they waited too long. */
static void
handle_batch(struct worker *worker, const struct route *route, size_t count)
{
    struct task *tasks = worker->tasks, *called[CALLS_AT_ONCE];
    struct call calls[CALLS_AT_ONCE];
    int64_t now = clock_monotonic(); /* the batches before this one took time */
    size_t together = 0;
    buffer_clear(&worker->shared_ids);
    for (size_t i = 0; i < count; i++) {
        struct exchange *exchange = &tasks[i].exchange;
        if (tasks[i].answered || tasks[i].match.route != route || now >= exchange->request.deadline)
            continue;
        buffer_format(&worker->shared_ids, "%s%s", together > 0 ? "," : "",
                      exchange->request.request_id);
        called[together] = &tasks[i];
        calls[together++] = (struct call){.request = &exchange->request,
                                          .response = &exchange->response,
                                          .send = send_now,
                                          .sender = &tasks[i]};
    }
    if (together < 2)
        return;
    for (size_t i = 0; i < together; i++)
        task_resume(called[i]);
    log_set_request(worker->shared_ids.data);
    route->handle_batch(worker->context.services, calls, together);
    for (size_t i = 0; i < together; i++) {
        if (!calls[i].answered)
            task_pause(called[i]);
        else if (!called[i]->answered)
            task_end(&worker->context, called[i]);
    }
}

/* Whether a task waits for nothing that others of its route do, nor makes others wait for long. */
static bool
goes_first(const struct worker *worker, size_t index, size_t count)
{
    const struct route *route = worker->tasks[index].match.route;
    return count_of_route(worker->tasks, count, route) == 1 && (route == NULL || !route->slow);
}

/*
 * Answers what is in the worker's hands: what needs no handler, what goes together, route by route
 * in the order in which they came, and the rest. Of these those that are alone of their route come
 * first: the others may have to wait for locks. The last one, if its route never goes together, may
 * have a large answer, whose memory is given back.
 */
static void
answer(struct worker *worker, size_t count)
{
    struct task *tasks = worker->tasks, *last = &tasks[count - 1];
    for (size_t i = 0; i < count; i++)
        if (!task_admit(&worker->context, &tasks[i]))
            task_end(&worker->context, &tasks[i]);
    if (count > 1) {
        for (size_t i = 0; i < count; i++)
            if (is_batched(&tasks[i]) && count_of_route(tasks, i + 1, tasks[i].match.route) == 1)
                handle_batch(worker, tasks[i].match.route, count);
        scoreboard_share(worker->context.slot, SHARING_NONE);
        for (size_t i = 0; i < count; i++)
            if (goes_first(worker, i, count))
                task_finish(&worker->context, &tasks[i]);
    }
    for (size_t i = 0; i < count; i++)
        task_finish(&worker->context, &tasks[i]);
    if (count > 1 && !is_batched(last))
        http_free(&last->exchange);
}

/*
 * Accepts a connection and answers it, and others with it where its route has them answered
 * together. The worker counts as busy from before the accept, as a peer that says nothing holds it
 * there for a while.
 */
static void
work(struct worker *worker, int socket)
{
    begin_work(worker);
    if (task_accept(&worker->context, &worker->tasks[0], socket)) {
        size_t count = is_batched(&worker->tasks[0]) ? take_more(worker) : 1;
        answer(worker, count);
        task_close(worker->tasks, count);
        probe(worker);
        count_work(worker);
    }
    scoreboard_share(worker->context.slot, SHARING_NONE);
    scoreboard_idle(worker->context.slot);
}

/* ---- the loop ---- */

/* No request came for a while. */
static void
rest(struct worker *worker)
{
    if (worker->draining) {
        worker->leaving = true; /* nothing waits any more */
        return;
    }
    probe(worker);
    count_work(worker);
    scoreboard_idle(worker->context.slot);
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
    int64_t since = clock_monotonic();
    while ((found = epoll_wait(worker->events, &event, 1, timeout)) == 1) {
        worker->context.was_idle = clock_monotonic() - since >= IDLE_MS;
        if (event.data.u32 != SIGNALS_CAME)
            return (int)event.data.u32;
        read_signals(worker);
        timeout = 0;
    }
    if (found == 0) {
        rest(worker);
    } else if (errno != EINTR) {
        log_error("epoll_wait: %s", strerror(errno));
        worker->context.failed = true;
    }
    return NOBODY;
}

int
worker_run(const struct heritage *heritage, const struct config *config, const struct key_set *keys,
           int slot)
{
    static struct worker worker;
    worker = (struct worker){.context = {.heritage = heritage,
                                         .config = config,
                                         .slot = &heritage->scoreboard->slots[slot],
                                         .slot_index = slot}};
    for (size_t i = 0; i < TAKEN_AT_ONCE; i++) {
        worker.tasks[i].context = &worker.context;
        worker.tasks[i].index = i;
    }
    if (!start(&worker))
        return EXIT_FAILED;
    if (keys != NULL)
        worker.context.verifier = verifier_create(config, keys, VERIFIER_TOKENS);
    scoreboard_idle(worker.context.slot);
    while (!worker.context.failed && !worker.leaving &&
           (config->recycle_requests == 0 || worker.context.answered < config->recycle_requests)) {
        int socket = wait_for_connection(&worker);
        if (socket == NOBODY)
            continue;
        /* who gathers requests is left what comes; if it is no such one, it loses this moment */
        if (scoreboard_count_sharing(heritage->scoreboard, SHARING_GATHERS) > 0)
            usleep(YIELD_US);
        work(&worker, socket);
    }
    heritage->application->stop(worker.context.services);
    for (size_t i = 0; i < TAKEN_AT_ONCE; i++)
        http_free(&worker.tasks[i].exchange);
    buffer_free(&worker.shared_ids);
    verifier_free(worker.context.verifier);
    return worker.context.failed ? EXIT_FAILED : EXIT_DONE;
}
