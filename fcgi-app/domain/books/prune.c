#include "domain/books/prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/queue/queue.h"
#include "mysql/books/prune_table.h"
#include "mysql/organiser/audit_log_table.h"
#include "mysql/sale/idempotency_table.h"
#include "mysql/sale/waitlist_table.h"

enum { ATTEMPTS = 3, REST_MS_MAX = 200, HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

/* One run. */
struct prune {
    struct services *services;
    bool dry_run;
    void (*progress)(const struct prune_report *report);
    struct prune_report *report;
};

/* What is done with a range of rows. */
typedef enum db_result change_range(struct database *db, const struct prune_concert *concert,
                                    enum prune_kind kind, const struct prune_range *range);

static enum db_result
lapse_range(struct database *db, const struct prune_concert *concert, enum prune_kind kind,
            const struct prune_range *range)
{
    (void)kind;
    return prune_table_lapse(db, concert, range);
}

/* After each batch it rests as long as that took: the sales come first. */
static void
rest(const struct prune *prune, int64_t started)
{
    int64_t took = clock_monotonic() - started;
    if (prune->progress != NULL)
        prune->progress(prune->report);
    usleep((useconds_t)(took < REST_MS_MAX ? took : REST_MS_MAX) * 1000);
}

/* Rows that somebody has locked all the time are left, and counted as failed. */
static enum db_result
change(const struct prune *prune, change_range *change_rows, const struct prune_concert *concert,
       enum prune_kind kind, const struct prune_range *range, int64_t *changed)
{
    struct database *db = prune->services->db;
    int64_t started = clock_monotonic();
    enum db_result result = DB_RETRY;
    for (int attempt = 0; attempt < ATTEMPTS && result == DB_RETRY; attempt++)
        result = change_rows(db, concert, kind, range);
    if (result == DB_OK)
        *changed += db_changed_rows(db);
    if (result == DB_RETRY) {
        prune->report->failed += range->over;
        log_warn("rows of concert %d were left: %s", (int)concert->concert_id, db_error_text(db));
        result = DB_OK;
    }
    rest(prune, started);
    return result;
}

/* Goes through all rows of a kind; without change_rows it counts those that are to go. */
static enum db_result
walk(const struct prune *prune, change_range *change_rows, const struct prune_concert *concert,
     enum prune_kind kind, int64_t *count)
{
    struct prune_range range = {0};
    enum db_result result;
    range.until.number = concert->draw_last;
    do {
        result = prune_table_look_on(prune->services->db, concert, kind, &range);
        if (result == DB_OK && change_rows == NULL)
            *count += range.over;
        else if (result == DB_OK && range.over > 0)
            result = change(prune, change_rows, concert, kind, &range, count);
    } while (result == DB_OK && range.rows == PRUNE_BATCH);
    return result;
}

/*
 * A queue is taken out of Redis before its tokens go: whoever asks next loads it from what MySQL
 * has, and finds nobody who is not there any more. What still waits has lapsed by then, so that it
 * is not loaded again; where that could not be written, all stays. Killed in between, nothing is
 * lost: all rows are there.
 */
static enum db_result
take_out_queue(const struct prune *prune, const struct prune_concert *concert, bool *is_out)
{
    struct prune_report *report = prune->report;
    int64_t lapsed = 0, failed = report->failed;
    enum db_result result = walk(prune, lapse_range, concert, PRUNE_QUEUE_TOKENS, &lapsed);
    *is_out = false;
    if (result != DB_OK || report->failed > failed)
        return result;
    *is_out = queue_erase(prune->services, concert->concert_id);
    report->redis_gone = report->redis_gone || !*is_out;
    return DB_OK;
}

static enum db_result
prune_kind(const struct prune *prune, const struct prune_concert *concert, enum prune_kind kind,
           int64_t *count)
{
    int64_t over = 0;
    bool is_out = true;
    enum db_result result = walk(prune, NULL, concert, kind, &over);
    if (result != DB_OK || over == 0)
        return result;
    if (prune->dry_run) {
        *count += over;
        return DB_OK;
    }
    if (kind == PRUNE_QUEUE_TOKENS)
        result = take_out_queue(prune, concert, &is_out);
    if (result != DB_OK || !is_out)
        return result;
    return walk(prune, prune_table_delete, concert, kind, count);
}

static enum db_result
log_concert(const struct prune *prune, int32_t concert_id, int64_t tokens, int64_t quotas)
{
    char detail[80];
    if (tokens + quotas == 0)
        return DB_OK;
    prune->report->concerts++;
    if (prune->dry_run)
        return DB_OK;
    snprintf(detail, sizeof detail, "deleted %" PRId64 " tokens, %" PRId64 " seat quotas", tokens,
             quotas);
    return audit_log_table_add(prune->services->db, &(struct log_entry){.actor = "ctl",
                                                                        .action = "prune",
                                                                        .concert_id = concert_id,
                                                                        .detail = detail});
}

static enum db_result
prune_concert(const struct prune *prune, struct prune_concert *concert)
{
    struct database *db = prune->services->db;
    struct prune_report *report = prune->report;
    struct prune_report before = *report;
    bool has_live_hold;
    enum db_result result = prune_table_has_live_hold(db, concert->concert_id, &has_live_hold);
    if (result == DB_OK && has_live_hold)
        return DB_OK;
    if (result == DB_OK)
        result = prune_table_read_kept(db, concert);
    if (result == DB_OK)
        result = prune_kind(prune, concert, PRUNE_QUEUE_TOKENS, &report->tokens);
    if (result == DB_OK)
        result = prune_kind(prune, concert, PRUNE_OPEN_TOKENS, &report->tokens);
    if (result == DB_OK)
        result = prune_kind(prune, concert, PRUNE_SEAT_QUOTAS, &report->quotas);
    if (result != DB_OK)
        return result;
    return log_concert(prune, concert->concert_id, report->tokens - before.tokens,
                       report->quotas - before.quotas);
}

static enum db_result
prune_concerts(const struct prune *prune, int64_t cutoff)
{
    struct prune_concert concert = {0};
    enum db_result result;
    while ((result = prune_table_next_concert(prune->services->db, concert.concert_id, cutoff,
                                              &concert)) == DB_OK)
        if ((result = prune_concert(prune, &concert)) != DB_OK)
            break;
    return result == DB_NONE ? DB_OK : result;
}

/* What is no concert's, and has an age alone. */
struct old_rows {
    const char *name;
    enum db_result (*count)(struct database *db, int64_t cutoff, int64_t *count);
    enum db_result (*delete_batch)(struct database *db, int64_t cutoff, int64_t *deleted);
};

static enum db_result
prune_old(const struct prune *prune, const struct old_rows *rows, int64_t cutoff, int64_t *count)
{
    struct database *db = prune->services->db;
    int64_t deleted, left;
    int attempts = 0;
    enum db_result result;
    if (prune->dry_run)
        return rows->count(db, cutoff, count);
    do {
        int64_t started = clock_monotonic();
        result = rows->delete_batch(db, cutoff, &deleted);
        attempts = result == DB_RETRY ? attempts + 1 : 0;
        *count += deleted;
        rest(prune, started);
    } while (deleted > 0 || (result == DB_RETRY && attempts < ATTEMPTS));
    if (result != DB_RETRY)
        return result;
    log_warn("%s were left: %s", rows->name, db_error_text(db));
    result = rows->count(db, cutoff, &left);
    prune->report->failed += left;
    return result;
}

static enum db_result
log_pruned_log(const struct prune *prune, int64_t days)
{
    char detail[80];
    if (prune->dry_run || prune->report->log == 0)
        return DB_OK;
    snprintf(detail, sizeof detail,
             "deleted %" PRId64 " rows of this log, older than %" PRId64 " d", prune->report->log,
             days);
    return audit_log_table_add(
        prune->services->db,
        &(struct log_entry){.actor = "ctl", .action = "prune", .detail = detail});
}

enum db_result
prune_run(struct services *services, const struct prune_ages *ages, bool dry_run,
          void (*progress)(const struct prune_report *report), struct prune_report *report)
{
    static const struct old_rows answers = {"stored answers", prune_table_count_answers,
                                            idempotency_table_delete_old};
    static const struct old_rows log = {"rows of the audit log", prune_table_count_log,
                                        prune_table_delete_log};
    static const struct old_rows waits = {"entries of wait lists", waitlist_table_count_old,
                                          waitlist_table_delete_old};
    const struct prune prune = {services, dry_run, progress, report};
    int64_t now;
    *report = (struct prune_report){0};
    enum db_result result = db_now(services->db, &now);
    if (result == DB_OK)
        result = prune_concerts(&prune, now - ages->tokens_days * DAY_MS);
    if (result == DB_OK)
        result =
            prune_old(&prune, &waits, now - ages->tokens_days * DAY_MS, &report->waitlist_entries);
    if (result == DB_OK)
        result = prune_old(&prune, &answers, now - ages->keys_hours * HOUR_MS, &report->answers);
    if (result == DB_OK)
        result = prune_old(&prune, &log, now - ages->log_days * DAY_MS, &report->log);
    return result == DB_OK ? log_pruned_log(&prune, ages->log_days) : result;
}
