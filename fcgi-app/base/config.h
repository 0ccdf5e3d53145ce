/*
 * config: frontrow.conf (key = value, and comments on lines of their own), overridden by FRONTROW_*
 * in the environment.
 */
#ifndef FRONTROW_BASE_CONFIG_H
#define FRONTROW_BASE_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/config_table.h"
#include "base/ticket_keys.h"

enum { CONFIG_TEXT_SIZE = 256, CONFIG_ERROR_SIZE = 512, CONFIG_SECRETS = 4 };

/* A statement has so much more time at MySQL, which ends waits for locks up to a second late. */
enum { MYSQL_LATE_MS = 1000 };

/* One member a setting; the table says what each means. Fixed after config_load(). */
struct config {
#define TEXT(name, value, help) char name[CONFIG_TEXT_SIZE];
#define INTEGER(name, value, min, max, help) int name;
#define CHOICE(name, value, choices, help) char name[CONFIG_TEXT_SIZE];
    CONFIG_TABLE(TEXT, INTEGER, CHOICE)
#undef TEXT
#undef INTEGER
#undef CHOICE
    /* read from the files that the settings name; never printed */
    char admin_key[CONFIG_TEXT_SIZE];
    /* any of them will do, so that they can be changed one after the other; unused ones are "" */
    char gateway_secrets[CONFIG_SECRETS][CONFIG_TEXT_SIZE];
    char voucher_secrets[CONFIG_SECRETS][CONFIG_TEXT_SIZE];
    char fastcgi_secrets[CONFIG_SECRETS][CONFIG_TEXT_SIZE];
    char mysql_password[CONFIG_TEXT_SIZE];
    char redis_password[CONFIG_TEXT_SIZE];
    char redis_sentinel_password[CONFIG_TEXT_SIZE];
    struct ticket_keys ticket_keys;
};

/* The file of a program that is told none: FRONTROW_CONFIG, else /etc/frontrow/frontrow.conf. */
const char *config_default_path(void);

/*
 * Defaults, then the file (`path` NULL: none), then the environment, then the secret files, then
 * the checks that involve several settings (the ladder of time-outs, caller = body on loopback
 * only, what goes together for TLS and for several servers). Returns false with a sentence that
 * names setting and place in `error`.
 */
bool config_load(struct config *config, const char *path, char error[CONFIG_ERROR_SIZE]);

/* The checks of config_load() that involve several settings. */
bool config_check(const struct config *config, char error[CONFIG_ERROR_SIZE]);

/* Prints every setting as a file that config_load() would take; secrets are shown as "***". */
void config_print(const struct config *config, FILE *out);

/* What mysql_tls and redis_tls mean. */
enum config_tls { CONFIG_TLS_OFF, CONFIG_TLS_ON, CONFIG_TLS_VERIFY };
enum config_tls config_tls_of(const char *value);

/* Whether the userId in body or query is believed (caller = body). */
bool config_trusts_body(const struct config *config);

/* Whether a token of an identity provider says who calls (caller = jwt). */
bool config_takes_tokens(const struct config *config);

/* Whether what happens is written down for webhooks (webhooks = on). */
bool config_has_webhooks(const struct config *config);

/*
 * Takes the next origin (RFC 6454) to which the pages connect to sign in, first that of jwt_issuer,
 * then those of signin_origins. `*rest` is NULL before the first one. False: there is none left.
 */
bool config_next_signin_origin(const struct config *config, const char **rest,
                               char origin[CONFIG_TEXT_SIZE]);

/* Who may charge points: "anyone", "operator" or "off"; `charge = auto` is settled. */
const char *config_charge(const struct config *config);

#endif
