/*
 * limit_fcgi: what nginx and libfcgi can do at most with as many workers and sockets as frontrow:
 * it reads the body and answers with as many bytes as the query says. The query BYTES&ROW makes the
 * statements of that row first: what a worker could do at most that has nothing else to do.
 * limit_fcgi FOLDER SOCKETS WORKERS CONFIG    listens on FOLDER/frontrow-0.sock and so on
 */
#include <errno.h>
#include <fcgiapp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "limit_statements.h"
#include "server/sockets.h"

enum { ANSWER_MAX = 65536, READ_STEP = 4096 };

static struct config config;
static struct services *services; /* of one process, once it makes statements */

static bool
make_statements(const char *row)
{
    static int64_t number; /* another one in each process: the names of users follow from it */
    const struct limit *limit = limit_find(limit_statements, LIMIT_STATEMENTS, row);
    if (services == NULL)
        services = services_open(&config, NULL);
    if (number == 0)
        number = getpid() * INT64_C(1000003);
    return limit != NULL && limit->step(services, number++);
}

static void
answer(FCGX_Request *request)
{
    static const char head[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
                               "Cache-Control: no-store\r\n\r\n";
    static char text[sizeof head + ANSWER_MAX];
    char body[READ_STEP];
    const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
    const char *row = query != NULL ? strchr(query, '&') : NULL;
    int length = query != NULL ? atoi(query) : 0;
    if (text[0] == '\0') {
        memset(text, 'x', sizeof text);
        memcpy(text, head, sizeof head - 1);
    }
    while (FCGX_GetStr(body, sizeof body, request->in) == (int)sizeof body)
        continue;
    if (row != NULL && !make_statements(row + 1))
        FCGX_PutS("Status: 500\r\n\r\n", request->out);
    else if (length >= 0 && length <= ANSWER_MAX)
        FCGX_PutStr(text, (int)sizeof head - 1 + length, request->out);
    FCGX_Finish_r(request);
}

/* Waits at all sockets and for its turn, as a worker of frontrow does. */
static void
serve(const struct sockets *sockets)
{
    static FCGX_Request requests[SOCKETS_MAX];
    struct epoll_event event;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    FCGX_Init();
    for (int i = 0; i < sockets->count; i++)
        FCGX_InitRequest(&requests[i], sockets->descriptors[i], FCGI_FAIL_ACCEPT_ON_INTR);
    int events = sockets_watch(sockets, 0);
    while (epoll_wait(events, &event, 1, -1) > 0) {
        FCGX_Request *request = &requests[event.data.u32];
        int result = FCGX_Accept_r(request);
        if (result == 0)
            answer(request);
        else if (result != -EAGAIN) /* another one was faster */
            return;
    }
}

int
main(int argc, char **argv)
{
    struct sockets sockets;
    char error[CONFIG_ERROR_SIZE];
    if (argc != 5 || !config_load(&config, argv[4], error) ||
        !sockets_open(&sockets, argv[1], atoi(argv[2]), getegid()))
        return 2;
    for (int i = 0; i < atoi(argv[3]); i++)
        if (fork() == 0) {
            serve(&sockets);
            _exit(1);
        }
    while (wait(NULL) > 0)
        continue;
    return 1;
}
