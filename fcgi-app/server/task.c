#include "server/task.h"

#include <errno.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/front.h"
#include "server/request_log.h"

/* Operators and monitors are answered however long a crowd kept them waiting. */
static bool
is_stale(const struct task_context *context, const struct task *task)
{
    const struct route *route = task->match.route;
    int64_t sent_at = task->exchange.sent_at;
    bool may_be_dropped = route == NULL || !route_is_for_operators(route);
    return context->config->stale_ms > 0 && sent_at > 0 && may_be_dropped &&
           clock_wall() - sent_at > context->config->stale_ms;
}

static const char TOO_LATE[] = "the request waited too long";

static struct request_env
env_of(struct task_context *context, struct task *task)
{
    return (struct request_env){.config = context->config,
                                .verifier = context->verifier,
                                .application = context->heritage->application,
                                .services = context->services,
                                .own_services = &context->sources,
                                .read_body = http_read_body,
                                .source = &task->exchange};
}

/* What the web server in front is set up to do, and better were not. */
static void
look_at_front(const struct task_context *context, const struct exchange *exchange)
{
    const char *address = exchange->request.server_address;
    struct shared *shared = context->heritage->shared;
    if (exchange->path_is_derived && !atomic_flag_test_and_set(&shared->said_no_document_uri))
        log_warn(
            "the web server sends no DOCUMENT_URI, so it is not nginx as it should be set up; the "
            "path is that of SCRIPT_NAME and PATH_INFO, or of REQUEST_URI");
    if (config_trusts_body(context->config) && !address_is_loopback(address) &&
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

/* Reads the head of an accepted request and finds its route. */
static void
begin(struct task_context *context, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    task->began = clock_monotonic_us();
    task->answered = false;
    http_begin(exchange, &task->connection);
    scoreboard_take(context->slot, task->index, exchange->request.request_id);
    look_at_front(context, exchange);
    task->waited_us = 0;
    if (exchange->sent_at > 0) {
        /* by two clocks, if nginx is elsewhere; and one may have been set back meanwhile */
        int64_t waited_ms = clock_wall() - exchange->sent_at;
        task->waited_us = waited_ms > 0 ? waited_ms * 1000 : 0;
        metrics_count_wait(context->heritage->metrics, context->slot_index, task->waited_us);
        if (context->was_idle)
            metrics_note_front_clock(context->heritage->metrics, context->slot_index, -waited_ms);
    }

    const struct config *config = context->config;
    int64_t now = clock_monotonic();
    task->match = router_match(context->heritage->router, &exchange->request);
    bool is_slow = task->match.route != NULL && task->match.route->slow;
    exchange->request.deadline = now + (is_slow ? config->admin_request_ms : config->request_ms);
    if (is_slow)
        scoreboard_extend(context->slot, now + config->admin_watchdog_ms);
}

/*
 * Lets libfcgi read the head of a request from an accepted connection. It would accept by itself,
 * and then wait without a limit; and behind an answer wait for each connection by itself until the
 * web server has closed it. So it gets one connection that it takes for a kept one, no socket to
 * accept another one from, and does not linger. False: nothing whole came, and it is closed.
 */
static bool
read_head(FCGX_Request *connection, int descriptor)
{
    FCGX_InitRequest(connection, -1, 0);
    connection->ipcFd = descriptor;
    connection->keepConnection = true;
    FCGX_Detach(connection);
    /* After a disconnect libfcgi hands out what it has of the parameters. */
    if (FCGX_Accept_r(connection) == 0 && FCGX_GetError(connection->in) == 0)
        return true;
    FCGX_Free(connection, true);
    return false;
}

static void
note_silence(const struct task_context *context)
{
    metrics_count_silence(context->heritage->metrics, context->slot_index);
    if (!atomic_flag_test_and_set(&context->heritage->shared->said_silent))
        log_warn("a web server connected and sent no whole request; after front_ms (%d ms) in "
                 "which nothing came the connection was closed. This is said once, and counted in "
                 "frontrow_silent_connections_total",
                 context->config->front_ms);
}

bool
task_accept(struct task_context *context, struct task *task, int socket)
{
    int listener = context->heritage->sockets->descriptors[socket];
    int descriptor = front_accept(listener, context->config->front_ms);
    if (descriptor < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            log_error("accept: %s", strerror(errno));
            context->failed = true;
        }
        return false;
    }
    int64_t since = clock_monotonic();
    if (read_head(&task->connection, descriptor)) {
        context->slot->requests++;
        begin(context, task);
        return true;
    }
    if (clock_monotonic() - since >= context->config->front_ms)
        note_silence(context);
    return false;
}

static void
note_spent(struct spent noted[DEPENDENCY_COUNT])
{
    for (enum dependency i = 0; i < DEPENDENCY_COUNT; i++)
        noted[i] = *spent_of(i);
}

bool
task_admit(struct task_context *context, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(context, task);
    bool admitted = false;
    log_set_request(exchange->request.request_id);
    note_spent(task->before);
    if (is_stale(context, task))
        response_error(&exchange->response, ERROR_BUSY, TOO_LATE);
    else
        admitted = router_admit(&task->match, &env, &exchange->request, &exchange->response);
    task_pause(task);
    return admitted;
}

void
task_pause(struct task *task)
{
    note_spent(task->paused);
}

void
task_resume(struct task *task)
{
    for (enum dependency i = 0; i < DEPENDENCY_COUNT; i++) {
        task->before[i].calls += spent_of(i)->calls - task->paused[i].calls;
        task->before[i].microseconds += spent_of(i)->microseconds - task->paused[i].microseconds;
    }
}

void
task_end(struct task_context *context, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(context, task);
    log_set_request(exchange->request.request_id);
    if (exchange->response.error == ERROR_INTERNAL_ERROR)
        log_error("%s %s met a bug of ours", exchange->request.method_name, exchange->request.path);
    router_end(&env, &exchange->request);
    if (!http_send(exchange))
        log_lost_answer(exchange);
    const struct request_times times = {
        .took_us = task->waited_us + clock_monotonic_us() - task->began,
        .waited_us = task->waited_us,
    };
    metrics_count(context->heritage->metrics, context->slot_index, task->match.index,
                  &exchange->response, times.took_us);
    request_log(context->config, task->match.route, exchange, task->before, &times);
    log_set_request(NULL);
    task->answered = true;
    context->answered++;
    scoreboard_answer(context->slot, task->index);
    /* Whatever the front asked for: a connection that is kept would keep the worker. */
    front_end(task->connection.ipcFd);
    FCGX_Free(&task->connection, false);
}

void
task_finish(struct task_context *context, struct task *task)
{
    struct exchange *exchange = &task->exchange;
    struct request_env env = env_of(context, task);
    if (task->answered)
        return;
    log_set_request(exchange->request.request_id);
    task_resume(task);
    if (clock_monotonic() < exchange->request.deadline)
        router_handle(context->heritage->router, &task->match, &env, &exchange->request,
                      &exchange->response);
    else
        response_error(&exchange->response, ERROR_BUSY, TOO_LATE);
    task_end(context, task);
}

void
task_close(const struct task *tasks, size_t count)
{
    int descriptors[TAKEN_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        descriptors[i] = tasks[i].connection.ipcFd;
    front_close(descriptors, count);
}
