/* ctl: frontrowctl's commands, one file a group. A command returns the exit status. */
#ifndef FRONTROW_CTL_CTL_H
#define FRONTROW_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/sheet.h"
#include "base/config.h"
#include "base/process.h"
#include "ctl/nginx_options.h"
#include "domain/concert/concert.h"
#include "domain/effect.h"

/* What the command line said. */
struct ctl {
    struct config config;
    struct services *services;
    const char *schema_dir;
    bool yes;
    bool dry_run;
    bool once;
    bool json;
    bool clean_up;
    bool repair;
    bool forfeit;
    bool write;
    const char *config_path;
    const char *argument; /* of the commands that take one, else NULL */
    const char *value;    /* the second one, likewise */
    const char *beacon;   /* options' values, NULL where they are not there */
    const char *proof;
    const char *keys;
    const char *before;
    const char *token;
    const char *tokens_days;
    const char *keys_hours;
    const char *log_days;
    const char *role;
    const char *concert;
    const char *name;
    const char *what;
    const char *format;
    const char *nginx_log;
    const char *log;
    const char *slow_log;
    const char *fans;
    const char *minutes;
    const char *seed;
    const char *patience_seconds;
    const char *choose_seconds;
    const char *pay_seconds;
    const char *capacity;
    const char *events;
    const char *since;
    const char *report;
    const char *count;
    const char *nginx[NGINX_OPTION_COUNT];
};

int ctl_audit(struct ctl *ctl);
int ctl_concert_create(struct ctl *ctl);
int ctl_concert_open(struct ctl *ctl);
int ctl_concert_close(struct ctl *ctl);
int ctl_concert_cancel(struct ctl *ctl);
int ctl_concert_list(struct ctl *ctl);
int ctl_demo_load(struct ctl *ctl);
int ctl_demo_reset(struct ctl *ctl);
int ctl_diagnose(struct ctl *ctl);
int ctl_export(struct ctl *ctl);
int ctl_hall_check(struct ctl *ctl);
int ctl_hall_delete(struct ctl *ctl);
int ctl_hall_export(struct ctl *ctl);
int ctl_hall_import(struct ctl *ctl);
int ctl_hall_list(struct ctl *ctl);
int ctl_import_balances(struct ctl *ctl);
int ctl_import_orders(struct ctl *ctl);
int ctl_maintenance_on(struct ctl *ctl);
int ctl_maintenance_off(struct ctl *ctl);
int ctl_migrate(struct ctl *ctl);
int ctl_nginx_config(struct ctl *ctl);
int ctl_operator_add(struct ctl *ctl);
int ctl_operator_list(struct ctl *ctl);
int ctl_operator_revoke(struct ctl *ctl);
int ctl_presale_codes(struct ctl *ctl);
int ctl_presale_create(struct ctl *ctl);
int ctl_presale_delete(struct ctl *ctl);
int ctl_presale_list(struct ctl *ctl);
int ctl_prune(struct ctl *ctl);
int ctl_queue_capacity(struct ctl *ctl);
int ctl_queue_drain(struct ctl *ctl);
int ctl_queue_draw(struct ctl *ctl);
int ctl_queue_pause(struct ctl *ctl);
int ctl_queue_rebuild(struct ctl *ctl);
int ctl_queue_resume(struct ctl *ctl);
int ctl_queue_show(struct ctl *ctl);
int ctl_queue_verify(struct ctl *ctl);
int ctl_rehearse(struct ctl *ctl);
int ctl_sales(struct ctl *ctl);
int ctl_status(struct ctl *ctl);
int ctl_ticket_key(struct ctl *ctl);
int ctl_ticket_verify(struct ctl *ctl);
int ctl_trace(struct ctl *ctl);
int ctl_user_erase(struct ctl *ctl);
int ctl_webhook_add(struct ctl *ctl);
int ctl_webhook_dead(struct ctl *ctl);
int ctl_webhook_list(struct ctl *ctl);
int ctl_webhook_remove(struct ctl *ctl);
int ctl_webhook_replay(struct ctl *ctl);
int ctl_webhook_test(struct ctl *ctl);

/* The argument, or any word, as a concertId; says so on standard error where it is none. */
bool ctl_concert_id(const struct ctl *ctl, int32_t *concert_id);
bool ctl_read_concert_id(const char *word, int32_t *concert_id);

/*
 * The concert that the argument names. EXIT_DONE, or after saying why not on standard error the
 * exit status that belongs to it.
 */
int ctl_find_concert(const struct ctl *ctl, struct concert *concert);

/* Carries a change out and prints what it renders. */
int ctl_apply(struct ctl *ctl, struct effect *effect);

/* The same for a struct concert_change; what the operator should know goes to standard error. */
int ctl_apply_change(struct ctl *ctl, struct effect *effect);

/*
 * The JSON of a file, "-" being standard input, for json_decref(). NULL, after saying on standard
 * error what is wrong with it.
 */
json_t *ctl_read_json(const char *name);

/* Reads a whole number of digits alone, from min to max. False: *number is not to be used. */
bool ctl_read_number(const char *text, int64_t min, int64_t max, int64_t *number) MUST_CHECK;

/* Replaces control characters by spaces: one line a row, whatever its texts hold. */
void ctl_keep_on_a_line(char *text);

/* What --format names; says so on standard error where that is nothing. */
bool ctl_read_format(const struct ctl *ctl, enum sheet_form *form) MUST_CHECK;

/* Says on standard error why something was refused; the exit status that belongs to it. */
int ctl_refused(const struct problem *problem);

/* Says the database's last error on standard error; the exit status that belongs to `result`. */
int ctl_database_failed(const struct ctl *ctl, enum db_result result);

#endif
