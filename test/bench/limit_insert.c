/*
 * limit_insert: bare durable INSERTs at a steady rate, one connection a worker, each at its own
 * instant whether or not the one before is done. Its p99 is what a load test's is held against: no
 * answer that changed something can come before its commit. Usage: limit_insert CONFIG RATE SECONDS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "domain/services.h"

struct load {
    int64_t rate;
    int64_t count;
    int64_t start_us;
    int64_t waited_us[]; /* of each INSERT, from the instant when it was due; -1: it failed */
};

static void
sleep_until(int64_t due_us)
{
    int64_t left_us = due_us - clock_monotonic_us();
    if (left_us > 0)
        usleep((useconds_t)left_us);
}

/* Every workers-th INSERT, from `first` on. */
static void
run_process(const struct config *config, struct load *load, int64_t first)
{
    static const struct query insert = {"INSERT INTO bench_insert (number) VALUES (?)"};
    struct services *services = services_open(config, NULL);
    for (int64_t i = first; i < load->count; i += config->workers) {
        int64_t due_us = load->start_us + i * 1000000 / load->rate;
        sleep_until(due_us);
        bool done = db_execute(services->db, &insert, PARAMETERS(DB_INTEGER(i))) == DB_OK;
        load->waited_us[i] = done ? clock_monotonic_us() - due_us : -1;
    }
    services_close(services);
}

static int
compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void
print_result(struct load *load)
{
    int64_t failed = 0, *at = load->waited_us;
    qsort(at, (size_t)load->count, sizeof *at, compare);
    while (failed < load->count && at[failed] < 0)
        failed++;
    int64_t median = at[load->count / 2], high = at[load->count * 99 / 100];
    printf("%" PRId64 " INSERTs at %" PRId64 "/s, %" PRId64 " failed, p50 %.1f ms, p99 %.1f ms\n",
           load->count, load->rate, failed, (double)median / 1000, (double)high / 1000);
}

/* Makes the table anew, or drops it. */
static bool
make_table(const struct config *config, bool wanted)
{
    struct services *services = services_open(config, NULL);
    enum db_result result = db_run_text(services->db, "DROP TABLE IF EXISTS bench_insert");
    if (result == DB_OK && wanted)
        result = db_run_text(services->db, "CREATE TABLE bench_insert (id INT AUTO_INCREMENT"
                                           " PRIMARY KEY, number INT NOT NULL) ENGINE = InnoDB");
    if (result != DB_OK)
        fprintf(stderr, "%s\n", db_error_text(services->db));
    services_close(services);
    return result == DB_OK;
}

int
main(int argc, char **argv)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE];
    if (argc != 4 || atoi(argv[2]) <= 0 || atoi(argv[3]) <= 0) {
        fprintf(stderr, "Usage: %s CONFIG RATE SECONDS\n", argv[0]);
        return 2;
    }
    if (!config_load(&config, argv[1], error)) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    int64_t count = (int64_t)atoi(argv[2]) * atoi(argv[3]);
    struct load *load = mmap(NULL, sizeof *load + (size_t)count * sizeof load->waited_us[0],
                             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (load == MAP_FAILED || !make_table(&config, true))
        return 1;
    load->rate = atoi(argv[2]);
    load->count = count;
    load->start_us = clock_monotonic_us() + 1000000; /* by then all are connected */
    for (int i = 0; i < config.workers; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            run_process(&config, load, i);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
    print_result(load);
    return make_table(&config, false) ? 0 : 1;
}
