/* frontrowctl: what operators do by hand, and scripts for them. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/ctl.h"

/* Bulk work: a statement may well take minutes, but not for ever. */
enum { STATEMENT_TIMEOUT_MS = 600000, OPTION_COUNT = 37, LETTERS = 'z' + 1 };

struct command {
    const char *group;
    const char *verb;     /* NULL: the group is the command */
    const char *argument; /* one or two words, shown in the help; in [] it may be missing; NULL:
                             none */
    const char *options;  /* letters of the options that it takes; c: it reads the settings */
    int (*run)(struct ctl *ctl);
    const char *help;
};

static const struct command commands[] = {
    {"audit", NULL, NULL, "cen", ctl_audit, "check the books; exit status 1 on a violation"},
    {"concert", "create", "FILE", "c", ctl_concert_create,
     "make a concert from the JSON of POST /admin/concert"},
    {"concert", "open", "ID", "c", ctl_concert_open,
     "put a concert on sale, beginning at its opensAt"},
    {"concert", "close", "ID", "c", ctl_concert_close,
     "take a concert off sale; holds can still be paid"},
    {"concert", "cancel", "ID", "c", ctl_concert_cancel,
     "cancel a concert for ever and refund every buyer"},
    {"concert", "list", NULL, "c", ctl_concert_list, "list all concerts"},
    {"demo", "load", NULL, "cs", ctl_demo_load, "load the demo if there is no concert yet"},
    {"demo", "reset", NULL, "csy", ctl_demo_reset, "delete everything and load the demo"},
    {"diagnose", NULL, "FILE", "cagw", ctl_diagnose,
     "write an archive for who looks for a cause; without secrets and user ids"},
    {"export", NULL, "CONCERT", "cWf", ctl_export,
     "print --what there is of a concert, as CSV or lines of JSON"},
    {"hall", "check", "FILE", "", ctl_hall_check,
     "print what the file of a hall has, or what is wrong with it; needs no server"},
    {"hall", "delete", "HALL", "c", ctl_hall_delete,
     "remove a hall; dates that were made of it stay"},
    {"hall", "export", "HALL", "c", ctl_hall_export, "print a hall as CSV"},
    {"hall", "import", "FILE", "cN", ctl_hall_import,
     "keep the hall of a file under its --name, for the dates of concerts"},
    {"hall", "list", NULL, "c", ctl_hall_list, "list the halls that are kept"},
    {"import", "balances", "FILE", "cD", ctl_import_balances,
     "check a file of buyers' points from another shop; --write adds them"},
    {"import", "orders", "FILE", "cmD", ctl_import_orders,
     "check a file of seats that another shop has sold; --write sells them here"},
    {"maintenance", "off", NULL, "cm", ctl_maintenance_off, "serve changing calls again"},
    {"maintenance", "on", NULL, "cm", ctl_maintenance_on,
     "refuse changing calls, of this server or of one --concert"},
    {"migrate", NULL, NULL, "cs", ctl_migrate, "bring the database's schema up to date"},
    {"nginx-config", NULL, NULL, "cx", ctl_nginx_config,
     "print nginx's configuration, made from the settings"},
    {"operator", "add", "NAME", "cr", ctl_operator_add,
     "make an operator of the --role, and print the key"},
    {"operator", "list", NULL, "c", ctl_operator_list, "list the operators and their roles"},
    {"operator", "revoke", "NAME", "c", ctl_operator_revoke,
     "make an operator's key worthless, within a second"},
    {"presale", "codes", "CONCERT PRESALE", "cfQ", ctl_presale_codes,
     "make and print --count single codes, which nobody can print again"},
    {"presale", "create", "CONCERT FILE", "c", ctl_presale_create,
     "make a window of presale from the JSON of POST /admin/concert/ID/presale"},
    {"presale", "delete", "CONCERT PRESALE", "c", ctl_presale_delete,
     "remove a window in which no seat was held yet, with its codes"},
    {"presale", "list", "CONCERT", "c", ctl_presale_list,
     "list the windows of a concert, and what became of them"},
    {"prune", NULL, NULL, "cdkln", ctl_prune,
     "delete old tokens of ended concerts, stored answers and log rows"},
    {"queue", "capacity", "ID N|none", "c", ctl_queue_capacity,
     "set how many may buy at a time; none: no queue"},
    {"queue", "drain", "ID", "c", ctl_queue_drain,
     "pause a queue and wait until nobody is active any more"},
    {"queue", "draw", "ID", "cb", ctl_queue_draw, "do the due steps of a concert's draw"},
    {"queue", "pause", "ID", "c", ctl_queue_pause, "call nobody until queue resume"},
    {"queue", "rebuild", "ID", "c", ctl_queue_rebuild, "load a queue into Redis from MySQL again"},
    {"queue", "resume", "ID", "c", ctl_queue_resume, "continue to call"},
    {"queue", "show", "ID", "c", ctl_queue_show, "show a concert's queue"},
    {"queue", "verify", "LIST", "pot", ctl_queue_verify,
     "compute a draw again from its published list; needs no server"},
    {"rehearse", NULL, "[ID]", "csFMSPCYARJX", ctl_rehearse,
     "play an opening with fans that are none, on a copy of the concert"},
    {"sales", NULL, "ID", "c", ctl_sales, "show the sales, by item and section"},
    {"status", NULL, NULL, "ci", ctl_status,
     "show how the server of this machine does, all the time"},
    {"ticket", "key", NULL, "", ctl_ticket_key,
     "print a new key that signs tickets; needs no server"},
    {"ticket", "verify", "CODE", "K", ctl_ticket_verify,
     "tell whether a ticket's code is genuine; needs no server"},
    {"trace", NULL, "REQUEST", "agw", ctl_trace,
     "print what the logs say of one request; needs no server"},
    {"user", "erase", "USER", "cnyE", ctl_user_erase,
     "forget a user: the books stay, the name goes for ever"},
    {"webhook", "add", "URL", "cV", ctl_webhook_add,
     "tell a URL what happens, all or --events, and print its secret"},
    {"webhook", "dead", NULL, "c", ctl_webhook_dead, "list the deliveries that were given up"},
    {"webhook", "list", NULL, "c", ctl_webhook_list, "list the webhooks"},
    {"webhook", "remove", "ID", "c", ctl_webhook_remove, "tell a webhook nothing any more"},
    {"webhook", "replay", "ID", "cZ", ctl_webhook_replay,
     "send again what did not arrive, and all that happened --since"},
    {"webhook", "test", "ID", "c", ctl_webhook_test,
     "send a test event, and say whether it arrived"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void
print_help(void)
{
    puts("Usage: frontrowctl [--config FILE] COMMAND\n\nCommands:");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &commands[i];
        char text[64];
        snprintf(text, sizeof text, "%s%s%s%s%s", command->group, command->verb ? " " : "",
                 command->verb ? command->verb : "", command->argument ? " " : "",
                 command->argument ? command->argument : "");
        printf("  %-24s %s\n", text, command->help);
    }
    puts("\nOptions:\n"
         "  --config FILE            settings; default FRONTROW_CONFIG or"
         " /etc/frontrow/frontrow.conf\n"
         "  --schema DIR             where the migrations and the demo are; default FRONTROW_SCHEMA"
         " or\n                           " DATA_DIR "/schema\n"
         "  --beacon VALUE           value that the named source published, for queue draw\n"
         "  --proof FILE             the answer of GET /concert/ID/queue after the opening\n"
         "  --keys FILE              the answer of GET /ticket-keys, for ticket verify\n"
         "  --before FILE            the same answer from before the opening\n"
         "  --token TOKEN            print the rank of this token\n"
         "  --tokens-days N          prune tokens this long after their concert; default 30\n"
         "  --keys-hours N           prune stored answers of this age; default and minimum 24\n"
         "  --log-days N             prune rows of the audit log of this age; default 365\n"
         "  --concert ID             of maintenance: this concert alone; of import orders: theirs\n"
         "  --write                  of import: write what was checked\n"
         "  --name NAME              of hall import: needed where the file has none\n"
         "  --what WHAT              of export: orders, seats, ledger or guests\n"
         "  --format FORMAT          of export and presale codes: csv or ndjson; default csv\n"
         "  --count N                of presale codes: how many\n"
         "  --role ROLE              of operator add: viewer, gate, seller or manager\n"
         "  --nginx-log FILE         nginx's access log, for trace and diagnose\n"
         "  --log FILE               log of frontrow, for trace and diagnose\n"
         "  --slow-log FILE          MySQL's slow query log, for trace and diagnose\n"
         "  --fans N                 how many fans rehearse plays\n"
         "  --minutes N              in which they come; default 10\n"
         "  --seed N                 which fans; default 1\n"
         "  --patience-seconds N     half of them wait no longer; default 1200\n"
         "  --choose-seconds N       half of them need no longer to choose seats; default 20\n"
         "  --pay-seconds N          and to pay them; default 40\n"
         "  --capacity N             admissionCapacity for the rehearsal\n"
         "  --report FILE            HTML of a rehearsal; default rehearsal-ID.html\n"
         "  --events LIST            of webhook add: kinds with commas between; default all\n"
         "  --since TIME             of webhook replay, like 2026-12-01T09:00:00Z\n"
         "  --json                   print the report as JSON\n"
         "  --clean-up               only remove what a killed rehearsal left\n"
         "  --repair                 put seats right that audit finds wrong\n"
         "  --dry-run                only print what prune would delete, or --repair change\n"
         "  --once                   print status once and exit\n"
         "  --yes                    continue even if real data will be lost\n"
         "  --forfeit                of user erase: also with points or paid orders to come\n"
         "  --help, --version\n\n"
         "Options of nginx-config:");
    for (int i = 0; i < NGINX_OPTION_COUNT; i++) {
        const struct nginx_text *text = &nginx_texts[i];
        char option[64];
        snprintf(option, sizeof option, "--%s%s%s", text->option, text->value ? " " : "",
                 text->value ? text->value : "");
        bool shown = text->default_value != NULL && text->default_value[0] != '\0';
        printf("  %-24s %s%s%s\n", option, text->help, shown ? "; default " : "",
               shown ? text->default_value : "");
    }
    puts("\nExit status: 0 done, 1 failed or violations found, 2 wrong usage, 75 MySQL or Redis\n"
         "cannot be reached, 78 wrong settings.");
}

static int
usage_error(const char *format, const char *what)
{
    fputs("frontrowctl: ", stderr);
    fprintf(stderr, format, what);
    fputs(" (see frontrowctl --help)\n", stderr);
    return EXIT_USAGE;
}

int
ctl_database_failed(const struct ctl *ctl, enum db_result result)
{
    fprintf(stderr, "frontrowctl: %s\n", db_error_text(ctl->services->db));
    return result == DB_GONE ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
}

int
ctl_refused(const struct problem *problem)
{
    bool gone =
        problem->error == ERROR_MYSQL_UNAVAILABLE || problem->error == ERROR_QUEUE_UNAVAILABLE;
    fprintf(stderr, "frontrowctl: %s%s%s\n", problem->field, problem->field[0] != '\0' ? ": " : "",
            problem->detail[0] != '\0' ? problem->detail : error_title(problem->error));
    return gone ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
}

bool
ctl_read_concert_id(const char *word, int32_t *concert_id)
{
    int64_t id;
    bool ok = ctl_read_number(word, 1, INT32_MAX, &id);
    *concert_id = ok ? (int32_t)id : 0;
    if (!ok)
        fprintf(stderr, "frontrowctl: %s is no concertId\n", word);
    return ok;
}

bool
ctl_concert_id(const struct ctl *ctl, int32_t *concert_id)
{
    return ctl_read_concert_id(ctl->argument, concert_id);
}

int
ctl_find_concert(const struct ctl *ctl, struct concert *concert)
{
    struct problem problem;
    int32_t concert_id;
    if (!ctl_concert_id(ctl, &concert_id))
        return EXIT_USAGE;
    if (concert_find_whole(ctl->services->db, concert_id, concert, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}

bool
ctl_read_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *number >= min &&
           *number <= max;
}

void
ctl_keep_on_a_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

static const char *
environment_or(const char *name, const char *default_value)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : default_value;
}

/* The command that the words name; *rest are the words behind its name. */
static const struct command *
find_command(char **words, int count, char ***rest)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &commands[i];
        int length = command->verb == NULL ? 1 : 2;
        if (count < length || strcmp(words[0], command->group) != 0 ||
            (command->verb != NULL && strcmp(words[1], command->verb) != 0))
            continue;
        *rest = words + length;
        return command;
    }
    return NULL;
}

