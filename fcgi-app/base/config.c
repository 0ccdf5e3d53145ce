#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum kind { KIND_TEXT, KIND_INTEGER, KIND_CHOICE };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text;    /* default of TEXT and CHOICE */
    int number;          /* default of INTEGER */
    int min, max;        /* INTEGER */
    const char *choices; /* CHOICE: "a|b" */
    const char *help;
};

static const struct setting settings[] = {
#define TEXT(name, value, help)                                                                    \
    {#name, KIND_TEXT, offsetof(struct config, name), value, 0, 0, 0, NULL, help},
#define INTEGER(name, value, min, max, help)                                                       \
    {#name, KIND_INTEGER, offsetof(struct config, name), NULL, value, min, max, NULL, help},
#define CHOICE(name, value, choices, help)                                                         \
    {#name, KIND_CHOICE, offsetof(struct config, name), value, 0, 0, 0, choices, help},
    CONFIG_TABLE(TEXT, INTEGER, CHOICE)
#undef TEXT
#undef INTEGER
#undef CHOICE
};

enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

/* Names that settings had before, which are taken as well. */
static const struct former_name {
    const char *former;
    const char *name;
} former_names[] = {{"claim_seconds", "show_up_seconds"}};

enum { FORMER_COUNT = sizeof former_names / sizeof former_names[0] };

/* The setting of this name or former name; NULL: there is none. */
static const struct setting *
find_setting(const char *name)
{
    for (int i = 0; i < FORMER_COUNT; i++)
        if (strcmp(former_names[i].former, name) == 0)
            name = former_names[i].name;
    for (int i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static char *
text_of(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

static int *
number_of(struct config *config, const struct setting *setting)
{
    return (int *)(void *)((char *)config + setting->offset);
}

static void
set_defaults(struct config *config)
{
    *config = (struct config){0};
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].kind == KIND_INTEGER)
            *number_of(config, &settings[i]) = settings[i].number;
        else
            snprintf(text_of(config, &settings[i]), CONFIG_TEXT_SIZE, "%s", settings[i].text);
    }
}

static bool
is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *choice = choices; *choice != '\0';) {
        size_t end = strcspn(choice, "|");
        if (end == length && memcmp(choice, value, length) == 0)
            return true;
        choice += end;
        choice += *choice == '|';
    }
    return false;
}

static bool
set_number(struct config *config, const struct setting *setting, const char *value, char *error)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < setting->min ||
        number > setting->max) {
        snprintf(error, CONFIG_ERROR_SIZE, "%s: \"%.60s\" is not an integer from %d to %d",
                 setting->name, value, setting->min, setting->max);
        return false;
    }
    *number_of(config, setting) = (int)number;
    return true;
}

/* Notes stand on lines of their own: behind a value one would be taken for a part of it. */
static bool
has_note(const char *value)
{
    for (const char *hash = value; (hash = strchr(hash, '#')) != NULL; hash++)
        if (hash == value || isspace((unsigned char)hash[-1]))
            return true;
    return false;
}

static bool
set_value(struct config *config, const struct setting *setting, const char *value, char *error)
{
    if (has_note(value)) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 "%s: \"%.60s\" has a comment behind the value; a comment needs a line of its own",
                 setting->name, value);
        return false;
    }
    if (setting->kind == KIND_INTEGER)
        return set_number(config, setting, value, error);
    if (strlen(value) >= CONFIG_TEXT_SIZE) {
        snprintf(error, CONFIG_ERROR_SIZE, "%s: longer than %d bytes", setting->name,
                 CONFIG_TEXT_SIZE - 1);
        return false;
    }
    if (setting->kind == KIND_CHOICE && !is_choice(setting->choices, value)) {
        snprintf(error, CONFIG_ERROR_SIZE, "%s: \"%.60s\" is not one of %s", setting->name, value,
                 setting->choices);
        return false;
    }
    snprintf(text_of(config, setting), CONFIG_TEXT_SIZE, "%s", value);
    return true;
}

