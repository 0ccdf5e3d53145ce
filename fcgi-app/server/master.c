#include "server/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/shared.h"
#include "base/text.h"
#include "server/children.h"
#include "server/rundir.h"
#include "server/upgrade.h"

enum {
    TICK_MS = 250,         /* what the watchdog's precision needs */
    CHANGING_TICK_MS = 20, /* while workers come and go */
    CHECK_MS = 10000,      /* time for the new program's --check */
    STUCK_MS = 5000        /* new workers that are not ready by then may need yet another program */
};

/* The way from one generation of workers to the next. */
enum change {
    CHANGE_NONE,
    CHANGE_STARTING, /* the new workers start, the old ones all serve */
    CHANGE_LEAVING   /* the new workers serve, the old ones leave */
};

struct master {
    const struct master_setup *setup;
    struct heritage heritage;
    struct sockets sockets;
    struct children children;
    /* The settings in force, and those before as long as workers run with them. */
    struct generation generations[2];
    struct generation *current;
    struct generation *previous;
    enum change change;
    int64_t change_since;
    bool can_go_back; /* the previous settings are known: a reload that fails returns to them */
    bool reload_wanted;
    bool upgrade_wanted;
    pid_t check; /* the process that tries the new program; 0: none */
    int64_t check_until;
    bool stopping;
};

/* ---- start ---- */

static void
block_signals(sigset_t *awaited)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2, SIGCHLD};
    sigemptyset(awaited);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        signal(signals[i], SIG_DFL);
        sigaddset(awaited, signals[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_BLOCK, awaited, NULL);
}

/* Puts settings into force that live outside of the workers. */
static void
apply_config(const struct config *config)
{
    log_set_level_name(config->log_level);
    log_set_format_name(config->log_format);
    if (config_trusts_body(config))
        log_warn("caller = body: every client is believed who it says it is; for demos and load "
                 "tests only");
}

static bool
create_heritage(struct master *master)
{
    const struct application *application = master->setup->application;
    struct router *router =
        router_create(application->routes, application->route_count, &metrics_route, 1);
    master->heritage = (struct heritage){
        .master = getpid(),
        .application = application,
        .router = router,
        .shared = shared_create(),
        .scoreboard = scoreboard_create(),
        .metrics = metrics_create(router),
        .sockets = &master->sockets,
    };
    if (master->heritage.shared == NULL || master->heritage.scoreboard == NULL ||
        master->heritage.metrics == NULL) {
        log_error("shared memory: %s", strerror(errno));
        return false;
    }
    return true;
}

/* What is fixed while the sockets are open stays as it was, whatever the settings say now. */
static void
keep_fixed(const struct master *master, struct config *config, const char *run_dir)
{
    bool by_tcp = config->fastcgi_listen[0] != '\0';
    if (config->sockets != master->sockets.count && !by_tcp)
        log_warn("sockets = %d: there stay %d until a restart", config->sockets,
                 master->sockets.count);
    if (strcmp(config->run_dir, run_dir) != 0)
        log_warn("run_dir = %s: it stays %s until a restart", config->run_dir, run_dir);
    config->sockets = master->sockets.count;
    if (!text_copy(config->run_dir, sizeof config->run_dir, run_dir))
        log_abort("a folder's name that was taken before does not fit");
}

static bool
open_run_dir(struct master *master)
{
    struct config *config = &master->current->config;
    gid_t group;
    if (!rundir_prepare(config, &group))
        return false;
    master->children.lock = rundir_lock(config->run_dir);
    if (master->children.lock < 0)
        return false;
    if (sockets_adopt(&master->sockets)) {
        keep_fixed(master, config, config->run_dir);
    } else if (config->fastcgi_listen[0] != '\0'
                   ? !sockets_open_tcp(&master->sockets, config->fastcgi_listen)
                   : !sockets_open(&master->sockets, config->run_dir, config->sockets, group)) {
        sockets_unlink(&master->sockets, config->run_dir);
        rundir_unlock(config->run_dir);
        return false;
    }
    return true;
}

