#include "base/process.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"

void
process_forbid_core(void)
{
    static const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* to lower a limit is never refused */
}

/* False: the program ends with *status. */
static bool
read_options(int argc, char **argv, const char *name, const char *help, const char **path,
             int *status)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int letter;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) == 'c')
        *path = optarg;
    *status = EXIT_DONE;
    if (letter == 'h') {
        fputs(help, stdout);
    } else if (letter == 'v') {
        printf("%s %s\n", name, VERSION);
    } else if (letter != -1 || optind != argc) {
        fprintf(stderr, "%s: unknown option or argument (see %s --help)\n", name, name);
        *status = EXIT_USAGE;
    } else {
        return true;
    }
    return false;
}

bool
process_begin(int argc, char **argv, const char *name, const char *help, struct config *config,
              int *status)
{
    char error[CONFIG_ERROR_SIZE];
    const char *path = config_default_path();
    process_forbid_core();
    if (!read_options(argc, argv, name, help, &path, status))
        return false;
    if (!config_load(config, path, error)) {
        fprintf(stderr, "%s: %s\n", name, error);
        *status = EXIT_SETTINGS;
        return false;
    }
    log_set_level_name(config->log_level);
    log_set_format_name(config->log_format);
    return true;
}
