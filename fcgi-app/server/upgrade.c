#include "server/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"

/* The process id comes first: a child that inherits the environment must not believe it. */
static const char variable[] = "FRONTROW_ESTATE";

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

static _Noreturn void
run_check(char *const argv[])
{
    sigset_t none;
    char **arguments = with_check(argv);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (arguments != NULL)
        execvp(arguments[0], arguments);
    _exit(EXIT_FAILURE);
}

pid_t
upgrade_check(char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0)
        run_check(argv);
    return pid;
}

static void
set_close_on_exec(const struct estate *estate, bool close_on_exec)
{
    int flags = close_on_exec ? FD_CLOEXEC : 0;
    fcntl(estate->lock, F_SETFD, flags);
    for (int i = 0; i < estate->sockets.count; i++)
        fcntl(estate->sockets.descriptors[i], F_SETFD, flags);
}

/* "PID LOCK OWNED SOCKETS fd... WORKERS pid... RUN_DIR" */
static void
write_estate(struct buffer *text, const struct estate *estate)
{
    buffer_format(text, "%d %d %d %d", (int)getpid(), estate->lock, estate->sockets.owned,
                  estate->sockets.count);
    for (int i = 0; i < estate->sockets.count; i++)
        buffer_format(text, " %d", estate->sockets.descriptors[i]);
    buffer_format(text, " %d", estate->worker_count);
    for (int i = 0; i < estate->worker_count; i++)
        buffer_format(text, " %d", (int)estate->workers[i]);
    buffer_format(text, " %s", estate->run_dir);
}

void
upgrade_execute(char *const argv[], const struct estate *estate)
{
    struct buffer text = {0};
    write_estate(&text, estate);
    setenv(variable, text.data, 1);
    buffer_free(&text);
    set_close_on_exec(estate, false);
    /* The mask stays as it is: a signal that comes meanwhile waits for the new program. */
    execvp(argv[0], argv);
    int reason = errno;
    set_close_on_exec(estate, true);
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
read_estate(const char *text, struct estate *estate)
{
    if (read_number(&text) != getpid())
        return false;
    estate->lock = read_number(&text);
    estate->sockets.owned = read_number(&text) != 0;
    estate->sockets.count = read_number(&text);
    if (estate->sockets.count < 1 || estate->sockets.count > SOCKETS_MOST)
        return false;
    for (int i = 0; i < estate->sockets.count; i++)
        estate->sockets.descriptors[i] = read_number(&text);
    estate->worker_count = read_number(&text);
    if (estate->worker_count < 0 || estate->worker_count > SCOREBOARD_SLOTS)
        return false;
    for (int i = 0; i < estate->worker_count; i++)
        estate->workers[i] = read_number(&text);
    snprintf(estate->run_dir, sizeof estate->run_dir, "%s", text);
    return true;
}

bool
upgrade_inherit(struct estate *estate)
{
    const char *text = getenv(variable);
    if (text == NULL || !read_estate(text, estate))
        return false;
    unsetenv(variable);
    set_close_on_exec(estate, true);
    return true;
}