/* Cuts blanks at both ends, in place. */
static char *
trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static bool
set_line(struct config *config, char *line, char *error)
{
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return true;
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        snprintf(error, CONFIG_ERROR_SIZE, "\"%.60s\" is not key = value", line);
        return false;
    }
    *equals = '\0';
    char *name = trim(line);
    const struct setting *setting = find_setting(name);
    if (setting != NULL)
        return set_value(config, setting, trim(equals + 1), error);
    snprintf(error, CONFIG_ERROR_SIZE, "\"%.60s\" is not a setting", name);
    return false;
}

static bool
load_file(struct config *config, const char *path, char error[CONFIG_ERROR_SIZE])
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        snprintf(error, CONFIG_ERROR_SIZE, "%.200s: %s", path, strerror(errno));
        return false;
    }
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    for (int number = 1; ok && getline(&line, &size, file) >= 0; number++) {
        char reason[CONFIG_ERROR_SIZE];
        ok = set_line(config, line, reason);
        if (!ok)
            snprintf(error, CONFIG_ERROR_SIZE, "%.200s:%d: %.280s", path, number, reason);
    }
    if (ferror(file)) {
        snprintf(error, CONFIG_ERROR_SIZE, "%.200s: %s", path, strerror(errno));
        ok = false;
    }
    free(line);
    fclose(file);
    return ok;
}

static bool
set_from_environment(struct config *config, const char *name, char error[CONFIG_ERROR_SIZE])
{
    char variable[64];
    int length = snprintf(variable, sizeof variable, "FRONTROW_%s", name);
    for (int at = 0; at < length; at++)
        variable[at] = (char)toupper((unsigned char)variable[at]);
    const char *value = getenv(variable);
    return value == NULL || set_value(config, find_setting(name), value, error);
}

/* Where both names of a setting are there, the one of today holds. */
static bool
load_environment(struct config *config, char error[CONFIG_ERROR_SIZE])
{
    for (int i = 0; i < FORMER_COUNT; i++)
        if (!set_from_environment(config, former_names[i].former, error))
            return false;
    for (int i = 0; i < SETTING_COUNT; i++)
        if (!set_from_environment(config, settings[i].name, error))
            return false;
    return true;
}

/*
 * Puts the secret of a line, if it has one, behind the `*count` that are there. False with what is
 * wrong with the file in `reason`.
 */
static bool
take_secret(char *line, char secrets[][CONFIG_TEXT_SIZE], int *count, int max, const char **reason)
{
    line[strcspn(line, "\r\n")] = '\0';
    if (*line == '\0')
        return true;
    if (*count == max)
        *reason = "it has too many";
    else if (!text_copy(secrets[*count], CONFIG_TEXT_SIZE, line))
        *reason = "one is too long";
    else
        ++*count;
    return *reason == NULL;
}

/* Reads secrets, one a line; where one is all that is wanted, nothing below it is looked at. */
static bool
load_secrets(const char *setting, const char *path, char secrets[][CONFIG_TEXT_SIZE], int max,
             char error[CONFIG_ERROR_SIZE])
{
    if (*path == '\0')
        return true;
    const char *reason = NULL;
    char *line = NULL;
    size_t size = 0;
    int count = 0;
    errno = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && (max > 1 || count == 0) && getline(&line, &size, file) >= 0 &&
           take_secret(line, secrets, &count, max, &reason))
        ;
    if (reason == NULL && count == 0)
        reason = errno != 0 ? strerror(errno) : "it is empty";
    if (reason != NULL)
        snprintf(
            error, CONFIG_ERROR_SIZE,
            "%s: no secret can be read from %.200s: %s (%d at most, one in each line, %d bytes)",
            setting, path, reason, max, CONFIG_TEXT_SIZE - 1);
    free(line);
    if (file != NULL)
        fclose(file);
    return reason == NULL;
}

