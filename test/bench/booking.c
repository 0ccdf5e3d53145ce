/*
 * booking: concurrent users who book, pay and cancel on a stack of this machine, and a log of every
 * answer that they got. For test/fault and for measurements.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "journey.h"

enum { LOOP_MS = 1, TICK_MS = 2 };

struct options {
    struct http_servers servers;
    int users;
    int rate; /* journeys a second; 0: each user begins anew at once */
    int seconds;
    int count;  /* journeys in all; 0: as many as there is time for */
    int settle; /* seconds to finish what is under way at the end */
    int seed;
    bool fresh;
    const char *log;
    struct load load;
};

struct run {
    const struct options *options;
    struct load *load;
    struct journey *journeys;
    pid_t parent;
    int64_t began;
    int64_t begun;   /* journeys */
    int64_t dropped; /* that were due while no user was idle */
    int64_t next_tick;
    int next; /* user to look at first for the next journey */
    int idle;
};

static volatile sig_atomic_t asked_to_end;

static void
on_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

/* ---- options ---- */

static const char help[] =
    "Usage: booking --server ADDRESS:PORT --concert ID --items FIRST-LAST --seats N --log FILE "
    "[OPTION]...\n\n"
    "  --server A:P     another one, up to 4 in all; who gets no answer goes to the next\n"
    "  --name TEXT      how all user ids begin; default buyer\n"
    "  --users N        concurrent users; default 50\n"
    "  --rate N         journeys begun a second; default 0: each user one after the other\n"
    "  --seconds N      after which no journey is begun; default 10. SIGTERM ends it before\n"
    "  --count N        journeys after which no more is begun; default 0: no limit\n"
    "  --settle N       seconds for what is under way then; default 30\n"
    "  --timeout N      seconds that a user waits for an answer; default 15\n"
    "  --retry N        milliseconds before the same is asked again; default 0: as Retry-After "
    "says\n"
    "  --vanish N       percent of changing calls whose sender does not wait for the answer\n"
    "  --abandon N      percent of calls without an answer that are not asked again\n"
    "  --charges        nothing but charges of points, none of them asked again\n"
    "  --one-user       the same user makes all of these charges\n"
    "  --fresh          a connection for each call\n"
    "  --seed N         of the random choices; default 1\n";

static int
number_option(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > INT32_MAX) {
        fprintf(stderr, "booking: %s is no number that fits\n", text);
        exit(2);
    }
    return (int)value;
}

static bool
take_option(struct options *options, int letter)
{
    struct load *load = &options->load;
    const struct {
        int letter;
        int *value;
        int scale;
    } numbers[] = {
        {'u', &options->users, 1}, {'r', &options->rate, 1},   {'t', &options->seconds, 1},
        {'c', &options->count, 1}, {'e', &options->settle, 1}, {'x', &options->seed, 1},
        {'C', &load->concert, 1},  {'S', &load->seats, 1},     {'v', &load->vanish, 1},
        {'a', &load->abandon, 1},  {'R', &load->retry_ms, 1},  {'T', &load->timeout_ms, 1000},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].letter == letter) {
            *numbers[i].value = number_option(optarg) * numbers[i].scale;
            return true;
        }
    }
    if (letter == 'I')
        return sscanf(optarg, "%d-%d", &load->first_item, &load->last_item) == 2;
    if (letter == 's')
        return http_add_server(&options->servers, optarg);
    if (letter == 'n')
        load->name = optarg;
    else if (letter == 'l')
        options->log = optarg;
    else if (letter == 'f')
        options->fresh = true;
    else if (letter == 'o')
        load->charges = true;
    else if (letter == 'O')
        load->one_user = true;
    else
        return false;
    return true;
}

