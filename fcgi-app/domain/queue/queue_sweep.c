#include "domain/queue/queue_sweep.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"
#include "mysql/organiser/concert_admin_table.h"
#include "mysql/queue/queue_table.h"

/* A queue's share of a pass: the next pass goes on. */
enum { BUDGET_MS = 20000, PAUSE_MS = 20, ATTEMPTS = 3 };

/* The next queue above *settings; DB_NONE after the last. */
static enum db_result
next_queue(struct services *services, struct queue_settings *settings)
{
    int32_t concert_id;
    struct concert concert;
    enum db_result result = queue_table_find_next(services->db, settings->concert_id, &concert_id);
    if (result != DB_OK)
        return result;
    result = concert_table_find(services->db, concert_id, &concert);
    if (result != DB_OK)
        return result;
    *settings = queue_settings_of(services, &concert);
    return DB_OK;
}

/* A long queue is loaded in several goes, and perhaps by others. */
static enum queue_answer
load(struct services *services, const struct queue_settings *settings, int64_t deadline)
{
    struct problem problem;
    while (queue_rebuild(services, settings, &problem) != ERROR_NONE) {
        bool is_loading = problem.retry_after > 0;
        if (!is_loading)
            return problem.error == ERROR_QUEUE_UNAVAILABLE ? QUEUE_GONE : QUEUE_FAILED;
        if (clock_monotonic() >= deadline)
            return QUEUE_BUSY;
        usleep(PAUSE_MS * 1000);
    }
    return QUEUE_OK;
}

/*
 * Redis has settings of a higher version than MySQL ever gave out: MySQL is older than Redis, as
 * where a backup was restored. Its settings hold, and get a version that says so.
 */
static void
outdo(struct services *services, const struct queue_settings *settings, int32_t version)
{
    if (version < INT32_MAX &&
        concert_admin_table_outdo(services->db, settings->concert_id, version) == DB_OK &&
        db_changed_rows(services->db) > 0)
        log_warn(
            "the queue of concert %d had newer settings than MySQL has: MySQL was set back, and"
            " its settings hold",
            (int)settings->concert_id);
}

static enum queue_answer
move_on(struct services *services, const struct queue_settings *settings, int64_t deadline)
{
    struct queue_counts counts = {.more = true};
    while (counts.more && clock_monotonic() < deadline) {
        enum queue_answer answer = queue_store_state(services->redis, settings, &counts);
        if (answer == QUEUE_REBUILD) {
            answer = load(services, settings, deadline);
            if (answer != QUEUE_OK)
                return answer;
            continue;
        }
        if (answer != QUEUE_OK)
            return answer;
        queue_note_serving(services, settings->concert_id, counts.moved);
        if (counts.version > settings->version)
            outdo(services, settings, counts.version);
    }
    return QUEUE_OK;
}

/* Writes those of a batch that are of one kind and ended in one way. */
static enum db_result
write_ends(struct services *services, const struct queue_settings *settings,
           const struct queue_brief *briefs, size_t count, enum token_kind kind,
           enum queue_token_state state)
{
    struct token_period period = queue_period_of_settings(settings);
    uint8_t tokens[TOKEN_BATCH][TOKEN_SIZE];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (briefs[i].state == state && (briefs[i].number == 0) == (kind == TOKEN_UNQUEUED))
            memcpy(tokens[found++], briefs[i].token, TOKEN_SIZE);
    if (found == 0)
        return DB_OK;
    return queue_table_end(services->db, &period, kind, (const uint8_t(*)[TOKEN_SIZE])tokens, found,
                           state == QUEUE_TOKEN_LEFT ? TOKEN_LEFT : TOKEN_LAPSED);
}

