#include "limit_loop.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"

struct options {
    const char *config;
    int seconds;
    int64_t first;
};

/* What the processes have in common. */
struct shared_count {
    _Atomic int64_t next;
    _Atomic int64_t requests;
    _Atomic int64_t errors;
    atomic_int ready;
    _Atomic int64_t end; /* clock_monotonic(); 0: not begun */
};

/* Returns how many requests it was. */
static int64_t
run_step(const struct limit *limit, struct services *services, struct shared_count *shared)
{
    if (!limit->step(services, atomic_fetch_add(&shared->next, limit->at_once)))
        atomic_fetch_add(&shared->errors, 1);
    return limit->at_once;
}

/* The first step, which connects and prepares the statements, comes before the time runs. */
static void
run_process(const struct limit *limit, const struct config *config, struct shared_count *shared)
{
    struct services *services = services_open(config, NULL);
    int64_t requests = 0, end;
    run_step(limit, services, shared);
    atomic_fetch_add(&shared->ready, 1);
    while ((end = atomic_load(&shared->end)) == 0)
        usleep(1000);
    while (clock_monotonic() < end)
        requests += run_step(limit, services, shared);
    atomic_fetch_add(&shared->requests, requests);
    services_close(services);
}

static void
run_processes(const struct limit *limit, const struct config *config, int seconds,
              struct shared_count *shared)
{
    for (int i = 0; i < config->workers; i++) {
        pid_t pid = fork();
        if (pid < 0)
            abort();
        if (pid == 0) {
            run_process(limit, config, shared);
            _exit(0);
        }
    }
    while (atomic_load(&shared->ready) < config->workers && waitpid(-1, NULL, WNOHANG) == 0)
        usleep(1000);
    atomic_store(&shared->end, clock_monotonic() + seconds * INT64_C(1000));
    while (wait(NULL) > 0)
        continue;
}

const struct limit *
limit_find(const struct limit *limits, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(limits[i].name, name) == 0)
            return &limits[i];
    return NULL;
}

static bool
read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"first", required_argument, NULL, 'f'},
                                          {NULL, 0, NULL, 0}};
    int letter;
    *options = (struct options){.seconds = 5};
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (letter == 'c')
            options->config = optarg;
        else if (letter == 's')
            options->seconds = atoi(optarg);
        else if (letter == 'f')
            options->first = atoll(optarg);
        else
            return false;
    }
    return options->config != NULL && options->seconds > 0 && optind == argc - 1;
}

int
limit_loop_main(int argc, char **argv, const struct limit *limits, size_t count)
{
    struct options options;
    struct config config;
    char error[CONFIG_ERROR_SIZE];
    const struct limit *limit;
    if (!read_options(&options, argc, argv) ||
        (limit = limit_find(limits, count, argv[optind])) == NULL) {
        fprintf(stderr, "Usage: %s --config FILE [--seconds N] [--first N] NAME; names:", argv[0]);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, " %s", limits[i].name);
        fputc('\n', stderr);
        return 2;
    }
    if (!config_load(&config, options.config, error)) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    struct shared_count *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    atomic_store(&shared->next, options.first);
    run_processes(limit, &config, options.seconds, shared);
    printf("{\"requests\": %" PRId64 ", \"seconds\": %d, \"errors\": %" PRId64
           ", \"next\": %" PRId64 "}\n",
           shared->requests, options.seconds, shared->errors, shared->next);
    return 0;
}