static void
read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"server", required_argument, NULL, 's'},  {"concert", required_argument, NULL, 'C'},
        {"items", required_argument, NULL, 'I'},   {"seats", required_argument, NULL, 'S'},
        {"log", required_argument, NULL, 'l'},     {"name", required_argument, NULL, 'n'},
        {"users", required_argument, NULL, 'u'},   {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 't'}, {"count", required_argument, NULL, 'c'},
        {"settle", required_argument, NULL, 'e'},  {"timeout", required_argument, NULL, 'T'},
        {"retry", required_argument, NULL, 'R'},   {"vanish", required_argument, NULL, 'v'},
        {"abandon", required_argument, NULL, 'a'}, {"fresh", no_argument, NULL, 'f'},
        {"charges", no_argument, NULL, 'o'},       {"one-user", no_argument, NULL, 'O'},
        {"seed", required_argument, NULL, 'x'},    {NULL, 0, NULL, 0},
    };
    *options = (struct options){.users = 50, .seconds = 10, .settle = 30, .seed = 1};
    options->load = (struct load){.name = "buyer", .timeout_ms = 15000};
    int letter;
    bool ok = true;
    while (ok && (letter = getopt_long(argc, argv, "", names, NULL)) != -1)
        ok = take_option(options, letter);
    if (!ok || optind != argc || options->servers.count == 0 || options->log == NULL ||
        options->load.seats == 0 || options->load.first_item > options->load.last_item) {
        fputs(help, stderr);
        exit(2);
    }
}

/* ---- the run ---- */

static bool
is_over(const struct run *run, int64_t now)
{
    const struct options *options = run->options;
    return asked_to_end || now >= run->began + options->seconds * INT64_C(1000) ||
           (options->count > 0 && run->begun >= options->count);
}

/* How many journeys should have begun by now. */
static int64_t
due(const struct run *run, int64_t now)
{
    const struct options *options = run->options;
    int64_t due =
        options->rate > 0 ? (now - run->began) * options->rate / 1000 + 1 : run->begun + run->idle;
    return options->count > 0 && due > options->count ? options->count : due;
}

static void
begin_journeys(struct run *run, int64_t now)
{
    for (int64_t missing = due(run, now) - run->begun - run->dropped; missing > 0; missing--) {
        if (run->idle == 0) {
            run->dropped++;
            continue;
        }
        while (!journey_is_idle(&run->journeys[run->next]))
            run->next = (run->next + 1) % run->options->users;
        journey_begin(&run->journeys[run->next]);
        run->begun++;
        run->idle--;
    }
}

static void
tick(struct run *run, int64_t now)
{
    if (getppid() != run->parent) /* it was killed, and another stack may get this port */
        exit(1);
    run->idle = 0;
    for (int i = 0; i < run->options->users; i++) {
        journey_tick(&run->journeys[i], now);
        run->idle += journey_is_idle(&run->journeys[i]);
    }
    run->next_tick = now + TICK_MS;
}

static void
drive(struct run *run, struct http_client *client)
{
    int64_t now = run->began = clock_monotonic();
    int64_t end = INT64_MAX;
    run->idle = run->options->users;
    while (now < end && (end == INT64_MAX || run->idle < run->options->users)) {
        if (end == INT64_MAX && is_over(run, now)) {
            run->load->ending = true;
            end = now + run->options->settle * INT64_C(1000);
        }
        if (!run->load->ending)
            begin_journeys(run, now);
        http_wait(client, LOOP_MS);
        now = clock_monotonic();
        if (now >= run->next_tick)
            tick(run, now);
    }
}

static void
run_journeys(const struct options *options)
{
    struct load load = options->load;
    struct http_client *client = http_create(&options->servers, options->fresh, journey_answered);
    struct run run = {.options = options, .load = &load, .parent = getppid()};
    run.journeys = calloc((size_t)options->users, sizeof *run.journeys);
    load.log = fopen(options->log, "w");
    if (run.journeys == NULL || load.log == NULL) {
        perror(options->log);
        exit(1);
    }
    for (int i = 0; i < options->users; i++)
        journey_init(&run.journeys[i], &load, client, i);
    drive(&run, client);
    double seconds = (double)(clock_monotonic() - run.began) / 1000;
    printf("%" PRId64 " journeys, %" PRId64 " dropped, %" PRId64 " bookings, %" PRId64
           " answers in %.1f s\n",
           run.begun, run.dropped, load.bookings, load.answers, seconds);
    for (int i = 0; i < options->users; i++)
        http_close(&run.journeys[i].connection);
    fclose(load.log);
    free(run.journeys);
    http_free(client);
}

int
main(int argc, char **argv)
{
    struct options options;
    read_options(&options, argc, argv);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    srand((unsigned)options.seed);
    run_journeys(&options);
    return 0;
}