static bool
load_ticket_keys(struct config *config, char error[CONFIG_ERROR_SIZE])
{
    const char *path = config->ticket_keys_file;
    const char *reason;
    if (*path == '\0' || ticket_keys_load(&config->ticket_keys, path, &reason))
        return true;
    snprintf(error, CONFIG_ERROR_SIZE, "ticket_keys_file: %.200s: %s (PEM, 1 to %d keys)", path,
             reason, TICKET_KEYS_MAX);
    return false;
}

const char *
config_default_path(void)
{
    const char *path = getenv("FRONTROW_CONFIG");
    return path != NULL && path[0] != '\0' ? path : "/etc/frontrow/frontrow.conf";
}

bool
config_load(struct config *config, const char *path, char error[CONFIG_ERROR_SIZE])
{
    set_defaults(config);
    return (path == NULL || load_file(config, path, error)) && load_environment(config, error) &&
           load_secrets("admin_key_file", config->admin_key_file, &config->admin_key, 1, error) &&
           load_secrets("gateway_secret_file", config->gateway_secret_file, config->gateway_secrets,
                        CONFIG_SECRETS, error) &&
           load_secrets("voucher_secret_file", config->voucher_secret_file, config->voucher_secrets,
                        CONFIG_SECRETS, error) &&
           load_secrets("fastcgi_secret_file", config->fastcgi_secret_file, config->fastcgi_secrets,
                        CONFIG_SECRETS, error) &&
           load_secrets("mysql_password_file", config->mysql_password_file, &config->mysql_password,
                        1, error) &&
           load_secrets("redis_password_file", config->redis_password_file, &config->redis_password,
                        1, error) &&
           load_secrets("redis_sentinel_password_file", config->redis_sentinel_password_file,
                        &config->redis_sentinel_password, 1, error) &&
           load_ticket_keys(config, error) && config_check(config, error);
}

void
config_print(const struct config *config, FILE *out)
{
    struct config copy = *config;
    for (int i = 0; i < SETTING_COUNT; i++) {
        fprintf(out, "# %s\n", settings[i].help);
        if (settings[i].kind == KIND_INTEGER)
            fprintf(out, "%s = %d\n", settings[i].name, *number_of(&copy, &settings[i]));
        else
            fprintf(out, "%s = %s\n", settings[i].name, text_of(&copy, &settings[i]));
    }
    fprintf(out,
            "# secrets, from their files: admin key %s, gateway secret %s, voucher secret %s, "
            "FastCGI secret %s, "
            "MySQL password %s, Redis password %s, Sentinels' password %s, ticket keys %s\n",
            config->admin_key[0] ? "***" : "none", config->gateway_secrets[0][0] ? "***" : "none",
            config->voucher_secrets[0][0] ? "***" : "none",
            config->fastcgi_secrets[0][0] ? "***" : "none",
            config->mysql_password[0] ? "***" : "none", config->redis_password[0] ? "***" : "none",
            config->redis_sentinel_password[0] ? "***" : "none",
            config->ticket_keys.count > 0 ? "***" : "none");
}

enum config_tls
config_tls_of(const char *value)
{
    return strcmp(value, "verify") == 0 ? CONFIG_TLS_VERIFY
           : strcmp(value, "on") == 0   ? CONFIG_TLS_ON
                                        : CONFIG_TLS_OFF;
}

bool
config_trusts_body(const struct config *config)
{
    return strcmp(config->caller, "body") == 0;
}

bool
config_takes_tokens(const struct config *config)
{
    return strcmp(config->caller, "jwt") == 0;
}

bool
config_has_webhooks(const struct config *config)
{
    return strcmp(config->webhooks, "on") == 0;
}

const char *
config_charge(const struct config *config)
{
    if (strcmp(config->charge, "auto") != 0)
        return config->charge;
    return config_trusts_body(config) ? "anyone" : "operator";
}
