/* frontrow-outbox: tells webhooks what happened, until it is stopped. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "domain/webhook/webhook.h"
#include "mysql/schema/migrate.h"
#include "outbox/courier.h"

static const char help[] =
    "Usage: frontrow-outbox [--config FILE]\n\n"
    "Tells the webhooks of frontrowctl webhook what happened, until SIGTERM. Several may run.\n\n"
    "  --config FILE   settings; default FRONTROW_CONFIG or /etc/frontrow/frontrow.conf\n"
    "  --help, --version\n\n"
    "Exit status: 0 stopped, or webhooks = off; 1 the schema does not fit, 2 wrong usage, 75 "
    "MySQL\n"
    "cannot be reached, 78 wrong settings.\n";

static volatile sig_atomic_t stopping;

static void
stop(int number)
{
    (void)number;
    stopping = 1;
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* What is under way ends by itself within webhook_timeout_ms. */
static int
work(struct services *services, const char *key)
{
    char error[MIGRATE_ERROR_SIZE];
    enum migrate_result schema = migrate_check(services->db, error);
    if (schema != MIGRATE_OK) {
        log_error("nothing is delivered: %s", error);
        return schema == MIGRATE_GONE ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
    }
    struct courier *courier = courier_open(services, key);
    log_info("delivers what happens to the webhooks");
    while (!stopping)
        courier_work(courier);
    while (courier_finish(courier))
        continue;
    courier_close(courier);
    log_info("stopped");
    return EXIT_DONE;
}

int
main(int argc, char **argv)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE], key[WEBHOOK_KEY_SIZE];
    int status;
    if (!process_begin(argc, argv, "frontrow-outbox", help, &config, &status))
        return status;
    if (!config_has_webhooks(&config)) {
        log_info("webhooks = off: there is nothing to do");
        return EXIT_DONE;
    }
    if (!webhook_key_read(&config, key, error, sizeof error)) {
        fprintf(stderr, "frontrow-outbox: %s\n", error);
        return EXIT_SETTINGS;
    }
    srand((unsigned)clock_monotonic_us() ^ (unsigned)getpid());
    catch_signals();
    struct services *services = services_open(&config, NULL);
    status = work(services, key);
    services_close(services);
    return status;
}