static void
set_change(struct master *master, enum change change, int64_t now)
{
    master->change = change;
    master->change_since = now;
}

/* The workers of the program before go on until the new ones are ready. */
static void
take_handover(struct master *master, const struct handover *handover)
{
    master->children.lock = handover->lock;
    master->sockets = handover->sockets;
    keep_fixed(master, &master->current->config, handover->run_dir);
    set_change(master, CHANGE_STARTING, clock_monotonic());
    master->previous = &master->generations[1];
    master->previous->config = master->current->config;
    for (int i = 0; i < handover->worker_count; i++)
        children_inherit(&master->children, master->previous, handover->workers[i]);
}

static bool
start(struct master *master)
{
    static struct handover handover;
    master->current = &master->generations[0];
    *master->current = (struct generation){
        .number = 1, .config = *master->setup->config, .keys = master->setup->keys};
    apply_config(&master->current->config);
    if (upgrade_inherit(&handover))
        take_handover(master, &handover);
    else if (!open_run_dir(master))
        return false;
    if (!create_heritage(master))
        return false;
    master->children.heritage = &master->heritage;
    children_add(&master->children, master->current);
    log_info("frontrow " VERSION " %s: %d workers on %d sockets in %s",
             master->change == CHANGE_STARTING ? "takes over" : "starts",
             master->current->config.workers, master->sockets.count,
             master->current->config.run_dir);
    return true;
}

/* ---- reload ---- */

static void
reload(struct master *master, int64_t now)
{
    char error[CONFIG_ERROR_SIZE];
    struct key_set *keys;
    struct generation *next = master->current == &master->generations[0] ? &master->generations[1]
                                                                         : &master->generations[0];
    if (!config_load(&next->config, master->setup->config_path, error) ||
        !key_set_load(&next->config, &keys, error)) {
        log_error("reload: %s; the settings stay as they were", error);
        return;
    }
    key_set_free(next->keys);
    next->keys = keys;
    next->number = master->current->number + 1;
    keep_fixed(master, &next->config, master->current->config.run_dir);
    apply_config(&next->config);
    master->previous = master->current;
    master->current = next;
    set_change(master, CHANGE_STARTING, now);
    master->can_go_back = true;
    children_add(&master->children, next);
    log_info("reload: %d workers with new settings", next->config.workers);
}

/* A worker with the new settings did not get ready: the old ones are still all there. */
static void
go_back(struct master *master, int64_t now)
{
    struct generation *failed = master->current;
    log_error("reload: a worker with the new settings failed; the settings stay as they were");
    children_retire(&master->children, failed, SIGTERM, now);
    master->current = master->previous;
    master->previous = failed;
    set_change(master, CHANGE_LEAVING, now);
    apply_config(&master->current->config);
}

static void
continue_change(struct master *master, int64_t now)
{
    int serving;
    if (master->change == CHANGE_STARTING &&
        children_count(&master->children, master->current, &serving) == serving) {
        children_retire(&master->children, master->previous, SIGTERM, now);
        set_change(master, CHANGE_LEAVING, now);
        master->can_go_back = false;
    } else if (master->change == CHANGE_LEAVING &&
               children_count(&master->children, master->previous, &serving) == 0) {
        set_change(master, CHANGE_NONE, now);
        log_info("all %d workers run with the settings in force", master->current->config.workers);
    }
}

/* ---- upgrade ---- */

static void
begin_upgrade(struct master *master, int64_t now)
{
    pid_t pid = upgrade_check(master->setup->argv);
    if (pid < 0) {
        log_error("upgrade: %s", strerror(errno));
        return;
    }
    master->check = pid;
    master->check_until = now + CHECK_MS;
}