/* An unqueued one that lapsed says so by itself in MySQL. */
static enum db_result
write_all_ends(struct services *services, const struct queue_settings *settings,
               const struct queue_brief *briefs, size_t count)
{
    enum db_result result =
        write_ends(services, settings, briefs, count, TOKEN_QUEUE, QUEUE_TOKEN_LAPSED);
    if (result != DB_OK)
        return result;
    result = write_ends(services, settings, briefs, count, TOKEN_QUEUE, QUEUE_TOKEN_LEFT);
    if (result != DB_OK)
        return result;
    return write_ends(services, settings, briefs, count, TOKEN_UNQUEUED, QUEUE_TOKEN_LEFT);
}

static void
list_tokens(const struct queue_brief *briefs, size_t count, uint8_t (*tokens)[TOKEN_SIZE])
{
    for (size_t i = 0; i < count; i++)
        memcpy(tokens[i], briefs[i].token, TOKEN_SIZE);
}

static enum queue_answer
drop(struct services *services, const struct queue_settings *settings,
     const uint8_t (*tokens)[TOKEN_SIZE], size_t count)
{
    struct queue_moved moved;
    enum queue_answer answer = queue_store_drop(services->redis, settings, tokens, count, &moved);
    if (answer == QUEUE_OK)
        queue_note_serving(services, settings->concert_id, moved);
    return answer;
}

/* Tokens that ended in Redis: MySQL first, then Redis forgets them. */
static enum db_result
record_ended(struct services *services, const struct queue_settings *settings, int64_t deadline,
             struct queue_sweep_report *report, enum queue_answer *answer)
{
    struct queue_brief briefs[TOKEN_BATCH];
    uint8_t tokens[TOKEN_BATCH][TOKEN_SIZE];
    size_t count = TOKEN_BATCH;
    while (*answer == QUEUE_OK && count == TOKEN_BATCH && clock_monotonic() < deadline) {
        *answer = queue_store_list(services->redis, settings, QUEUE_TOKEN_LAPSED, 0, TOKEN_BATCH,
                                   briefs, &count);
        if (*answer != QUEUE_OK || count == 0)
            break;
        enum db_result result = write_all_ends(services, settings, briefs, count);
        if (result != DB_OK)
            return result;
        list_tokens(briefs, count, tokens);
        *answer = drop(services, settings, (const uint8_t(*)[TOKEN_SIZE])tokens, count);
        report->ended += (int64_t)count;
    }
    return DB_OK;
}

/* Active tokens that MySQL has as ended: their payment could not reach Redis. */
static enum db_result
free_finished(struct services *services, const struct queue_settings *settings,
              struct queue_sweep_report *report, enum queue_answer *answer)
{
    struct queue_brief briefs[TOKEN_BATCH];
    uint8_t tokens[TOKEN_BATCH][TOKEN_SIZE], ended[TOKEN_BATCH][TOKEN_SIZE];
    size_t rank = 0, count = TOKEN_BATCH;
    while (*answer == QUEUE_OK && count == TOKEN_BATCH) {
        size_t over;
        *answer = queue_store_list(services->redis, settings, QUEUE_TOKEN_ACTIVE, rank, TOKEN_BATCH,
                                   briefs, &count);
        if (*answer != QUEUE_OK || count == 0)
            break;
        list_tokens(briefs, count, tokens);
        enum db_result result = queue_table_list_ended(
            services->db, (const uint8_t(*)[TOKEN_SIZE])tokens, count, ended, &over);
        if (result != DB_OK)
            return result;
        rank += count - over;
        if (over > 0)
            *answer = drop(services, settings, (const uint8_t(*)[TOKEN_SIZE])ended, over);
        report->freed += (int64_t)over;
    }
    return DB_OK;
}

/* Leases that ended while Redis knew nothing of them. */
static enum db_result
lapse_leases(struct services *services, int32_t concert_id, struct queue_sweep_report *report)
{
    int64_t lapsed;
    enum db_result result;
    do {
        result = queue_table_lapse(services->db, concert_id, &lapsed);
        report->ended += lapsed;
    } while (result == DB_OK && lapsed > 0);
    return result;
}

