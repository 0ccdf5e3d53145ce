/* frontrow: the FastCGI server. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/config.h"
#include "base/log.h"
#include "base/process.h"
#include "identity/key_set.h"
#include "mysql/books/server_state.h"
#include "mysql/schema/migrate.h"
#include "mysql/schema/wide_ids.h"
#include "redis/redis.h"
#include "server/master.h"

enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT };

static void
print_help(FILE *out)
{
    fputs("Usage: frontrow [OPTION]...\n"
          "Sells concert seats: a FastCGI server behind nginx.\n"
          "\n"
          "  --config FILE   settings; default FRONTROW_CONFIG or /etc/frontrow/frontrow.conf\n"
          "  --check         check the settings, the database, its schema and Redis, and exit\n"
          "  --print-config  print the current settings and exit; secrets are masked\n"
          "  --version       print the version and exit\n"
          "  --help          print this and exit\n"
          "\n"
          "Signals: SIGTERM stops, SIGHUP reads the settings again, SIGUSR2 upgrades the program.\n"
          "Exit status: 0 done; 1 failed, or --check found something to correct in the\n"
          "database or in Redis; 2 wrong usage; 75 --check could not ask one of them; 78 wrong\n"
          "settings.\n",
          out);
}

/* Reads the options; some end the program. */
static enum action
read_options(int argc, char **argv, const char **config_path)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    enum action action = ACTION_RUN;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c') {
            *config_path = optarg;
        } else if (option == 'k') {
            action = ACTION_CHECK;
        } else if (option == 'p') {
            action = ACTION_PRINT;
        } else if (option == 'v') {
            puts("frontrow " VERSION);
            exit(EXIT_DONE);
        } else if (option == 'h') {
            print_help(stdout);
            exit(EXIT_DONE);
        } else {
            exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "frontrow: %s: there are no arguments, only options\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    return action;
}

/* EXIT_DONE: the database has the schema that this program was built for. */
static int
check_schema(const struct config *config, bool names_server)
{
    char error[MIGRATE_ERROR_SIZE];
    struct database *db = db_open(config, config->mysql_timeout_ms, NULL);
    enum migrate_result result = migrate_check(db, error);
    const char *server = db_server(db);
    if (names_server && server[0] != '\0')
        log_info("MySQL is %s%s", strstr(server, "MariaDB") == NULL ? "MySQL " : "", server);
    db_close(db);
    if (result == MIGRATE_REFUSED)
        fprintf(stderr, "frontrow: %s\n", error);
    else if (result == MIGRATE_GONE)
        log_warn("the schema was not checked");
    return result == MIGRATE_OK     ? EXIT_DONE
           : result == MIGRATE_GONE ? EXIT_DEPENDENCY_GONE
                                    : EXIT_FAILED;
}

/* EXIT_DONE: queues can be kept in this Redis. */
static int
check_redis(const struct config *config)
{
    struct redis *redis = redis_open(config, NULL);
    enum redis_fitness fitness = redis_check(redis);
    if (redis_server(redis)[0] != '\0')
        log_info("Redis is %s", redis_server(redis));
    redis_close(redis);
    if (fitness == REDIS_AWAY)
        log_warn("Redis was not checked");
    return fitness == REDIS_FIT    ? EXIT_DONE
           : fitness == REDIS_AWAY ? EXIT_DEPENDENCY_GONE
                                   : EXIT_FAILED;
}

/* Says where an id is near the end of its range, while there is time. */
static void
tell_ids_left(const struct config *config)
{
    struct id_use uses[ID_TABLES];
    struct database *db = db_open(config, config->mysql_timeout_ms, NULL);
    bool known = wide_ids_read(db, uses) == DB_OK;
    db_close(db);
    for (int i = 0; i < ID_TABLES && known; i++)
        if (uses[i].max - uses[i].last < uses[i].max / 10)
            log_warn("less than a tenth of the ids of table %s is left: %lld of %lld",
                     uses[i].table, (long long)(uses[i].max - uses[i].last),
                     (long long)uses[i].max);
}

/* With too many workers calls would be refused, at the latest in a reload, which doubles them. */
static void
tell_statement_limit(const struct config *config)
{
    int64_t limit, wanted = (int64_t)config->workers * DB_STATEMENTS_OF_WORKER;
    struct database *db = db_open(config, config->mysql_timeout_ms, NULL);
    bool known = server_state_statement_limit(db, &limit) == DB_OK;
    db_close(db);
    if (known && limit < 2 * wanted)
        log_warn("MySQL's max_prepared_stmt_count is %lld, and %d workers may have %lld prepared "
                 "statements, twice as many during a reload: beyond it MySQL refuses their calls",
                 (long long)limit, config->workers, (long long)wanted);
}

static void
tell_tickets(const struct config *config)
{
    if (config->ticket_keys.count == 0)
        log_info("no tickets are issued: ticket_keys_file is empty");
    else if (ticket_keys_signer(&config->ticket_keys) == NULL)
        log_warn("no tickets are issued: %s has no private key", config->ticket_keys_file);
}

/* What has to be put right counts for more than what could not be asked. */
static int
check_all(const struct config *config)
{
    int schema = check_schema(config, true), redis = check_redis(config);
    tell_tickets(config);
    if (schema == EXIT_DONE) {
        tell_ids_left(config);
        tell_statement_limit(config);
    }
    if (schema == EXIT_FAILED || redis == EXIT_FAILED)
        return EXIT_FAILED;
    return schema != EXIT_DONE ? schema : redis;
}

int
main(int argc, char **argv)
{
    static struct config config;
    struct key_set *keys;
    char error[CONFIG_ERROR_SIZE];
    const char *config_path = NULL;
    process_forbid_core();
    enum action action = read_options(argc, argv, &config_path);
    if (config_path == NULL) {
        config_path = config_default_path();
        /* whoever is about to write the file begins with what would hold without it */
        if (action == ACTION_PRINT && access(config_path, F_OK) != 0)
            config_path = NULL;
    }
    if (!config_load(&config, config_path, error)) {
        fprintf(stderr, "frontrow: %s\n", error);
        return EXIT_SETTINGS;
    }
    if (action == ACTION_PRINT) {
        config_print(&config, stdout);
        return EXIT_DONE;
    }
    log_set_format_name(config.log_format); /* an upgrade's check writes into the same log */
    if (!key_set_load(&config, &keys, error)) {
        fprintf(stderr, "frontrow: %s\n", error);
        return EXIT_SETTINGS;
    }
    if (action == ACTION_CHECK) {
        key_set_free(keys);
        return check_all(&config);
    }
    /* With MySQL away it starts all the same: it serves as soon as MySQL is back. */
    if (check_schema(&config, false) == EXIT_FAILED)
        return EXIT_FAILED;

    const struct application application = {
        .routes = api_routes,
        .route_count = api_route_count,
        .start = api_start,
        .probe = api_probe,
        .stop = api_stop,
        .read_input = api_read_input,
        .free_input = api_free_input,
        .find_operator = api_find_operator,
        .write_metrics = api_write_metrics,
    };
    const struct master_setup setup = {.application = &application,
                                       .config = &config,
                                       .keys = keys,
                                       .config_path = config_path,
                                       .argv = argv};
    return master_run(&setup);
}