static void
execute_upgrade(struct master *master)
{
    static struct handover handover;
    handover = (struct handover){.lock = master->children.lock, .sockets = master->sockets};
    snprintf(handover.run_dir, sizeof handover.run_dir, "%s", master->current->config.run_dir);
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        if (master->children.all[i].state >= CHILD_STARTING)
            handover.workers[handover.worker_count++] = master->children.all[i].pid;
    log_info("upgrade: %s takes over", master->setup->argv[0]);
    upgrade_execute(master->setup->argv, &handover);
    log_error("upgrade: %s: %s", master->setup->argv[0], strerror(errno));
}

static void
end_check(struct master *master, int status)
{
    master->check = 0;
    int ended = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
    /* what could not be asked bars no upgrade, as it bars no start */
    if ((ended == EXIT_DONE || ended == EXIT_DEPENDENCY_GONE) && !master->stopping) {
        execute_upgrade(master);
        return;
    }
    log_error("upgrade: the new program's --check failed (status %d); this one goes on", status);
    master->heritage.scoreboard->refused_upgrades++;
}

/* ---- the loop ---- */

static void
stop(struct master *master, int64_t now)
{
    if (master->stopping)
        return;
    log_info("stops");
    master->stopping = true;
    sockets_unlink(&master->sockets, master->current->config.run_dir);
    children_retire(&master->children, NULL, SIGQUIT, now);
}

static void
take_signal(struct master *master, int signal, int64_t now)
{
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT)
        stop(master, now);
    else if (signal == SIGHUP)
        master->reload_wanted = true;
    else if (signal == SIGUSR2)
        master->upgrade_wanted = true;
}

static void
reap_children(struct master *master, int64_t now)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        const struct generation *failed_start;
        if (pid == master->check)
            end_check(master, status);
        else if (children_reap(&master->children, pid, status, now, &failed_start) &&
                 failed_start == master->current && master->change == CHANGE_STARTING &&
                 master->can_go_back)
            go_back(master, now);
    }
}

/*
 * One change at a time: the next waits until the workers of the last have left. But a new program
 * whose workers do not get ready must not bar the way to a better one.
 */
static bool
may_upgrade(const struct master *master, int64_t now)
{
    int serving;
    return master->change == CHANGE_NONE ||
           (master->change == CHANGE_STARTING && !master->can_go_back &&
            now - master->change_since > STUCK_MS &&
            children_count(&master->children, NULL, &serving) <= CONFIG_WORKERS_MAX);
}

static void
begin_changes(struct master *master, int64_t now)
{
    if (master->check != 0 && now >= master->check_until)
        kill(master->check, SIGKILL);
    if (master->stopping || master->check != 0)
        return;
    if (master->reload_wanted && master->change == CHANGE_NONE) {
        master->reload_wanted = false;
        reload(master, now);
    } else if (master->upgrade_wanted && may_upgrade(master, now)) {
        master->upgrade_wanted = false;
        begin_upgrade(master, now);
    }
}

static void
run(struct master *master, const sigset_t *awaited)
{
    int serving;
    do {
        int wait_ms = children_are_changing(&master->children) ? CHANGING_TICK_MS : TICK_MS;
        struct timespec timeout = {.tv_nsec = wait_ms * 1000000L};
        int signal = sigtimedwait(awaited, NULL, &timeout);
        int64_t now = clock_monotonic();
        take_signal(master, signal, now);
        reap_children(master, now);
        begin_changes(master, now);
        if (!master->stopping)
            continue_change(master, now);
        children_tick(&master->children, now);
    } while (!master->stopping || children_count(&master->children, NULL, &serving) > 0);
}

int
master_run(const struct master_setup *setup)
{
    static struct master master;
    sigset_t awaited;
    master.setup = setup;
    block_signals(&awaited);
    if (!start(&master))
        return EXIT_FAILED;
    run(&master, &awaited);
    rundir_unlock(master.current->config.run_dir);
    router_free(master.heritage.router);
    for (int i = 0; i < 2; i++)
        key_set_free(master.generations[i].keys);
    log_info("ended");
    return EXIT_DONE;
}