/*
 * Reads the options; false on an unknown one. `given` gets the letters that were there, but not
 * that of --config: a command that needs no settings may get them too.
 */
static bool
read_options(int argc, char **argv, struct ctl *ctl, const char **config, char *given, size_t size)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"schema", required_argument, NULL, 's'},
        {"beacon", required_argument, NULL, 'b'},
        {"proof", required_argument, NULL, 'p'},
        {"keys", required_argument, NULL, 'K'},
        {"before", required_argument, NULL, 'o'},
        {"token", required_argument, NULL, 't'},
        {"tokens-days", required_argument, NULL, 'd'},
        {"keys-hours", required_argument, NULL, 'k'},
        {"log-days", required_argument, NULL, 'l'},
        {"role", required_argument, NULL, 'r'},
        {"concert", required_argument, NULL, 'm'},
        {"name", required_argument, NULL, 'N'},
        {"what", required_argument, NULL, 'W'},
        {"format", required_argument, NULL, 'f'},
        {"nginx-log", required_argument, NULL, 'a'},
        {"log", required_argument, NULL, 'g'},
        {"slow-log", required_argument, NULL, 'w'},
        {"fans", required_argument, NULL, 'F'},
        {"minutes", required_argument, NULL, 'M'},
        {"seed", required_argument, NULL, 'S'},
        {"patience-seconds", required_argument, NULL, 'P'},
        {"choose-seconds", required_argument, NULL, 'C'},
        {"pay-seconds", required_argument, NULL, 'Y'},
        {"capacity", required_argument, NULL, 'A'},
        {"report", required_argument, NULL, 'R'},
        {"count", required_argument, NULL, 'Q'},
        {"events", required_argument, NULL, 'V'},
        {"since", required_argument, NULL, 'Z'},
        {"repair", no_argument, NULL, 'e'},
        {"json", no_argument, NULL, 'J'},
        {"clean-up", no_argument, NULL, 'X'},
        {"dry-run", no_argument, NULL, 'n'},
        {"once", no_argument, NULL, 'i'},
        {"write", no_argument, NULL, 'D'},
        {"yes", no_argument, NULL, 'y'},
        {"forfeit", no_argument, NULL, 'E'},