static enum db_result
sweep_queue(struct services *services, const struct queue_settings *settings,
            struct queue_sweep_report *report)
{
    int64_t deadline = clock_monotonic() + BUDGET_MS;
    enum queue_answer answer = move_on(services, settings, deadline);
    enum db_result result = record_ended(services, settings, deadline, report, &answer);
    if (result == DB_OK)
        result = free_finished(services, settings, report, &answer);
    if (result == DB_OK)
        result = lapse_leases(services, settings->concert_id, report);
    report->redis_gone = report->redis_gone || answer == QUEUE_GONE;
    report->moved += answer == QUEUE_OK && result == DB_OK;
    if (answer != QUEUE_OK && answer != QUEUE_GONE) {
        report->failed++;
        log_warn("the queue of concert %d could not be moved on now", (int)settings->concert_id);
    }
    return result;
}

/* Users' calls and other sweepers lock the same tokens. No queue is in the way of the next one. */
static enum db_result
sweep_queue_again(struct services *services, const struct queue_settings *settings,
                  struct queue_sweep_report *report)
{
    enum db_result result = DB_RETRY;
    for (int attempt = 0; attempt < ATTEMPTS && result == DB_RETRY; attempt++)
        result = sweep_queue(services, settings, report);
    if (result != DB_RETRY)
        return result;
    report->failed++;
    log_warn("the ended tokens of concert %d could not be written: %s", (int)settings->concert_id,
             db_error_text(services->db));
    return DB_OK;
}

enum db_result
queue_sweep(struct services *services, struct queue_sweep_report *report)
{
    struct queue_settings settings = {0};
    *report = (struct queue_sweep_report){0};
    enum db_result result = next_queue(services, &settings);
    while (result == DB_OK) {
        result = sweep_queue_again(services, &settings, report);
        if (result == DB_OK)
            result = next_queue(services, &settings);
    }
    return result == DB_NONE ? DB_OK : result;
}

/* Entries wait here until there are enough for one statement. */
struct counter {
    struct services *services;
    struct queue_audit *audit;
    uint8_t tokens[TOKEN_BATCH][TOKEN_SIZE];
    size_t count;
    enum db_result result;
};

static void
count_batch(struct counter *counter)
{
    int32_t there = 0;
    if (counter->count == 0 || counter->result != DB_OK)
        return;
    counter->result =
        queue_table_count(counter->services->db, (const uint8_t(*)[TOKEN_SIZE])counter->tokens,
                          counter->count, &there);
    counter->audit->entries += (int64_t)counter->count;
    counter->audit->without_row += (int64_t)counter->count - there;
    counter->count = 0;
}

static void
take_entry(void *context, const struct queue_brief *brief)
{
    struct counter *counter = context;
    if (brief->number == 0)
        return;
    memcpy(counter->tokens[counter->count++], brief->token, TOKEN_SIZE);
    if (counter->count == TOKEN_BATCH)
        count_batch(counter);
}

static enum db_result
audit_queue(struct services *services, const struct queue_settings *settings,
            struct queue_audit *audit)
{
    struct counter counter = {.services = services, .audit = audit};
    struct queue_counts counts;
    uint64_t cursor = 0;
    enum queue_answer answer = queue_store_state(services->redis, settings, &counts);
    if (answer == QUEUE_OK && counts.overshoot_max > audit->overshoot_max)
        audit->overshoot_max = counts.overshoot_max;
    while (answer == QUEUE_OK) {
        answer = queue_store_scan(services->redis, settings, &cursor, take_entry, &counter);
        if (answer == QUEUE_OK && cursor == 0)
            break;
    }
    count_batch(&counter);
    audit->redis_gone = audit->redis_gone || answer == QUEUE_GONE;
    return counter.result;
}

enum db_result
queue_audit(struct services *services, struct queue_audit *audit)
{
    struct queue_settings settings = {0};
    *audit = (struct queue_audit){0};
    enum db_result result = next_queue(services, &settings);
    while (result == DB_OK && !audit->redis_gone) {
        result = audit_queue(services, &settings, audit);
        if (result == DB_OK)
            result = next_queue(services, &settings);
    }
    return result == DB_NONE ? DB_OK : result;
}
