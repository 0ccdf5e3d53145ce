#include "server/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/process.h"

/* The process id comes first: a child that inherits the environment must not believe it. */
static const char variable[] = "FRONTROW_ESTATE"; /* older builds hand over by this name */

static char **
with_check(char *const argv[])
{
    static char check[] = "--check";
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    char **copy = calloc(count + 2, sizeof *copy);
    if (copy == NULL)
        return NULL;
    memcpy(copy, argv, count * sizeof *copy);
    copy[count] = check;
    return copy;
}

pid_t
upgrade_check(char *const argv[])
{
    sigset_t none;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char **arguments = with_check(argv);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (arguments != NULL)
        execvp(arguments[0], arguments);
    _exit(EXIT_FAILED);
}

static void
set_close_on_exec(const struct handover *handover, bool close_on_exec)
{
    int flags = close_on_exec ? FD_CLOEXEC : 0;
    fcntl(handover->lock, F_SETFD, flags);
    for (int i = 0; i < handover->sockets.count; i++)
        fcntl(handover->sockets.descriptors[i], F_SETFD, flags);
}

/* "PID LOCK OWNED SOCKETS fd... WORKERS pid... RUN_DIR" */
static void
write_handover(struct buffer *text, const struct handover *handover)
{
    buffer_format(text, "%d %d %d %d", (int)getpid(), handover->lock, handover->sockets.owned,
                  handover->sockets.count);
    for (int i = 0; i < handover->sockets.count; i++)
        buffer_format(text, " %d", handover->sockets.descriptors[i]);
    buffer_format(text, " %d", handover->worker_count);
    for (int i = 0; i < handover->worker_count; i++)
        buffer_format(text, " %d", (int)handover->workers[i]);
    buffer_format(text, " %s", handover->run_dir);
}

void
upgrade_execute(char *const argv[], const struct handover *handover)
{
    struct buffer text = {0};
    write_handover(&text, handover);
    setenv(variable, text.data, 1);
    buffer_free(&text);
    set_close_on_exec(handover, false);
    /* The mask stays as it is: a signal that comes meanwhile waits for the new program. */
    execvp(argv[0], argv);
    int reason = errno;
    set_close_on_exec(handover, true);
    unsetenv(variable);
    errno = reason;
}

static int
read_number(const char **cursor)
{
    char *end;
    long number = strtol(*cursor, &end, 10);
    *cursor = *end == ' ' ? end + 1 : end;
    return (int)number;
}

static bool
read_handover(const char *text, struct handover *handover)
{
    if (read_number(&text) != getpid())
        return false;
    handover->lock = read_number(&text);
    handover->sockets.owned = read_number(&text) != 0;
    handover->sockets.count = read_number(&text);
    if (handover->sockets.count < 1 || handover->sockets.count > SOCKETS_MAX)
        return false;
    for (int i = 0; i < handover->sockets.count; i++)
        handover->sockets.descriptors[i] = read_number(&text);
    handover->worker_count = read_number(&text);
    if (handover->worker_count < 0 || handover->worker_count > SCOREBOARD_SLOTS)
        return false;
    for (int i = 0; i < handover->worker_count; i++)
        handover->workers[i] = read_number(&text);
    snprintf(handover->run_dir, sizeof handover->run_dir, "%s", text);
    return true;
}

bool
upgrade_inherit(struct handover *handover)
{
    const char *text = getenv(variable);
    if (text == NULL || !read_handover(text, handover))
        return false;
    unsetenv(variable);
    set_close_on_exec(handover, true);
    return true;
}