#define OPTION(name, option, value, default_value, help)                                           \
    {option, (value) != NULL ? required_argument : no_argument, NULL, LETTERS + NGINX_##name},
        NGINX_OPTIONS(OPTION)
#undef OPTION
            {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    const char **const values[LETTERS] = {
        ['c'] = config,
        ['s'] = &ctl->schema_dir,
        ['b'] = &ctl->beacon,
        ['p'] = &ctl->proof,
        ['K'] = &ctl->keys,
        ['o'] = &ctl->before,
        ['t'] = &ctl->token,
        ['d'] = &ctl->tokens_days,
        ['k'] = &ctl->keys_hours,
        ['l'] = &ctl->log_days,
        ['r'] = &ctl->role,
        ['m'] = &ctl->concert,
        ['N'] = &ctl->name,
        ['W'] = &ctl->what,
        ['f'] = &ctl->format,
        ['a'] = &ctl->nginx_log,
        ['g'] = &ctl->log,
        ['w'] = &ctl->slow_log,
        ['F'] = &ctl->fans,
        ['M'] = &ctl->minutes,
        ['S'] = &ctl->seed,
        ['P'] = &ctl->patience_seconds,
        ['C'] = &ctl->choose_seconds,
        ['Y'] = &ctl->pay_seconds,
        ['A'] = &ctl->capacity,
        ['R'] = &ctl->report,
        ['Q'] = &ctl->count,
        ['V'] = &ctl->events,
        ['Z'] = &ctl->since,
    };
    bool *const switches[LETTERS] = {
        ['n'] = &ctl->dry_run,  ['i'] = &ctl->once,   ['y'] = &ctl->yes,     ['J'] = &ctl->json,
        ['X'] = &ctl->clean_up, ['e'] = &ctl->repair, ['E'] = &ctl->forfeit, ['D'] = &ctl->write};
    size_t count = 0;
    int letter;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (letter == '?')
            return false;
        if (letter >= LETTERS) {
            ctl->nginx[letter - LETTERS] = optarg != NULL ? optarg : "on";
            letter = 'x';
        }
        if (letter != 'c' && count + 1 < size && strchr(given, letter) == NULL)
            given[count++] = (char)letter;
        if (values[letter] != NULL)
            *values[letter] = optarg;
        if (switches[letter] != NULL)
            *switches[letter] = true;
    }
    return true;
}

