#include "server/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"

enum { FIRST_BACKOFF_MS = 100, LONGEST_BACKOFF_MS = 5000 };

static int
slot_of(const struct children *children, const struct child *child)
{
    return (int)(child - children->all);
}

static struct scoreboard_slot *
slot_state(const struct children *children, const struct child *child)
{
    return &children->heritage->scoreboard->slots[slot_of(children, child)];
}

static struct child *
find_free(struct children *children)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        if (children->all[i].state == CHILD_NONE)
            return &children->all[i];
    /* Two generations of workers fit, and there are never more. */
    log_abort("more workers than places");
}

void
children_add(struct children *children, const struct generation *generation)
{
    for (int i = 0; i < generation->config.workers; i++)
        *find_free(children) = (struct child){.state = CHILD_WAITING, .generation = generation};
}

void
children_inherit(struct children *children, const struct generation *generation, pid_t pid)
{
    *find_free(children) = (struct child){
        .state = CHILD_SERVING, .generation = generation, .pid = pid, .retired = true};
}

/* ---- starting ---- */

static void
start_child(struct children *children, struct child *child, int64_t now)
{
    scoreboard_start(children->heritage->scoreboard, slot_of(children, child),
                     now + child->generation->config.watchdog_ms);
    pid_t pid = fork();
    if (pid == 0) {
        close(children->lock);
        exit(worker_run(children->heritage, &child->generation->config, child->generation->keys,
                        slot_of(children, child)));
    }
    if (pid < 0) {
        log_error("fork: %s", strerror(errno));
        child->start_at = now + FIRST_BACKOFF_MS;
        return;
    }
    children->heritage->scoreboard->starts++;
    child->pid = pid;
    child->state = CHILD_STARTING;
    log_debug("worker %d starts in slot %d, generation %d", (int)pid, slot_of(children, child),
              child->generation->number);
}

/* ---- by time ---- */

static void
kill_child(struct child *child)
{
    kill(child->pid, SIGKILL);
    child->state = CHILD_KILLED;
}

static void
watch_child(struct children *children, struct child *child, int64_t now)
{
    int64_t kill_at = slot_state(children, child)->kill_at;
    if (kill_at == 0 || now < kill_at)
        return;
    if (child->state == CHILD_STARTING)
        log_error("worker %d is not ready in time: killed", (int)child->pid);
    else
        log_error("worker %d does not finish its work, for %lld ms by now: killed", (int)child->pid,
                  (long long)(now - slot_state(children, child)->busy_since));
    child->overdue = true;
    kill_child(child);
}

static void
tick_child(struct children *children, struct child *child, int64_t now)
{
    if (child->state == CHILD_WAITING && now >= child->start_at)
        start_child(children, child, now);
    if (child->state == CHILD_STARTING && slot_state(children, child)->ready)
        child->state = CHILD_SERVING;
    if (child->state == CHILD_STARTING || child->state == CHILD_SERVING)
        watch_child(children, child, now);
    if (child->state == CHILD_LEAVING && now >= child->kill_at) {
        log_warn("worker %d did not leave in time: killed", (int)child->pid);
        kill_child(child);
    }
}

void
children_tick(struct children *children, int64_t now)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        tick_child(children, &children->all[i], now);
}

/* ---- leaving ---- */

static void
retire_child(struct child *child, int signal, int64_t now)
{
    child->retired = true;
    if (child->state == CHILD_WAITING)
        child->state = CHILD_NONE;
    if (child->state != CHILD_STARTING && child->state != CHILD_SERVING &&
        child->state != CHILD_LEAVING)
        return;
    kill(child->pid, signal);
    child->state = CHILD_LEAVING;
    child->kill_at = now + child->generation->config.drain_ms;
}

void
children_retire(struct children *children, const struct generation *generation, int signal,
                int64_t now)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        if (generation == NULL || children->all[i].generation == generation)
            retire_child(&children->all[i], signal, now);
}

static enum ending
ending_of(const struct child *child, int status)
{
    if (child->overdue)
        return ENDING_WATCHDOG;
    if (WIFSIGNALED(status))
        return child->state == CHILD_KILLED ? ENDING_RETIRED : ENDING_CRASHED;
    return WEXITSTATUS(status) == 0 ? ENDING_RETIRED : ENDING_FAILED;
}