/* False: too few or too many. */
static bool
read_arguments(const struct command *command, char **words, struct ctl *ctl)
{
    const char *wanted = command->argument;
    int expected = wanted == NULL ? 0 : strchr(wanted, ' ') == NULL ? 1 : 2;
    int count = 0;
    while (words[count] != NULL)
        count++;
    ctl->argument = count > 0 ? words[0] : NULL;
    ctl->value = count > 1 ? words[1] : NULL;
    bool is_optional = wanted != NULL && wanted[0] == '[';
    return count == expected || (is_optional && count == 0);
}

static int
run_command(const struct command *command, struct ctl *ctl, const char *config_path)
{
    char error[CONFIG_ERROR_SIZE];
    if (strchr(command->options, 'c') == NULL)
        return command->run(ctl);
    if (!config_load(&ctl->config, config_path, error)) {
        fprintf(stderr, "frontrowctl: %s\n", error);
        return EXIT_SETTINGS;
    }
    ctl->config_path = config_path;
    log_set_level_name(ctl->config.log_level);
    log_set_format_name(ctl->config.log_format);
    ctl->config.mysql_timeout_ms = STATEMENT_TIMEOUT_MS;
    ctl->services = services_open(&ctl->config, NULL);
    int status = command->run(ctl);
    services_close(ctl->services);
    return status;
}

int
main(int argc, char **argv)
{
    struct ctl ctl = {.schema_dir = environment_or("FRONTROW_SCHEMA", DATA_DIR "/schema")};
    const char *config = config_default_path();
    char given[OPTION_COUNT + 1] = "";
    process_forbid_core();
    if (!read_options(argc, argv, &ctl, &config, given, sizeof given))
        return usage_error("unknown or incomplete option %s", argv[optind - 1]);
    if (strchr(given, 'h') != NULL) {
        print_help();
        return EXIT_DONE;
    }
    if (strchr(given, 'v') != NULL) {
        puts("frontrowctl " VERSION);
        return EXIT_DONE;
    }
    if (optind == argc)
        return usage_error("%s", "a command is missing");
    char **rest;
    const struct command *command = find_command(argv + optind, argc - optind, &rest);
    if (command == NULL)
        return usage_error("unknown command %s", argv[optind]);
    if (!read_arguments(command, rest, &ctl))
        return usage_error("%s: wrong number of arguments", argv[optind]);
    if (given[strspn(given, command->options)] != '\0')
        return usage_error("%s does not take all of these options", argv[optind]);
    return run_command(command, &ctl, config);
}