/*
 * "; at work on ID, ID" of the requests from this index on, as many as a line has room for; ""
 * where there was nothing in its hands. Returns the index of the next one.
 */
static size_t
write_requests(const struct scoreboard_slot *slot, size_t index, struct buffer *text)
{
    size_t written = 0;
    buffer_clear(text);
    buffer_text(text, "");
    for (; index < SCOREBOARD_REQUESTS && written < CALLS_AT_ONCE; index++) {
        if (slot->busy_since == 0 || slot->request_ids[index][0] == '\0')
            continue;
        buffer_format(text, "%s%s", written++ == 0 ? "; at work on " : ", ",
                      slot->request_ids[index]);
    }
    return index;
}

/* The log names the requests that got no answer: the effect of each is complete or absent. */
static void
log_ending(const struct child *child, int status, const struct scoreboard_slot *slot)
{
    struct buffer at_work = {0};
    size_t next = write_requests(slot, 0, &at_work);
    int64_t requests = slot->requests;
    if (WIFSIGNALED(status))
        log_write(child->state == CHILD_KILLED ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
                  "worker %d was ended by signal %d (%s)%s after %lld requests%s", (int)child->pid,
                  WTERMSIG(status), strsignal(WTERMSIG(status)),
                  WCOREDUMP(status) ? ", core dumped," : "", (long long)requests, at_work.data);
    else
        log_write(WEXITSTATUS(status) == 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
                  "worker %d ended with status %d after %lld requests", (int)child->pid,
                  WEXITSTATUS(status), (long long)requests);
    while (next < SCOREBOARD_REQUESTS) {
        next = write_requests(slot, next, &at_work);
        if (at_work.length > 0 && WIFSIGNALED(status))
            log_error("worker %d was ended%s", (int)child->pid, at_work.data);
    }
    buffer_free(&at_work);
}

/* A worker that had work is replaced at once; one that never gets that far, ever more slowly. */
static void
wait_for_restart(struct child *child, int64_t requests, int64_t now)
{
    int64_t delay = 0;
    child->failed_starts = requests > 0 ? 0 : child->failed_starts + 1;
    for (int i = 0; i < child->failed_starts && delay < LONGEST_BACKOFF_MS; i++)
        delay = delay == 0 ? FIRST_BACKOFF_MS : delay * 2;
    if (delay > LONGEST_BACKOFF_MS)
        delay = LONGEST_BACKOFF_MS;
    *child = (struct child){.state = CHILD_WAITING,
                            .generation = child->generation,
                            .start_at = now + delay,
                            .failed_starts = child->failed_starts};
}

static struct child *
find_process(struct children *children, pid_t pid)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        if (children->all[i].state >= CHILD_STARTING && children->all[i].pid == pid)
            return &children->all[i];
    return NULL;
}

bool
children_reap(struct children *children, pid_t pid, int status, int64_t now,
              const struct generation **failed_start)
{
    *failed_start = NULL;
    struct child *child = find_process(children, pid);
    if (child == NULL)
        return false;
    struct scoreboard_slot *slot = slot_state(children, child);
    int64_t requests = slot->requests;
    if (!slot->ready && !child->retired)
        *failed_start = child->generation;
    log_ending(child, status, slot);
    occupancy_forget(&children->heritage->shared->occupancy, (int)pid);
    scoreboard_end(children->heritage->scoreboard, slot_of(children, child),
                   ending_of(child, status));
    if (child->retired)
        child->state = CHILD_NONE;
    else
        wait_for_restart(child, requests, now);
    return true;
}

/* ---- counting ---- */

int
children_count(const struct children *children, const struct generation *generation, int *serving)
{
    int count = 0;
    *serving = 0;
    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        const struct child *child = &children->all[i];
        if (child->state == CHILD_NONE || (generation != NULL && child->generation != generation))
            continue;
        count++;
        *serving += child->state == CHILD_SERVING;
    }
    return count;
}

bool
children_are_changing(const struct children *children)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        if (children->all[i].state != CHILD_NONE && children->all[i].state != CHILD_SERVING)
            return true;
    return false;
}
